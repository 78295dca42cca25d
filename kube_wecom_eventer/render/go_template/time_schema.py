"""The types of Go's ``time`` and of Kubernetes' ``metav1`` times, with the methods that templates can call.

https://pkg.go.dev/time#Time, https://pkg.go.dev/k8s.io/apimachinery/pkg/apis/meta/v1#Time
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo

from . import go_time
from .go_string import to_bytes
from .values import (
    BYTES,
    INT,
    STRING,
    Field,
    GoType,
    Int64,
    Kind,
    Method,
    Pointer,
    Slice,
    Struct,
    TypedInt,
    Uint8,
    Value,
    pointer_to,
)

DURATION = GoType("time.Duration", Kind.INT, stringer=go_time.duration_string)
MONTH = GoType("time.Month", Kind.INT, stringer=lambda month: go_time.MONTHS[month - 1])
WEEKDAY = GoType("time.Weekday", Kind.INT, stringer=lambda day: go_time.WEEKDAYS[day])


class Duration(TypedInt):
    """time.Duration, in nanoseconds"""

    go_type = DURATION


class Month(TypedInt):
    """time.Month"""

    go_type = MONTH


class Weekday(TypedInt):
    """time.Weekday"""

    go_type = WEEKDAY


TIME = GoType("time.Time", Kind.STRUCT)
META_TIME = GoType("v1.Time", Kind.STRUCT)
MICRO_TIME = GoType("v1.MicroTime", Kind.STRUCT)
META_TIME_POINTER = pointer_to(META_TIME)
MICRO_TIME_POINTER = pointer_to(MICRO_TIME)


def _made(like: Struct, moment: datetime, go_type: GoType = TIME) -> Struct:
    return Struct(go_type, moment, like.zone, addressable=False)


def _is_zero(moment: datetime) -> bool:
    return moment == go_time.ZERO


def _compare(moment: datetime, other: datetime) -> int:
    return (moment > other) - (moment < other)


def _truncate(moment: datetime, duration: int, *, up: bool) -> datetime:
    """``Truncate``, or ``Round`` with ``up``: multiples are counted from the zero time."""
    if duration <= 0:
        return moment
    rest = (go_time.unix_nanoseconds(moment) - go_time.unix_nanoseconds(go_time.ZERO)) % duration
    if up and rest * 2 >= duration:
        return go_time.add(moment, duration - rest)
    return go_time.add(moment, -rest)


def _byte_slice(text: str) -> Slice:
    return Slice(BYTES, [Uint8(byte) for byte in to_bytes(text)])


def _plain(read: Callable[[datetime], Value], *params: GoType) -> Method:
    """A method without arguments that reads the moment."""
    return Method(lambda self: read(self.raw), params)


_TIME_METHODS: dict[str, Field | Method] = {
    "String": _plain(go_time.time_string),
    "GoString": _plain(go_time.go_string),
    "Format": Method(lambda self, layout: go_time.format_time(self.raw, layout), (STRING,)),
    "Unix": _plain(lambda t: Int64(go_time.unix_nanoseconds(t) // 1_000_000_000)),
    "UnixMilli": _plain(lambda t: Int64(go_time.unix_nanoseconds(t) // 1_000_000)),
    "UnixMicro": _plain(lambda t: Int64(go_time.unix_nanoseconds(t) // 1_000)),
    "UnixNano": _plain(lambda t: Int64((go_time.unix_nanoseconds(t) + 2**63) % 2**64 - 2**63)),
    "IsZero": _plain(_is_zero),
    "IsDST": _plain(lambda t: bool(t.dst())),
    "Year": _plain(lambda t: t.year),
    "Month": _plain(lambda t: Month(t.month)),
    "Day": _plain(lambda t: t.day),
    "Hour": _plain(lambda t: t.hour),
    "Minute": _plain(lambda t: t.minute),
    "Second": _plain(lambda t: t.second),
    "Nanosecond": _plain(lambda t: t.microsecond * 1000),
    "Weekday": _plain(lambda t: Weekday(go_time.weekday(t))),
    "YearDay": _plain(lambda t: t.timetuple().tm_yday),
    "UTC": Method(lambda self: _made(self, self.raw.astimezone(UTC))),
    "Local": Method(lambda self: _made(self, go_time.in_zone(self.raw, self.zone))),
    "Add": Method(lambda self, by: _made(self, go_time.add(self.raw, by)), (DURATION,)),
    "AddDate": Method(
        lambda self, y, m, d: _made(self, go_time.add_date(self.raw, y, m, d)), (INT, INT, INT)
    ),
    "Truncate": Method(lambda self, to: _made(self, _truncate(self.raw, to, up=False)), (DURATION,)),
    "Round": Method(lambda self, to: _made(self, _truncate(self.raw, to, up=True)), (DURATION,)),
    "Sub": Method(lambda self, other: Duration(go_time.subtract(self.raw, other.raw)), (TIME,)),
    "Before": Method(lambda self, other: self.raw < other.raw, (TIME,)),
    "After": Method(lambda self, other: self.raw > other.raw, (TIME,)),
    "Equal": Method(lambda self, other: self.raw == other.raw, (TIME,)),
    "Compare": Method(lambda self, other: _compare(self.raw, other.raw), (TIME,)),
    "MarshalText": _plain(lambda t: _byte_slice(_nano_text(t))),
    "MarshalJSON": _plain(lambda t: _byte_slice(f'"{_nano_text(t)}"')),
}


def _nano_text(moment: datetime) -> str:
    return go_time.format_time(moment, "2006-01-02T15:04:05.999999999Z07:00")


def _pair(compare: Callable[[datetime, datetime], bool], param: GoType, *, both_nil: bool) -> Method:
    """A comparison that metav1 declares on pointers: with a nil on one side it is false."""

    def call(self: Struct | None, other: Pointer) -> bool:
        if self is None or other.target is None:
            return both_nil and self is None and other.target is None
        return compare(self.raw, other.target.raw)

    return Method(call, (param,), on_pointer=True, takes_nil=True)


def _before(moment: datetime, other: datetime) -> bool:
    return moment < other


def _equal(moment: datetime, other: datetime) -> bool:
    return moment == other


def _wrapper_members(layout: str, pointer: GoType) -> dict[str, Field | Method]:
    """The members of metav1's wrappers; ``layout`` is how they are written to JSON."""

    def written(moment: datetime) -> str:
        return "" if _is_zero(moment) else go_time.format_time(moment.astimezone(UTC), layout)

    return {
        **_TIME_METHODS,
        "Time": Field("Time", TIME, lambda moment, zone: Struct(TIME, moment, zone)),
        "IsZero": Method(lambda self: self is None or _is_zero(self.raw), on_pointer=True, takes_nil=True),
        "GoString": Method(lambda self: go_time.go_string(self.raw), on_pointer=True),
        "Before": _pair(_before, pointer, both_nil=False),
        "Equal": _pair(_equal, pointer, both_nil=True),
        "MarshalJSON": _plain(lambda t: _byte_slice("null" if _is_zero(t) else f'"{written(t)}"')),
        "MarshalQueryParameter": _plain(written),
        "OpenAPISchemaFormat": _plain(lambda _: "date-time"),
    }


