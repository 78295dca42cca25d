"""The kinds of object that the demo API server has.

Owns names, selectable fields, defaults and the rules of validity, as a real kube-apiserver applied them to
the same requests. To add a kind: one ``Resource`` in ``RESOURCES``.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from kube_wecom_eventer.demo.selectors import FieldOf
from kube_wecom_eventer.demo.status import Cause, JsonObject, StatusError, bad_request
from kube_wecom_eventer.event import Event

DATA_LIMIT = 1 << 20  # bytes of all values of a ConfigMap or Secret

# Anything that fits into a path: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
PATH_SEGMENT = re.compile(r"(?!\.{1,2}$)[^/%]+")
SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")

_DATA_KEY = re.compile(r"[-._a-zA-Z0-9]+")
_MICRO_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d)")


def _metadata_field(name: str) -> FieldOf:
    return lambda subject: str(subject["metadata"].get(name, ""))


def _top_field(name: str) -> FieldOf:
    return lambda subject: str(subject.get(name) or "")


def _involved_field(name: str) -> FieldOf:
    return lambda subject: str(subject["involvedObject"].get(name, ""))


_NAMESPACED_FIELDS: Mapping[str, FieldOf] = {
    "metadata.name": _metadata_field("name"),
    "metadata.namespace": _metadata_field("namespace"),
}
_EVENT_FIELDS: Mapping[str, FieldOf] = {
    **_NAMESPACED_FIELDS,
    **{name: _top_field(name) for name in ("reason", "type", "reportingComponent")},
    **{
        f"involvedObject.{name}": _involved_field(name)
        for name in ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")
    },
    "source": lambda subject: str(subject["source"].get("component") or subject["reportingComponent"]),
}


def _label_not_supported(name: str) -> StatusError:
    return bad_request(f"field label not supported: {name}")


def _only_metadata(name: str) -> StatusError:
    text = f'"{name}" is not a known field selector: only "metadata.name", "metadata.namespace"'
    return bad_request(text)


def _as_it_is(content: JsonObject) -> JsonObject:
    return content


def _no_rule(_: JsonObject) -> list[Cause]:
    return []


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One kind of object, under ``/api/v1`` or, with a ``group``, under ``/apis/GROUP/VERSION``.

    ``decode`` brings an object that a client sent into the server's form, or raises StatusError 400;
    ``check`` names what breaks a rule (422). ``unconditional_update``: a PUT without a resourceVersion is
    accepted. ``create_on_update``: a PUT of an object that is not there creates it.
    """

    name: str
    kind: str
    group: str = ""
    version: str = "v1"
    namespaced: bool = True
    name_rule: re.Pattern[str] = SUBDOMAIN
    fields: Mapping[str, FieldOf] = field(default_factory=lambda: _NAMESPACED_FIELDS)
    unsupported_field: Callable[[str], StatusError] = _label_not_supported
    decode: Callable[[JsonObject], JsonObject] = _as_it_is
    check: Callable[[JsonObject], list[Cause]] = _no_rule
    unconditional_update: bool = True
    create_on_update: bool = False

    @property
    def api_version(self) -> str:
        """``apiVersion`` of its objects."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def full_name(self) -> str:
        """As the store and the errors of a write name it: with the group."""
        return f"{self.name}.{self.group}" if self.group else self.name

    @property
    def full_kind(self) -> str:
        """As errors of validity name it: with the group."""
        return f"{self.kind}.{self.group}" if self.group else self.kind


def _typed(content: JsonObject, shape: Any, kind: str) -> None:
    try:
        msgspec.convert(content, shape)
    except msgspec.ValidationError as error:
        raise bad_request(f'{kind} in version "v1" cannot be handled as a {kind}: {error}') from None


def _decode_event(content: JsonObject) -> JsonObject:
    _typed(content, Event, "Event")
    # What Go's encoder writes even when it is empty, and what it leaves out then.
    event: JsonObject = {
        "involvedObject": content.get("involvedObject") or {},
        "source": content.get("source") or {},
        "firstTimestamp": _whole_seconds(content.get("firstTimestamp")),
        "lastTimestamp": _whole_seconds(content.get("lastTimestamp")),
        "eventTime": _micro_time(content.get("eventTime")),
        "reportingComponent": content.get("reportingComponent") or "",
        "reportingInstance": content.get("reportingInstance") or "",
    }
    for name in ("kind", "apiVersion", "metadata", "reason", "message", "type", "action", "count", "related"):
        if content.get(name):
            event[name] = content[name]
    if series := content.get("series"):
        event["series"] = {**series, "lastObservedTime": _micro_time(series.get("lastObservedTime"))}
    return event


def _whole_seconds(text: str | None) -> str | None:
    """metav1.Time keeps seconds, in UTC."""
    return _in_utc(text).strftime("%Y-%m-%dT%H:%M:%SZ") if text else None


def _micro_time(text: str | None) -> str | None:
    """metav1.MicroTime keeps microseconds, in UTC, and refuses a text without exactly six digits of them."""
    if not text:
        return None
    if _MICRO_TIME.fullmatch(text) is None:
        raise bad_request(f'parsing time "{text}" as "2006-01-02T15:04:05.000000Z07:00"')
    return _in_utc(text).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _in_utc(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise bad_request(f'parsing time "{text}" as "2006-01-02T15:04:05Z07:00"')
    return moment.astimezone(UTC)


def _check_event(event: JsonObject) -> list[Cause]:
    """An event lives in its object's namespace; one about a cluster-wide object lives in ``default``."""
    involved = event["involvedObject"].get("namespace", "")
    own = event["metadata"]["namespace"]
    if own == (involved or "default"):
        return []
    text = f'Invalid value: "{involved}": does not match event.namespace'
    return [Cause("involvedObject.namespace", "FieldValueInvalid", text)]


