"""One event, route by route: which filter took or refused it, and what would be sent."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from datetime import datetime, tzinfo

from kube_wecom_eventer.building import bodies_of
from kube_wecom_eventer.commands.check.findings import Report
from kube_wecom_eventer.commands.texts import counted
from kube_wecom_eventer.config import CLUSTER_SCOPE, FilterSettings
from kube_wecom_eventer.config.object_name import NAMESPACE
from kube_wecom_eventer.config.shown import shown_value
from kube_wecom_eventer.errors import ApiError, NotFound
from kube_wecom_eventer.event import Event
from kube_wecom_eventer.kube.client import ApiClient
from kube_wecom_eventer.kube.event_list import all_events
from kube_wecom_eventer.match import Silences
from kube_wecom_eventer.render import Merged, Templates
from kube_wecom_eventer.render.local_time import in_zone
from kube_wecom_eventer.routing import RouteTable, Way

_NAME = re.compile(r"[A-Za-z0-9._:@-]{1,253}")
"""Of an event, of a kind, and of an object of any kind."""
_LONGEST_MESSAGE = 500
_LINES = 40
"""Of a message that are shown."""


async def find_event(client: ApiClient, text: str) -> Event | str:
    """Return the event that ``NAMESPACE/NAME`` names, or the newest about ``NAMESPACE/KIND/NAME`` (``kubectl get
    events`` shows ``kind/name``; objects without a namespace have their events in ``default``); else why not."""
    parts = text.split("/")
    if len(parts) not in (2, 3) or not NAMESPACE.fullmatch(parts[0]) or not all(map(_NAME.fullmatch, parts[1:])):
        return "write NAMESPACE/NAME of an event, or NAMESPACE/KIND/NAME of what it is about"
    namespace, kind, name = (parts[0], parts[1] if len(parts) == 3 else "", parts[-1])
    field = "involvedObject.name" if kind else "metadata.name"
    try:
        found = [
            event
            async for event in all_events(client, namespace, fieldSelector=f"{field}={name}")
            if not kind or event.involved_object.kind.lower() == kind.lower()
        ]
    except NotFound:
        found = []
    except ApiError as error:
        return f"events of namespace {namespace} can't be listed: {error}"
    if not found:
        what = f"no event about {kind}/{name}" if kind else f"no event {name}"
        return f"there is {what} in {namespace}; events live an hour: kubectl -n {namespace} get events"
    return max(found, key=lambda event: event.version)


def explain(
    event: Event,
    table: RouteTable,
    *,
    silences: Silences,
    templates: Templates,
    zone: tzinfo,
    now: Callable[[], datetime],
    report: Report,
) -> None:
    """Say of each route what it makes of the event."""
    _describe(event, zone, report)
    report.section("Routes")
    taking = list(table.ways_of(event))
    for way in table.ways.values():
        if way not in taking:
            _say_refusal(way, event, report)
        elif silence := silences.silencing(event, route=way.route.name, now=now()):
            text = f"silenced until {silence.until_written} by {silence.by}: {silence.why} ({silence.where})"
            report.doubtful(way.route.name, text)
        else:
            _say_taken(way, event, templates, report)
    if not taking:
        report.doubtful("no route", "takes this event; default=true makes a route for what no other takes")


def _describe(event: Event, zone: tzinfo, report: Report) -> None:
    about = event.involved_object
    happened = event.happened_at
    when = in_zone(happened, zone).strftime("%Y-%m-%d %H:%M:%S") if happened else "at no known time"
    report.section(f"{event.type} {event.reason}")
    report.note(
        "about",
        f"{about.kind} {about.name}, " + (f"namespace {about.namespace}" if about.namespace else "of no namespace"),
    )
    report.note("happened", f"{counted(event.occurrences, 'time')}, last {when}")
    report.note("message", event.message[:_LONGEST_MESSAGE])


def _say_taken(way: Way, event: Event, templates: Templates, report: Report) -> None:
    message = way.terms.wording.message([Merged(event)])
    target = way.settings.target
    bodies, kind, content = bodies_of(target), "a body", None
    if bodies:
        payload = json.loads(message.body)
        kind, content = payload["msgtype"], bodies.text_of(payload)
    shown = content or message.body.decode(errors="replace")
    words = "in the built-in words" if message.built_in else f"in the words of {way.template}"
    lines = shown.split("\n")
    lines = [*lines[:_LINES], "…"] if len(lines) > _LINES else lines
    body = f"{kind} of {len(message.body)} bytes {words}"
    text = f"takes it, to {target.destination} ({target.shown}), as {body}:"
    report.good(way.route.name, text, shown=lines)
    if way.template and (problem := templates.trouble(way.template)):
        report.bad(way.route.name, f"its template {way.template}: {problem}")


def _say_refusal(way: Way, event: Event, report: Report) -> None:
    about = event.involved_object
    if way.namespace and about.namespace != way.namespace:
        report.note(way.route.name, f"is for events about objects of namespace {way.namespace} only")
    elif refusal := way.route.filter.refusal(event):
        report.note(way.route.name, f"{refusal}= refuses it: {_why(refusal, way.settings.filter, event)}")
    elif way.default:
        report.note(way.route.name, "would take it, but default=true is for what no other route takes")
    else:
        text = f"the event was written in namespace {event.metadata.namespace}, about an object of another one"
        report.note(way.route.name, text)


def _why(refusal: str, chosen: FilterSettings, event: Event) -> str:
    about = event.involved_object
    namespace = about.namespace or CLUSTER_SCOPE
    has = {
        "sources": f"the route is for {', '.join(sorted(chosen.sources))} only",
        "labels": "the labels of the event object itself don't fit; those of what it is about are not known",
        "level": f"the event is {event.type}, the route takes {chosen.level}",
        "namespaces": f"the object is in {namespace}, the route takes {_listed(sorted(chosen.namespaces))}",
        "exclude_namespaces": f"the object is in {namespace}",
        "kinds": f"the object is a {about.kind}, the route takes {_listed(sorted(chosen.kinds))}",
        "namespace_selector": f"the labels of namespace {about.namespace or '(none)'} don't fit",
        "reason": f"none of {_listed(chosen.reasons)} occurs in {event.reason}",
        "exclude_reason": f"one of {_listed(chosen.excluded_reasons)} occurs in {event.reason}",
        "min_count": f"it has happened {counted(event.occurrences, 'time')}, the route waits for {chosen.min_count}",
        "name": f"none of {_listed(chosen.names)} occurs in {about.name}",
        "message": f"none of {_listed(chosen.messages)} occurs in the message",
    }
    return has[refusal]


def _listed(values: Iterable[str]) -> str:
    return ", ".join(shown_value(value) for value in values)
