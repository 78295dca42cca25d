"""What the demo shows: events as they are created, messages as bubbles, and what went wrong.

Owns the picture. Knows nothing of processes and servers.
"""

from __future__ import annotations

import re

from kube_wecom_eventer.demo.log_lines import LogLine
from kube_wecom_eventer.demo.records import Happened, Note, Told
from kube_wecom_eventer.demo.terminal import Terminal, cut, plain, wrapped
from kube_wecom_eventer.demo.texts import Texts
from kube_wecom_eventer.demo.wecom import Received

BUBBLE_INDENT = 12
BUBBLE_LINES = 14  # of one message; a digest can be long
SHOWN_OF_MANY = 3

_MENTION = re.compile(r"<@([^<>\s]+)>")
_BOLD = re.compile(r"\*\*(.+?)\*\*")
_QUOTE = re.compile(r"^> ?", re.MULTILINE)
_FONT = re.compile(r"</?font[^>]*>")


def _duration(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


class Screen:
    """The demo's screen, in one language. A viewer."""

    def __init__(self, *, terminal: Terminal, texts: Texts) -> None:
        self._terminal = terminal
        self._texts = texts
        self._shown_of_many = 0
        self._left_out = 0

    def said(self, note: Note) -> None:
        """See `Viewer.said`."""
        self.say(self._texts.of(note))

    def say(self, text: str) -> None:
        """A sentence of the demo itself."""
        self._say_left_out()
        self._terminal.line(self._terminal.style(text, "bold"))

    def happened(self, happened: Happened) -> None:
        """One event, as ``kubectl get events`` would show it; of very many the first few, then how many more."""
        if happened.one_of_many:
            self._shown_of_many += 1
            if self._shown_of_many > SHOWN_OF_MANY:
                self._left_out += 1
                return
        else:
            self._say_left_out()
        where = "/".join(part for part in (happened.namespace, happened.name) if part)
        repeat = f" ×{happened.count}" if happened.count > 1 else ""
        mark = "!" if happened.type == "Warning" else " "
        said = plain(f"{happened.reason}{repeat} {where}: {happened.message}")
        text = f"{happened.at.astimezone():%H:%M:%S} {mark} {said}"
        self._terminal.line(self._terminal.style(cut(text, self._terminal.width), "dim"))

    def told(self, told: Told) -> None:
        """A message as the group sees it, with its delay or what it stands for; in red one that it does not see."""
        self._say_left_out()
        if told.received.accepted:
            self._message(told)
        else:
            self._refusal(told)

    def warned(self, line: LogLine) -> None:
        """A line of the daemon's log that a person should see."""
        text = f"{self._texts.daemon}: {plain(line.in_words(self._texts.lang))}"
        for each in wrapped(text, self._terminal.width):
            self._terminal.line(self._terminal.style(each, "yellow"))

    def progress(self, note: Note) -> None:
        """How something is doing that takes its time, in the line that it had before."""
        self._terminal.progress(self._texts.of(note))

    def close(self) -> None:
        """End the line of what was under way."""
        self._terminal.end_progress()

    def failure(self, text: str, lines: list[str]) -> None:
        """Why the demo ends badly, with the daemon's last lines."""
        self._terminal.line(self._terminal.style(text, "red", "bold"))
        for line in lines:
            self._terminal.line(f"  {plain(line)}")

    def _message(self, told: Told) -> None:
        message = told.received
        if told.stands_for > 1:
            how = self._texts.stands_for.format(count=f"{told.stands_for:,}")
        elif told.delay is None:
            how = self._texts.merged
        else:
            how = (self._texts.repeat if told.repeat else "{time}").format(time=_duration(told.delay))
        title = f"{self._texts.groups[told.group]} · {message.at.astimezone():%H:%M:%S} · {how}"
        columns = self._terminal.box_columns(BUBBLE_INDENT)
        lines = [line for each in self._content(message).split("\n") for line in wrapped(plain(each), columns)]
        if len(lines) > BUBBLE_LINES:
            lines = [*lines[: BUBBLE_LINES - 1], "…"]
        body = [self._highlighted(line, message.mentions) for line in lines]
        self._terminal.box(title, body, indent=BUBBLE_INDENT, style="green")

    def _refusal(self, told: Told) -> None:
        message = told.received
        meaning, said = self._texts.meaning(message.errcode), plain(message.errmsg)
        if message.errcode is None:
            why = self._texts.not_taken.format(what=said, meaning=meaning)
        else:
            why = f"{self._texts.refused.format(errcode=message.errcode, meaning=meaning)} ({said})"
        text = f"✗ {self._texts.groups[told.group]} · {message.at.astimezone():%H:%M:%S} · {why}"
        for line in wrapped(text, self._terminal.width - BUBBLE_INDENT):
            self._terminal.line(" " * BUBBLE_INDENT + self._terminal.style(line, "red"))

    def _say_left_out(self) -> None:
        """Say how many were not shown, before what comes next."""
        if self._left_out:
            text = self._texts.more.format(count=f"{self._left_out:,}")
            self._terminal.line(self._terminal.style(text, "dim"))
        self._shown_of_many = self._left_out = 0

    def _content(self, message: Received) -> str:
        text = message.content
        if message.kind == "markdown":  # a terminal has no use for its marks
            text = _QUOTE.sub("▏", _BOLD.sub(r"\1", _FONT.sub("", text)))
        text = _MENTION.sub(r"@\1", text).strip()
        listed = [f"@{name.removeprefix('@')}" for name in message.mentions]
        missing = " ".join(name for name in listed if name not in text)
        return f"{text}\n{missing}" if missing else text

    def _highlighted(self, line: str, mentions: tuple[str, ...]) -> str:
        for name in mentions:
            shown = f"@{name.removeprefix('@')}"
            line = line.replace(shown, self._terminal.style(shown, "mention"))
        return line
