"""What ``render`` shows: to a person, to a program, or the bytes of a body alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from kube_wecom_eventer.commands.render.group_view import Paint, dingtalk_mentions, group_view, mentions
from kube_wecom_eventer.commands.render.inputs import Subject
from kube_wecom_eventer.commands.render.rendering import Rendered
from kube_wecom_eventer.commands.texts import printable
from kube_wecom_eventer.config import ApplicationTarget, AppriseTarget, DingTalkTarget, RobotTarget, Target
from kube_wecom_eventer.render.lint import Finding, excerpt

_MISSING_SHOWN = 60
_LANGUAGES = {"go": "a Go template", "jinja": "a Jinja2 template"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A subject with its messages and what was found in its template."""

    subject: Subject
    rendered: Sequence[Rendered]
    findings: Sequence[Finding]

    @property
    def well(self) -> bool:
        """Whether everything will work as it is written."""
        return not (self.findings or self.subject.doubts or any(each.failure for each in self.rendered))


def as_text(shown: Sequence[Shown], *, paint: Paint) -> str:
    """Return whole messages for a person, each with what is wrong behind it, where one looks last."""
    blocks: list[str] = []
    for each in shown:
        for rendered in each.rendered:
            blocks += [paint(f"{_title(each.subject)}, {_called(rendered)}", "1"), *_message(rendered, paint)]
        blocks.append("\n".join(_wrong(each, paint)))
    return "\n\n".join(blocks)


def as_table(shown: Sequence[Shown], *, paint: Paint) -> str:
    """Return a line for each message: whether it fits, is cut, or fails."""
    lines: list[str] = []
    for each in shown:
        lines.append(paint(_title(each.subject), "1"))
        width = max(len(_called(rendered)) for rendered in each.rendered)
        for rendered in each.rendered:
            result, detail = _result(rendered)
            colour = {"fits": "32", "cut": "33", "fails": "31"}[result]
            lines.append(f"  {_called(rendered):<{width}}  {paint(f'{result:<5}', colour)}  {detail}".rstrip())
        lines += ["", *_wrong(each, paint), ""]
    return "\n".join(lines).rstrip()


def _title(subject: Subject) -> str:
    what = f"{_LANGUAGES[subject.template.language]}" if subject.template else "the built-in message"
    return f"{printable(subject.name)}: {what} for {_whom(subject.sink.target)}"


def _whom(target: Target) -> str:
    match target:
        case RobotTarget():
            return "WeCom"
        case ApplicationTarget():
            return "a WeCom application"
        case DingTalkTarget():
            return "DingTalk"
        case AppriseTarget():
            return f"Apprise's {target.service}://" if target.service else "a service of Apprise's, taken for a mail"
    return target.shown


def _mentions(rendered: Rendered) -> tuple[str, ...]:
    """Return whom a message pings; an application's message pings nobody."""
    if not isinstance(rendered.body, dict):
        return ()
    match rendered.subject.sink.target:
        case RobotTarget():
            return mentions(rendered.body)
        case DingTalkTarget():
            return dingtalk_mentions(rendered.body)
    return ()


def _called(rendered: Rendered) -> str:
    return printable(rendered.event).replace("\n", " ")


def _message(rendered: Rendered, paint: Paint) -> Iterator[str]:
    """Yield what stands apart: the message as the group reads it, its size, its body."""
    if rendered.failure:
        yield paint("The template fails on this event, so the built-in message is sent:", "31")
    if rendered.subject.bodies and isinstance(rendered.body, dict):
        bar = paint("│", "2")
        yield "\n".join(f"  {bar} {line}".rstrip() for line in group_view(rendered.body, paint=paint))
        yield f"  {_facts(rendered)}"
    if not rendered.failure:
        yield _indented(_pretty(rendered))
    elif rendered.made.strip():
        yield "The template makes:"
        yield _indented(printable(rendered.made.strip("\n")).split("\n"))


def _indented(lines: Sequence[str]) -> str:
    return "\n".join(f"  {line}".rstrip() for line in lines)


def _facts(rendered: Rendered) -> str:
    kind = rendered.body.get("msgtype")
    size = f"{rendered.size} of {rendered.limit} bytes" if rendered.limit else f"{len(rendered.message.body)} bytes"
    people = ", ".join(printable(name) for name in _mentions(rendered)) or "nobody"
    return "; ".join(filter(None, (f"{kind}, {size}", f"mentions {people}", _cut(rendered))))


