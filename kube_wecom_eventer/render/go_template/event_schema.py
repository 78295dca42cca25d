"""The Go structs below ``*v1.Event``: their fields in Go's order, seen through our Event.

Types: https://pkg.go.dev/k8s.io/api/core/v1#Event. What our Event does not hold has its zero value.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from operator import attrgetter
from typing import Any

from kube_wecom_eventer.event import Event

from .go_print import sorted_keys, sprint
from .time_schema import META_TIME, META_TIME_POINTER, MICRO_TIME, meta_time, micro_time
from .values import (
    INT32,
    INT64,
    STRING,
    STRING_MAP,
    STRINGS,
    Field,
    GoType,
    Int32,
    Int64,
    Kind,
    Map,
    Method,
    Pointer,
    Slice,
    Struct,
    TypedString,
    Value,
    pointer_to,
)

UID_TYPE = GoType("types.UID", Kind.STRING)
_OWNERS = GoType("[]v1.OwnerReference", Kind.SLICE, elem=GoType("v1.OwnerReference", Kind.STRUCT), comparable=False)
_MANAGERS = GoType(
    "[]v1.ManagedFieldsEntry", Kind.SLICE, elem=GoType("v1.ManagedFieldsEntry", Kind.STRUCT), comparable=False
)
_INT64_POINTER = pointer_to(INT64)


class UID(TypedString):
    """types.UID"""

    __slots__ = ()
    go_type = UID_TYPE


def _text(name: str, path: str) -> Field:
    return Field(name, STRING, _getter(attrgetter(path)))


def _getter(read: Callable[[Any], Value]) -> Callable[[Any, tzinfo], Value]:
    return lambda raw, _zone: read(raw)


def _uid(path: str) -> Field:
    read = attrgetter(path)
    return Field("UID", UID_TYPE, lambda raw, _zone: UID(read(raw)))


def _count() -> Field:
    return Field("Count", INT32, lambda raw, _zone: Int32(raw.count))


def _constant(name: str, value: Value, go_type: GoType) -> Field:
    return Field(name, go_type, lambda _raw, _zone: value)


def _map(name: str, path: str) -> Field:
    read = attrgetter(path)
    return Field(name, STRING_MAP, lambda raw, _zone: Map(STRING_MAP, read(raw)))


def _struct(name: str, path: str, go_type: GoType) -> Field:
    read = attrgetter(path)
    return Field(name, go_type, lambda raw, zone: Struct(go_type, read(raw), zone))


def _pointer(name: str, path: str, go_type: GoType) -> Field:
    read = attrgetter(path)
    pointer = pointer_to(go_type)

    def get(raw: Any, zone: tzinfo) -> Pointer:
        found = read(raw)
        return Pointer(pointer, None if found is None else Struct(go_type, found, zone))

    return Field(name, pointer, get)


def _time(name: str, path: str) -> Field:
    read = attrgetter(path)
    return Field(name, META_TIME, lambda raw, zone: meta_time(read(raw), zone))


def _micro_time(name: str, path: str) -> Field:
    read = attrgetter(path)
    return Field(name, MICRO_TIME, lambda raw, zone: micro_time(read(raw), zone))


def _generated_string(name: str, fields: tuple[Field, ...]) -> Callable[[Struct | None], str]:
    """What the ``String`` that protobuf generates prints: ``&Name{Field:value,}``."""

    def render(value: Struct | None) -> str:
        if value is None:
            return "nil"
        parts = [f"{field.name}:{_in_string(field.get(value.raw, value.zone))}," for field in fields]
        return f"&{name}{{{''.join(parts)}}}"

    return render


def _in_string(value: Value) -> str:
    """A field's value in such a text: other structs without their ``&``, maps and slices as in Go source."""
    if isinstance(value, Map):
        entries = value.entries or {}
        return f"map[string]string{{{''.join(f'{key}: {entries[key]},' for key in sorted_keys(value))}}}"
    if isinstance(value, Slice) and value.go_type is not STRINGS:
        return f"{value.go_type.name.replace('v1.', '')}{{}}"
    if isinstance(value, Pointer) and value.go_type is _INT64_POINTER:
        return "nil"
    if isinstance(value, Struct) and value.go_type is not OBJECT_META and value.go_type.pointer_stringer:
        return value.go_type.pointer_stringer(value).removeprefix("&")
    return sprint(value)


def _declare(go_name: str, *fields: Field) -> GoType:
    """A struct with the ``String`` method that the API's types have on their pointers."""
    render = _generated_string(go_name.removeprefix("v1."), fields)
    members: dict[str, Field | Method] = {field.name: field for field in fields}
    members["String"] = Method(render, on_pointer=True, takes_nil=True)
    return GoType(go_name, Kind.STRUCT, fields=fields, members=members, pointer_stringer=render)


