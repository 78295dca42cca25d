"""What the demo shows: events as they are created, messages as bubbles, and what went wrong.

Owns the picture. Knows nothing of processes and servers.
"""

from __future__ import annotations

import re
from datetime import datetime

from kube_wecom_eventer.demo.status import JsonObject
from kube_wecom_eventer.demo.terminal import Terminal, cut, plain, wrapped
from kube_wecom_eventer.demo.texts import Texts
from kube_wecom_eventer.demo.wecom import Received

BUBBLE_INDENT = 12
BUBBLE_LINES = 14  # of one message; a digest can be long

_MENTION = re.compile(r"<@([^<>\s]+)>")
_FONT = re.compile(r"</?font[^>]*>")


class Screen:
    """The demo's screen, in one language."""

    def __init__(self, *, terminal: Terminal, texts: Texts) -> None:
        self._terminal = terminal
        self._texts = texts

    def say(self, text: str) -> None:
        """A sentence of the demo itself."""
        self._terminal.line(self._terminal.style(text, "bold"))

    def event(self, event: JsonObject, *, at: datetime) -> None:
        """One event, as ``kubectl get events`` would show it."""
        involved = event["involvedObject"]
        where = "/".join(part for part in (involved.get("namespace"), involved["name"]) if part)
        count = event.get("series", {}).get("count") or event.get("count", 1)
        repeat = f" ×{count}" if count > 1 else ""
        mark = "!" if event["type"] == "Warning" else " "
        text = f"{at:%H:%M:%S} {mark} {event['reason']}{repeat} {where}: {plain(event['message'])}"
        self._terminal.line(self._terminal.style(cut(text, self._terminal.width), "dim"))

    def more_events(self, count: int) -> None:
        """So many more events that are not shown one by one."""
        self._terminal.line(self._terminal.style(self._texts.more.format(count=count), "dim"))

    def message(self, message: Received, *, group: str, delay: float | None) -> None:
        """An accepted message, as the group sees it; ``delay``: seconds since its one event, or None."""
        how_long = self._texts.merged if delay is None else f"{delay * 1000:.0f} ms"
        title = f"{group} · {message.at.astimezone():%H:%M:%S} · {how_long}"
        columns = self._terminal.box_columns(BUBBLE_INDENT)
        lines = [line for each in self._content(message).split("\n") for line in wrapped(plain(each), columns)]
        if len(lines) > BUBBLE_LINES:
            lines = [*lines[: BUBBLE_LINES - 1], "…"]
        body = [self._highlighted(line, message.mentions) for line in lines]
        self._terminal.box(title, body, indent=BUBBLE_INDENT, style="green")

    def refusal(self, message: Received, *, group: str) -> None:
        """A message that the group does not see, and why."""
        meaning = self._texts.meaning(message.errcode)
        said = self._texts.refused.format(errcode=message.errcode or "-", meaning=meaning)
        text = f"✗ {group} · {message.at.astimezone():%H:%M:%S} · {said} ({plain(message.errmsg)})"
        for line in wrapped(text, self._terminal.width - BUBBLE_INDENT):
            self._terminal.line(" " * BUBBLE_INDENT + self._terminal.style(line, "red"))

    def warning(self, line: str) -> None:
        """A line of the daemon's log that a person should see."""
        for each in wrapped(f"{self._texts.daemon}: {plain(line)}", self._terminal.width):
            self._terminal.line(self._terminal.style(each, "yellow"))

    def failure(self, text: str, lines: list[str]) -> None:
        """Why the demo ends badly, with the daemon's last lines."""
        self._terminal.line(self._terminal.style(text, "red", "bold"))
        for line in lines:
            self._terminal.line(f"  {plain(line)}")

    def _content(self, message: Received) -> str:
        text = _MENTION.sub(r"@\1", _FONT.sub("", message.content)).strip()
        listed = [f"@{name.removeprefix('@')}" for name in message.mentions]
        missing = " ".join(name for name in listed if name not in text)
        return f"{text}\n{missing}" if missing else text

    def _highlighted(self, line: str, mentions: tuple[str, ...]) -> str:
        for name in mentions:
            shown = f"@{name.removeprefix('@')}"
            line = line.replace(shown, self._terminal.style(shown, "mention"))
        return line