def _nil_safe_go_string(of_nil: str) -> Callable[[Struct | None], str]:
    return lambda value: of_nil if value is None else go_time.go_string(value.raw)


def _declare() -> None:
    for go_type in (TIME, META_TIME, MICRO_TIME):
        go_type.stringer = go_time.time_string
    TIME.go_stringer = go_time.go_string
    TIME.members = _TIME_METHODS
    META_TIME.members = {
        **_wrapper_members(go_time.RFC3339, META_TIME_POINTER),
        "Rfc3339Copy": Method(lambda self: _made(self, self.raw.replace(microsecond=0), META_TIME)),
        "ToUnstructured": _plain(
            lambda t: None if _is_zero(t) else go_time.format_time(t.astimezone(UTC), go_time.RFC3339)
        ),
    }
    MICRO_TIME.members = {
        **_wrapper_members("2006-01-02T15:04:05.000000Z07:00", MICRO_TIME_POINTER),
        "BeforeTime": _pair(_before, META_TIME_POINTER, both_nil=False),
        "EqualTime": _pair(_equal, META_TIME_POINTER, both_nil=True),
    }
    for wrapper in (META_TIME, MICRO_TIME):
        inner = wrapper.members["Time"]
        wrapper.fields = (inner,) if isinstance(inner, Field) else ()
    META_TIME.pointer_go_stringer = _nil_safe_go_string("metav1.NewTime(time.Time{})")
    MICRO_TIME.pointer_go_stringer = _nil_safe_go_string("metav1.NewMicroTime(time.Time{})")
    DURATION.members = {
        "String": Method(go_time.duration_string),
        "Seconds": Method(lambda d: int(d) / 1e9),
        "Minutes": Method(lambda d: int(d) / 60e9),
        "Hours": Method(lambda d: int(d) / 3600e9),
        "Milliseconds": Method(lambda d: Int64(int(d / 1_000_000))),
        "Microseconds": Method(lambda d: Int64(int(d / 1_000))),
        "Nanoseconds": Method(Int64),
        "Abs": Method(lambda d: Duration(min(abs(d), go_time.MAX_DURATION))),
        "Truncate": Method(lambda d, to: Duration(_multiple(d, to, up=False)), (DURATION,)),
        "Round": Method(lambda d, to: Duration(_multiple(d, to, up=True)), (DURATION,)),
    }
    for number in (MONTH, WEEKDAY):
        number.members = {"String": Method(number.stringer)} if number.stringer else {}


def _multiple(duration: int, to: int, *, up: bool) -> int:
    """``Duration.Truncate``, or ``Duration.Round`` with ``up``: halves go away from zero."""
    if to <= 0:
        return duration
    size = abs(duration)
    size = (size + to // 2 + to % 2) // to * to if up else size // to * to
    return min(size, go_time.MAX_DURATION) if duration >= 0 else -size


def meta_time(moment: datetime | None, zone: tzinfo) -> Struct:
    """A field of the API's type Time."""
    return Struct(META_TIME, go_time.to_time(moment, zone), zone)


def micro_time(moment: datetime | None, zone: tzinfo) -> Struct:
    """A field of the API's type MicroTime."""
    return Struct(MICRO_TIME, go_time.to_time(moment, zone), zone)


_declare()