OBJECT_REFERENCE = _declare(
    "v1.ObjectReference",
    _text("Kind", "kind"),
    _text("Namespace", "namespace"),
    _text("Name", "name"),
    _uid("uid"),
    _text("APIVersion", "api_version"),
    _text("ResourceVersion", "resource_version"),
    _text("FieldPath", "field_path"),
)
EVENT_SOURCE = _declare("v1.EventSource", _text("Component", "component"), _text("Host", "host"))
EVENT_SERIES = _declare("v1.EventSeries", _count(), _micro_time("LastObservedTime", "last_observed_time"))
TYPE_META = _declare("v1.TypeMeta", _text("Kind", "kind"), _text("APIVersion", "api_version"))
OBJECT_META = _declare(
    "v1.ObjectMeta",
    _text("Name", "name"),
    _text("GenerateName", "generate_name"),
    _text("Namespace", "namespace"),
    _constant("SelfLink", "", STRING),
    _uid("uid"),
    _text("ResourceVersion", "resource_version"),
    _constant("Generation", Int64(0), INT64),
    _time("CreationTimestamp", "creation_timestamp"),
    _constant("DeletionTimestamp", Pointer(META_TIME_POINTER, None), META_TIME_POINTER),
    _constant("DeletionGracePeriodSeconds", Pointer(_INT64_POINTER, None), _INT64_POINTER),
    _map("Labels", "labels"),
    _map("Annotations", "annotations"),
    _constant("OwnerReferences", Slice(_OWNERS, None), _OWNERS),
    _constant("Finalizers", Slice(STRINGS, None), STRINGS),
    _constant("ManagedFields", Slice(_MANAGERS, None), _MANAGERS),
)


def _itself(name: str, go_type: GoType) -> Field:
    """TypeMeta has no object of its own: the event is seen through it."""
    return Field(name, go_type, lambda raw, zone: Struct(go_type, raw, zone))


def _last_timestamp() -> Field:
    """When the event happened: kube-eventer's users rely on a time where the API's field is empty."""
    return Field("LastTimestamp", META_TIME, lambda raw, zone: meta_time(raw.happened_at, zone))


_EVENT_FIELDS = (
    _struct("ObjectMeta", "metadata", OBJECT_META),
    _struct("InvolvedObject", "involved_object", OBJECT_REFERENCE),
    _text("Reason", "reason"),
    _text("Message", "message"),
    _struct("Source", "source", EVENT_SOURCE),
    _time("FirstTimestamp", "first_timestamp"),
    _last_timestamp(),
    _count(),
    _text("Type", "type"),
    _micro_time("EventTime", "event_time"),
    _pointer("Series", "series", EVENT_SERIES),
    _text("Action", "action"),
    _pointer("Related", "related", OBJECT_REFERENCE),
    _text("ReportingController", "reporting_component"),
    _text("ReportingInstance", "reporting_instance"),
)
EVENT = _declare("v1.Event", *_EVENT_FIELDS)
EVENT.fields = (_itself("TypeMeta", TYPE_META), *EVENT.fields)
EVENT_POINTER = pointer_to(EVENT)


def _promote(field: Field, path: str) -> Field:
    """A field of an embedded struct, asked of the event itself."""
    inner = attrgetter(path)
    return Field(field.name, field.type, lambda raw, zone: field.get(inner(raw), zone))


def _getter_method(field: Field) -> Method:
    """``GetName`` and its like, which ObjectMeta declares on its pointer."""

    def call(self: Struct) -> Value:
        value = field.get(self.raw, self.zone)
        return Struct(value.go_type, value.raw, value.zone, addressable=False) if isinstance(value, Struct) else value

    return Method(call, on_pointer=True)


def _complete() -> None:
    """Adds the members that come from embedding, and ObjectMeta's getters."""
    promoted: dict[str, Field | Method] = {}
    for field in OBJECT_META.fields:
        OBJECT_META.members["Get" + field.name] = _getter_method(field)
        lifted = _promote(field, "metadata")
        promoted[field.name] = lifted
        promoted["Get" + field.name] = _getter_method(lifted)
    for field in TYPE_META.fields:
        promoted[field.name] = field
    EVENT.members = {**promoted, "TypeMeta": EVENT.fields[0], **EVENT.members}
    OBJECT_META.comparable = EVENT.comparable = False


_complete()


def event_pointer(event: Event, zone: tzinfo) -> Pointer:
    """What a template starts with: a ``*v1.Event`` whose times show in ``zone``."""
    return Pointer(EVENT_POINTER, Struct(EVENT, event, zone))
