"""The Go types of Alertmanager's templates: ``*template.Data`` and what lies below it, seen through our data.

Types: https://pkg.go.dev/github.com/prometheus/alertmanager/template#Data. Times show in UTC, as there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from operator import attrgetter
from typing import Any

from kube_wecom_eventer.alert import FIRING, RESOLVED, Alert
from kube_wecom_eventer.render.alert_data import AlertData

from . import go_time
from .go_print import sorted_keys
from .time_schema import TIME
from .values import (
    STRING,
    STRINGS,
    Field,
    GoType,
    Kind,
    Map,
    Method,
    Pointer,
    Slice,
    Struct,
    Value,
    pointer_to,
)

PAIR = GoType("template.Pair", Kind.STRUCT)
PAIRS = GoType("template.Pairs", Kind.SLICE, elem=PAIR, comparable=False)
KV = GoType("template.KV", Kind.MAP, elem=STRING, key=STRING, comparable=False, missing="")
ALERT = GoType("template.Alert", Kind.STRUCT, comparable=False)
ALERTS = GoType("template.Alerts", Kind.SLICE, elem=ALERT, comparable=False)
_SOME_ALERTS = GoType("[]template.Alert", Kind.SLICE, elem=ALERT, comparable=False)
DATA = GoType("template.Data", Kind.STRUCT, comparable=False)
DATA_POINTER = pointer_to(DATA)

_FNV_OFFSET, _FNV_PRIME = 0xCBF29CE484222325, 0x100000001B3
_SEPARATOR = b"\xff"


def _text(name: str, path: str) -> Field:
    read = attrgetter(path)
    return Field(name, STRING, lambda raw, _zone: read(raw))


def _kv(name: str, path: str) -> Field:
    read = attrgetter(path)
    return Field(name, KV, lambda raw, _zone: Map(KV, read(raw)))


def _time(name: str, read: Callable[[Alert], datetime | None]) -> Field:
    return Field(name, TIME, lambda raw, zone: Struct(TIME, go_time.to_time(read(raw), UTC), zone))


def _struct(go_type: GoType, fields: Sequence[Field]) -> None:
    go_type.fields = tuple(fields)
    go_type.members = {field.name: field for field in fields}


def _strings(texts: Sequence[str]) -> Slice:
    return Slice(STRINGS, list(texts))


def _pairs(kv: Map) -> Slice:
    """What ``SortedPairs`` gives: the alert's name first, the others by their names."""
    entries = kv.entries or {}
    names = sorted_keys(kv)
    if "alertname" in entries:
        names.remove("alertname")
        names.insert(0, "alertname")
    return Slice(PAIRS, [Struct(PAIR, (name, entries[name]), UTC, addressable=True) for name in names])


def _names(pairs: Slice) -> Slice:
    return _strings([_pair(each)[0] for each in pairs.items or ()])


def _values(pairs: Slice) -> Slice:
    return _strings([_pair(each)[1] for each in pairs.items or ()])


def _pair(value: Value) -> tuple[str, str]:
    found: tuple[str, str] = value.raw if isinstance(value, Struct) else ("", "")
    return found


def _pairs_text(pairs: Slice) -> str:
    return ", ".join("=".join(_pair(each)) for each in pairs.items or ())


def _kv_text(kv: Map) -> str:
    return _pairs_text(_pairs(kv))


def _without(kv: Map, names: Slice) -> Map:
    left_out = set(names.items or ())
    return Map(KV, {name: value for name, value in (kv.entries or {}).items() if name not in left_out})


def _alerts(alerts: Sequence[Alert], zone: tzinfo, go_type: GoType = ALERTS) -> Slice:
    return Slice(go_type, [Struct(ALERT, alert, zone) for alert in alerts])


def _with_status(status: str) -> Method:
    def call(alerts: Slice) -> Slice:
        kept = [each for each in alerts.items or () if isinstance(each, Struct) and each.raw.status == status]
        return Slice(_SOME_ALERTS, kept)

    return Method(call)


def _fingerprint(alert: Alert) -> str:
    return alert.fingerprint or label_fingerprint(tuple(sorted(alert.labels.items())))


@lru_cache(maxsize=256)
def label_fingerprint(labels: tuple[tuple[str, str], ...]) -> str:
    """Return what Prometheus calls a set of labels by, sorted by name: 64-bit FNV-1a, in hex.

    https://pkg.go.dev/github.com/prometheus/common/model#LabelSet.Fingerprint
    """
    data = b"".join(part.encode(errors="replace") + _SEPARATOR for pair in labels for part in pair)
    digest = _FNV_OFFSET
    for byte in data:
        digest = ((digest ^ byte) * _FNV_PRIME) & 0xFFFFFFFFFFFFFFFF
    return f"{digest:016x}"


def _declare() -> None:
    _struct(
        PAIR,
        [
            Field("Name", STRING, lambda raw, _zone: raw[0]),
            Field("Value", STRING, lambda raw, _zone: raw[1]),
        ],
    )
    PAIRS.stringer = _pairs_text
    PAIRS.members = {"Names": Method(_names), "Values": Method(_values), "String": Method(_pairs_text)}
    KV.stringer = _kv_text
    KV.members = {
        "SortedPairs": Method(_pairs),
        "Names": Method(lambda kv: _names(_pairs(kv))),
        "Values": Method(lambda kv: _values(_pairs(kv))),
        "Remove": Method(_without, (STRINGS,)),
        "String": Method(_kv_text),
    }
    ALERTS.members = {"Firing": _with_status(FIRING), "Resolved": _with_status(RESOLVED)}
    _struct(
        ALERT,
        [
            _text("Status", "status"),
            _kv("Labels", "labels"),
            _kv("Annotations", "annotations"),
            _time("StartsAt", lambda alert: alert.starts_at),
            # Alertmanager hides until when a firing alert is known to fire.
            _time("EndsAt", lambda alert: alert.ends_at if alert.resolved else None),
            _text("GeneratorURL", "generator_url"),
            Field("Fingerprint", STRING, lambda raw, _zone: _fingerprint(raw)),
        ],
    )
    _struct(
        DATA,
        [
            _text("Receiver", "receiver"),
            _text("Status", "status"),
            Field("Alerts", ALERTS, lambda raw, zone: _alerts(raw.alerts, zone)),
            _kv("GroupLabels", "group_labels"),
            _kv("CommonLabels", "common_labels"),
            _kv("CommonAnnotations", "common_annotations"),
            _text("ExternalURL", "external_url"),
        ],
    )


_declare()


def data_pointer(data: AlertData, zone: tzinfo) -> Pointer:
    """What a template of alerts starts with: a ``*template.Data``. ``zone``: of ``Local``."""
    return Pointer(DATA_POINTER, Struct(DATA, data, zone))


def plain(value: Any) -> Any:
    """Return a value as JSON knows it. Raises TypeError for what it does not know."""
    if isinstance(value, Pointer):
        return plain(value.target)
    if isinstance(value, Map):
        return None if value.entries is None else dict(sorted(value.entries.items()))
    if isinstance(value, Slice):
        return None if value.items is None else [plain(each) for each in value.items]
    if isinstance(value, Struct):
        if value.go_type is TIME:
            return go_time.format_time(value.raw, "2006-01-02T15:04:05.999999999Z07:00")
        return {_json_name(field.name): plain(field.get(value.raw, value.zone)) for field in value.go_type.fields}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError


def _json_name(name: str) -> str:
    """Return the key that Alertmanager's own JSON has for a field; a pair's keys stay."""
    return name if name in ("Name", "Value") else name[0].lower() + name[1:]