def _cut(rendered: Rendered) -> str:
    cut = rendered.cut
    if cut is None:
        return ""
    if not cut.whole:
        return "cut: the event's message is too long to be shown whole"
    missing = printable(cut.missing).replace("\n", "↵")
    shown = missing if len(missing) <= _MISSING_SHOWN else f"{missing[:_MISSING_SHOWN]}…"
    return f"cut from {cut.whole} bytes, missing is: {shown}"


def _pretty(rendered: Rendered) -> list[str]:
    if rendered.body is None:
        return printable(rendered.message.body.decode(errors="replace")).split("\n")
    return printable(json.dumps(rendered.body, ensure_ascii=False, indent=2)).split("\n")


def _result(rendered: Rendered) -> tuple[str, str]:
    size = f"{rendered.size} of {rendered.limit} bytes" if rendered.limit else f"{len(rendered.message.body)} bytes"
    if rendered.failure:
        return "fails", printable(rendered.failure).replace("\n", " ")
    return ("cut", f"{size}; {_cut(rendered)}") if rendered.cut else ("fits", size)


def _wrong(shown: Shown, paint: Paint) -> Iterator[str]:
    for doubt in shown.subject.doubts:
        yield f"{paint('!', '33')} {printable(doubt)}"
    for finding in shown.findings:
        yield from _finding(finding, shown.subject, paint)
    if not shown.findings:
        for failure in dict.fromkeys(each.failure for each in shown.rendered if each.failure):
            yield f"{paint('✗', '31')} {printable(failure)}"
    if shown.subject.assumed and any(finding.code == "msgtype_missing" for finding in shown.findings):
        yield "  → if it is for another service, say which: --sink='webhook:https://...'"
    if shown.well:
        yield paint("✓ nothing to mend", "32")


def _finding(finding: Finding, subject: Subject, paint: Paint) -> Iterator[str]:
    mark = paint("✗", "31") if finding.level == "error" else paint("!", "33")
    yield f"{mark} {_place(finding, subject)}{printable(finding.text)}"
    source = subject.template.source.replace("\r\n", "\n") if subject.template else ""
    shown = excerpt(source, finding.line, finding.column)
    rendered = [] if list(finding.rendered) == shown else list(finding.rendered)
    for line in shown:
        yield f"    {printable(line)}"
    if rendered:
        yield "  which is rendered as"
        yield from (f"    {printable(line)}" for line in rendered)
    if finding.instead:
        yield f"  → {printable(finding.instead)}"


def _place(finding: Finding, subject: Subject) -> str:
    """Say where a finding is: in the template, and in its file where that is another line."""
    template = subject.template
    if finding.line is None or template is None:
        return ""
    column = f", column {finding.column}" if finding.column else ""
    in_file = template.first_line + finding.line - 1
    if template.first_line > 1:
        return f"line {finding.line}{column} (line {in_file} of the file): "
    return f"line {finding.line}{column}: "


class _Told(msgspec.Struct, rename="camel", omit_defaults=True):
    """A message, for a program. ``content_bytes`` and ``limit``: of its content, where the chat limits it."""

    template: str
    event: str
    built_in: bool
    bytes: int
    content_type: str
    body: Any
    failure: str = ""
    content_bytes: int = 0
    limit: int = 0
    cut_from: int = 0
    cut: bool = False
    mentions: tuple[str, ...] = ()


class _Found(msgspec.Struct, rename="camel", omit_defaults=True):
    template: str
    code: str
    level: str
    text: str
    instead: str = ""
    line: int | None = None
    column: int | None = None


class _Document(msgspec.Struct):
    rendered: list[_Told]
    findings: list[_Found]


def as_json(shown: Sequence[Shown]) -> str:
    """Return all of it for a program."""
    told = [_told(rendered) for each in shown for rendered in each.rendered]
    found = [
        *(
            _Found(each.subject.name, "sink_doubtful", "warning", doubt)
            for each in shown
            for doubt in each.subject.doubts
        ),
        *(
            _Found(each.subject.name, one.code, one.level, one.text, one.instead, one.line, one.column)
            for each in shown
            for one in each.findings
        ),
    ]
    return msgspec.json.format(msgspec.json.encode(_Document(told, found))).decode()


def _told(rendered: Rendered) -> _Told:
    body = rendered.body
    return _Told(
        template=rendered.subject.name,
        event=rendered.event,
        built_in=rendered.message.built_in,
        bytes=len(rendered.message.body),
        content_type=rendered.message.content_type,
        body=rendered.message.body.decode(errors="replace") if body is None else body,
        failure=rendered.failure,
        content_bytes=rendered.size,
        limit=rendered.limit,
        cut=rendered.cut is not None,
        cut_from=rendered.cut.whole if rendered.cut else 0,
        mentions=_mentions(rendered),
    )
