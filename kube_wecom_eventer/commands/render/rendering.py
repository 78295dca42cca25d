"""A message as the daemon would send it, with what is lost on the way to it and what is wrong with its template."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, NoReturn

from msgspec import structs

from kube_wecom_eventer.building import build_wording
from kube_wecom_eventer.commands.render.events import Tried
from kube_wecom_eventer.commands.render.inputs import Subject
from kube_wecom_eventer.errors import TemplateError
from kube_wecom_eventer.event import Event
from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.notify import MergingPending, Terms, notification
from kube_wecom_eventer.notify.likeness import owner_name
from kube_wecom_eventer.render import Merged, Message, Renderer, Templates
from kube_wecom_eventer.render.json_writer import JsonWriter
from kube_wecom_eventer.render.lint import Finding, lint_template
from kube_wecom_eventer.render.text import CUT_MARK, harmless
from kube_wecom_eventer.render.wecom_body import ROBOT
from kube_wecom_eventer.sinks import Account, Outcome

_TEMPLATE = "template"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What a message lost so that it fits: bytes of its content before, and the beginning of what is missing.

    ``whole`` is 0, and ``missing`` empty, where only the mark shows that something is.
    """

    whole: int = 0
    missing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A message. ``body`` is it decoded, where it is JSON. ``failure``: why the template's own is not sent, and
    ``made`` what that is, as far as it makes something.

    ``limit`` and ``size``: bytes of the content that the chat takes and that it has; 0 where there is no such limit.
    """

    subject: Subject
    event: str
    message: Message
    body: Any = None
    failure: str = ""
    made: str = ""
    size: int = 0
    limit: int = 0
    cut: Cut | None = None


class Renderings:
    """Renders subjects as a daemon in this time zone does."""

    def __init__(self, *, zone: tzinfo) -> None:
        self._zone = zone

    def findings(self, subject: Subject, events: Mapping[str, Event]) -> list[Finding]:
        """Return what is wrong with a subject's template, tried on events with names."""
        template = subject.template
        if template is None:
            return []
        return lint_template(
            template.source,
            language=template.language,
            robot=subject.robot,
            events=events,
            zone=self._zone,
            limits=template.limits,
        )

    def message(self, subject: Subject, tried: Tried) -> Rendered:
        """Return the message of one event."""
        return self._rendered(subject, [tried.event], name=tried.name)

    def digest(self, subject: Subject, events: Sequence[Event]) -> Rendered:
        """Return the message of several events that wait together."""
        return self._rendered(subject, events, name=f"{len(events)} events")

    def _rendered(self, subject: Subject, events: Sequence[Event], *, name: str) -> Rendered:
        templates = Templates(metrics=Metrics())
        template = None
        if subject.template:
            template = _TEMPLATE
            templates.update(template, {subject.template.key: subject.template.source}, limits=subject.template.limits)
        bodies = subject.bodies
        renderer = Renderer(templates=templates, zone=self._zone, bodies=bodies or ROBOT)
        wording = build_wording(subject.sink, template, templates, self._zone)
        terms = Terms(route=subject.sink.name, wording=wording, sink=_Nowhere())
        items = _waiting(events, terms, merges=bodies is not None)
        message = wording.message(items)
        body = _decoded(message.body)
        content = bodies.text_of(body) if bodies and isinstance(body, dict) else None
        cut = None
        if content is not None:
            single = items[0].count if len(items) == 1 else 0
            whole = renderer.uncut(events[0], template=template, count=single) if template and single else None
            uncut = bodies.text_of(whole) if bodies and whole else None
            cut = _cut(content, uncut, built_in=message.built_in, event=events[0])
        failure = templates.trouble(template) if template and message.built_in else ""
        return Rendered(
            subject=subject,
            event=name,
            message=message,
            body=body,
            failure=failure,
            made=self._made(subject, events[0]) if failure else "",
            size=len(content.encode()) if content is not None else 0,
            limit=bodies.types[body["msgtype"]].limit if bodies and content is not None else 0,
            cut=cut,
        )

    def _made(self, subject: Subject, event: Event) -> str:
        """Return what a template writes that is not sent; nothing where it fails."""
        template = subject.template
        if template is None:
            return ""
        writer = subject.bodies.writer(harmless) if subject.bodies else JsonWriter()
        try:
            template.parsed().execute(event, writer, zone=self._zone)
        except TemplateError:
            return ""
        return writer.result()


class _Nowhere:
    """A sink that nothing is sent to."""

    account: Account | None = None

    async def ready(self) -> Outcome | None:
        """Return nothing: it is never asked."""

    async def send(self, message: Message) -> NoReturn:
        """Send nothing: it is never asked."""
        raise NotImplementedError(message)


def alike(events: Sequence[Event], count: int) -> list[Event]:
    """Return so many events like the given ones, in turn, of workloads with names of their own."""
    made: list[Event] = []
    for index in range(count):
        event = events[index % len(events)]
        made.append(_of_another(event, index // len(events)))
    return made


def _of_another(event: Event, number: int) -> Event:
    about = event.involved_object
    if not number:
        return event
    owner = owner_name(event)
    # Letters: a number at the end would be folded as a StatefulSet's.
    name = f"{owner}-{_letters(number)}{about.name[len(owner) :]}"
    message = event.message.replace(about.name, name) if about.name else event.message
    return structs.replace(event, message=message, involved_object=structs.replace(about, name=name))


def _letters(number: int) -> str:
    high, low = divmod(number, 26)
    return (_letters(high - 1) if high else "") + chr(ord("a") + low)


def _waiting(events: Sequence[Event], terms: Terms, *, merges: bool) -> Sequence[Merged]:
    """Return the events as a batch of the daemon's, with the bounds that it has for them."""
    bounded = [notification(event, terms, received_at=0.0) for event in events]
    if not merges:
        return [Merged(bounded[0].event)]
    pending = MergingPending()
    for each in bounded:
        pending.add(each, 0.0)
    batch = pending.take(0.0)
    return batch.items if batch else ()


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _cut(content: str, whole: str | None, *, built_in: bool, event: Event) -> Cut | None:
    mark = CUT_MARK.strip()
    if mark not in content or mark in event.message:
        return None
    if whole is None or built_in:
        return Cut()
    kept, _, behind = content.partition(mark)
    missing = whole[len(kept.rstrip()) :].removesuffix(behind)
    return Cut(whole=len(whole.encode(errors="replace")), missing=missing.strip())