class _Data(msgspec.Struct):
    data: dict[str, str] | None = None


def _decode_config_map(content: JsonObject) -> JsonObject:
    _typed(content, _Data, "ConfigMap")
    return _without_empty_data(content)


def _decode_secret(content: JsonObject) -> JsonObject:
    _typed(content, _Data, "Secret")
    plain = content.pop("stringData", None) or {}
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in plain.items()}
    content["data"] = {**(content.get("data") or {}), **encoded}
    try:
        for value in content["data"].values():
            base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise bad_request(f'Secret in version "v1" cannot be handled as a Secret: {error}') from None
    return _without_empty_data({"type": "Opaque", **content})


def _without_empty_data(content: JsonObject) -> JsonObject:
    if not content.get("data"):
        content.pop("data", None)
    return content


def _check_data(content: JsonObject) -> list[Cause]:
    data: Mapping[str, str] = content.get("data", {})
    rule = (
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or "
        "'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
    )
    causes = [
        Cause(f"data[{key}]", "FieldValueInvalid", f'Invalid value: "{key}": {rule}')
        for key in data
        if _DATA_KEY.fullmatch(key) is None
    ]
    if sum(len(value.encode()) for value in data.values()) > DATA_LIMIT:
        causes.append(Cause("[]", "FieldValueTooLong", f"Too long: must have at most {DATA_LIMIT} bytes"))
    return causes


def _decode_namespace(content: JsonObject) -> JsonObject:
    return {**content, "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}


def _check_lease(lease: JsonObject) -> list[Cause]:
    duration = lease.get("spec", {}).get("leaseDurationSeconds", 1)
    if duration > 0:
        return []
    text = f"Invalid value: {duration}: must be greater than 0"
    return [Cause("spec.leaseDurationSeconds", "FieldValueInvalid", text)]


EVENTS = Resource(
    name="events",
    kind="Event",
    name_rule=PATH_SEGMENT,
    fields=_EVENT_FIELDS,
    decode=_decode_event,
    check=_check_event,
    create_on_update=True,
)
CONFIG_MAPS = Resource(
    name="configmaps",
    kind="ConfigMap",
    unsupported_field=_only_metadata,
    decode=_decode_config_map,
    check=_check_data,
)
SECRETS = Resource(
    name="secrets",
    kind="Secret",
    fields={**_NAMESPACED_FIELDS, "type": _top_field("type")},
    decode=_decode_secret,
    check=_check_data,
)
NAMESPACES = Resource(
    name="namespaces",
    kind="Namespace",
    namespaced=False,
    name_rule=LABEL,
    fields={
        "metadata.name": _metadata_field("name"),
        "status.phase": lambda subject: str(subject["status"]["phase"]),
    },
    decode=_decode_namespace,
)
LEASES = Resource(
    name="leases",
    kind="Lease",
    group="coordination.k8s.io",
    unsupported_field=_only_metadata,
    check=_check_lease,
    unconditional_update=False,
    create_on_update=True,
)
RESOURCES = (EVENTS, CONFIG_MAPS, SECRETS, NAMESPACES, LEASES)
