"""Templates, tried on events that were there: do they parse, do they render, does it fit?"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from kube_wecom_eventer.commands.check.findings import Report
from kube_wecom_eventer.commands.check.recent import Recent
from kube_wecom_eventer.commands.texts import counted
from kube_wecom_eventer.event import Event, EventSource, ObjectMeta, ObjectReference
from kube_wecom_eventer.render import Merged, Templates
from kube_wecom_eventer.routing import Way

_TRIED = 30
"""Events of one route that a template is tried on, one of each reason and kind of object."""


def check_templates(
    ways: Iterable[Way],
    templates: Templates,
    recent: Recent,
    report: Report,
    *,
    elsewhere: Mapping[str, Sequence[str]],
    unread: Collection[str],
) -> None:
    """Render the template of each route that has one, with events that the route takes.

    ``elsewhere``: namespaces that have a ConfigMap of the name of one that is missing, by that one's name. ``unread``:
    names of those that can't be read.
    """
    for way in ways:
        if not way.template:
            continue
        subject = f"{way.route.name} template"
        if problem := templates.trouble(way.template):
            text = f"ConfigMap {way.template}: {problem}; the built-in body would be sent"
            places = elsewhere.get(way.template, ())
            hints = [f"custom_body_configmap_namespace={place}: there is one of that name" for place in places]
            report.bad(subject, text, *hints)
            continue
        if way.template in unread:
            report.note(subject, f"ConfigMap {way.template}: was not read, see above; the built-in body would be sent")
            continue
        if templates.get(way.template) is None:
            continue  # its ConfigMap has a template of alerts only
        events = _different(way, recent) or [sample_event()]
        sizes = []
        for event in events:
            message = way.terms.wording.message([Merged(event)])
            if problem := templates.trouble(way.template):
                text = f"ConfigMap {way.template}: fails on {_shown(event)}: {problem}; the built-in body would be sent"
                report.bad(subject, text, f"see it: kube-wecom-eventer render --configmap={way.template}")
                break
            sizes.append(len(message.body))
        else:
            for doubt in templates.doubts(way.template):
                report.doubtful(subject, f"ConfigMap {way.template}: {doubt}")
            tried = counted(len(events), "recent event") if recent.events else "a sample event"
            report.good(subject, f"ConfigMap {way.template}: renders {tried}; the largest body has {max(sizes)} bytes")


def _different(way: Way, recent: Recent) -> list[Event]:
    """Return the newest event of each reason and kind that the route takes."""
    found: dict[tuple[str, str], Event] = {}
    for event in reversed(recent.events):
        key = event.reason, event.involved_object.kind
        if key not in found and way.route.takes(event):
            found[key] = event
            if len(found) == _TRIED:
                break
    return list(found.values())


def _shown(event: Event) -> str:
    about = event.involved_object
    where = "/".join(filter(None, (about.namespace, about.name)))
    return f"{event.reason} of {about.kind} {where}"


def sample_event() -> Event:
    """Return an event that says of itself that it is a test."""
    now = datetime.now(UTC).replace(microsecond=0)
    return Event(
        type="Warning",
        reason="TestMessage",
        message="A test from 'kube-wecom-eventer check', nothing has happened. 这是一条测试消息，没有发生任何事情。",
        metadata=ObjectMeta(name="kube-wecom-eventer-test", namespace="default", creation_timestamp=now),
        involved_object=ObjectReference(kind="Pod", namespace="default", name="kube-wecom-eventer-test"),
        source=EventSource(component="kube-wecom-eventer"),
        first_timestamp=now,
        last_timestamp=now,
        count=1,
    )
