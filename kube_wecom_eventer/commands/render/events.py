"""Events to try a template on: from files, and of a cluster."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TextIO

import msgspec
import yaml

from kube_wecom_eventer.commands.check.explanation import find_event
from kube_wecom_eventer.commands.texts import read_text
from kube_wecom_eventer.errors import ApiError, ConfigError, Forbidden
from kube_wecom_eventer.event import Event
from kube_wecom_eventer.kube.client import ApiClient, missing_rule
from kube_wecom_eventer.kube.event_list import all_events

_WRITE = "write 'kubectl get event NAME -o yaml' into it"

_RENAMED = {
    "regarding": "involvedObject",
    "note": "message",
    "reportingController": "reportingComponent",
    "deprecatedSource": "source",
    "deprecatedFirstTimestamp": "firstTimestamp",
    "deprecatedLastTimestamp": "lastTimestamp",
    "deprecatedCount": "count",
}
"""Fields of events.k8s.io/v1, and what core/v1 calls them."""


@dataclass(frozen=True, slots=True)
class Tried:
    """An event to try on, and what to call it."""

    name: str
    event: Event


def read_events(place: str, *, stdin: TextIO) -> list[Tried]:
    """Return the events of a file (``-``: stdin), YAML or JSON, a List's each. Raises ConfigError."""
    where = f"--event={place}"
    text = read_text(place, stdin=stdin, where=where, instead=_WRITE)
    try:
        documents = _documents(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        problem = " ".join(str(error).split()) or "it is nested too deeply"
        raise ConfigError([f"{where}: is no YAML or JSON: {problem}"]) from None
    events = [_event(each, where) for document in documents for each in _items(document, where)]
    if not events:
        raise ConfigError([f"{where}: holds no event; {_WRITE}"])
    return [Tried(_called(event), event) for event in events]


class _Loader(yaml.SafeLoader):
    """Leaves times as texts, for msgspec to read."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {  # type: ignore[misc] # it is the class's, whatever the stubs say
        sign: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for sign, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _documents(text: str) -> list[Any]:
    if text.lstrip()[:1] in ("{", "["):
        return [json.loads(text)]
    return [each for each in yaml.load_all(text, Loader=_Loader) if each is not None]


def _items(document: Any, where: str) -> Iterator[Any]:
    if isinstance(document, list):
        yield from document
    elif isinstance(document, dict) and isinstance(document.get("items"), list):
        yield from document["items"]
    elif isinstance(document, dict):
        yield document
    else:
        raise ConfigError([f"{where}: is no object; {_WRITE}"])


def _event(found: Any, where: str) -> Event:
    kind = found.get("kind", "Event") if isinstance(found, dict) else "no object"
    if kind != "Event":
        raise ConfigError([f"{where}: kind {kind}: is no Event; {_WRITE}"])
    try:
        return msgspec.convert(_as_core(found), Event, strict=False)
    except (msgspec.ValidationError, RecursionError) as error:
        raise ConfigError([f"{where}: is no Event: {error}"]) from None


def _as_core(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event with core/v1's names, and without what is null where core/v1 has none of it."""
    named = {_RENAMED.get(str(name), str(name)): value for name, value in found.items()}
    return {name: value for name, value in named.items() if value is not None}


def _called(event: Event) -> str:
    about = event.involved_object
    name = event.metadata.name or about.name or "unnamed"
    return f"{event.metadata.namespace or about.namespace or '-'}/{name}"


async def live_event(client: ApiClient, name: str) -> Tried:
    """Return the event that ``NAMESPACE/NAME`` or ``NAMESPACE/KIND/NAME`` names. Raises ConfigError."""
    found = await find_event(client, name)
    if isinstance(found, str):
        raise ConfigError([f"--event-live={name}: {found}"])
    return Tried(_called(found), found)


async def latest_event(client: ApiClient, *, level: str, namespace: str) -> Tried:
    """Return the newest event of a level (``any``: of both), of a namespace or of all. Raises ConfigError."""
    where = f"--latest={level}"
    selector = {} if level == "any" else {"fieldSelector": f"type={level}"}
    newest: Event | None = None
    try:
        async for event in all_events(client, namespace, **selector):
            newest = event if newest is None else max(newest, event, key=_age)
    except ApiError as error:
        hint = f"; grant {missing_rule('events', kind='ClusterRole')}" if isinstance(error, Forbidden) else ""
        raise ConfigError([f"{where}: events can't be listed at {client.server}: {error}{hint}"]) from None
    if newest is None:
        raise ConfigError([f"{where}: there is no such event now; --sample=NAME renders one of ours"])
    return Tried(_called(newest), newest)


def _age(event: Event) -> tuple[float, int]:
    happened = event.happened_at
    return (happened.timestamp() if happened else 0.0, event.version)
