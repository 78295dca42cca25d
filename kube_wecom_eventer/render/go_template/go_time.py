"""Go's ``time`` package on Python's datetime: layouts, ``String``, durations.

A Go time is an aware datetime here. Layouts: https://pkg.go.dev/time#pkg-constants
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache

from .values import GoError

ZERO = datetime(1, 1, 1, tzinfo=UTC)
STRING_LAYOUT = "2006-01-02 15:04:05.999999999 -0700 MST"
RFC3339 = "2006-01-02T15:04:05Z07:00"
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)
WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
MAX_DURATION = 2**63 - 1

_CHUNK = re.compile(
    r"January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|0[1-6]|002|15|1|2006|2|_2(?!006)|__2|3|4|5|PM|pm"
    r"|-070000|-07:00:00|-0700|-07:00|-07|Z070000|Z07:00:00|Z0700|Z07:00|Z07|[.,](?:0+|9+)(?![0-9])"
)

Piece = str | Callable[[datetime], str]


def to_time(moment: datetime | None, zone: tzinfo) -> datetime:
    """What Go holds for a timestamp of the API: it shows in ``zone``; absent is the zero time."""
    if moment is None or moment.year <= 1:
        return ZERO
    return in_zone(moment, zone)


def in_zone(moment: datetime, zone: tzinfo) -> datetime:
    """The same moment in another zone. Raises GoError beyond the years that datetime can hold."""
    try:
        return moment.astimezone(zone)
    except OverflowError as error:
        raise GoError("the time is out of range") from error


def weekday(moment: datetime) -> int:
    """0 is Sunday, as in Go."""
    return moment.isoweekday() % 7


def format_time(moment: datetime, layout: str) -> str:
    """``Time.Format``."""
    return "".join([piece if isinstance(piece, str) else piece(moment) for piece in _pieces(layout)])


def time_string(moment: datetime) -> str:
    """``Time.String``."""
    return format_time(moment, STRING_LAYOUT)


def go_string(moment: datetime) -> str:
    """``Time.GoString``: the Go expression that makes the time."""
    zone = "time.UTC" if moment.tzinfo is UTC else "time.Local"
    clock = f"{moment.hour}, {moment.minute}, {moment.second}, {moment.microsecond * 1000}"
    return f"time.Date({moment.year}, time.{MONTHS[moment.month - 1]}, {moment.day}, {clock}, {zone})"


@lru_cache(maxsize=512)
def _pieces(layout: str) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    last = 0
    for match in _CHUNK.finditer(layout):
        if match.start() > last:
            pieces.append(layout[last : match.start()])
        pieces.append(_piece(match[0]))
        last = match.end()
    return (*pieces, layout[last:])


def _piece(chunk: str) -> Piece:
    if chunk[0] in ".,":
        return _fraction(chunk)
    if chunk[0] in "-Z":
        return _offset(chunk)
    return _CLOCK[chunk]


def offset_seconds(moment: datetime) -> int:
    """Seconds east of UTC."""
    offset = moment.utcoffset() or timedelta()
    return offset.days * 86_400 + offset.seconds


def zone_name(moment: datetime) -> str:
    """The zone's abbreviation; the offset where the zone has none."""
    name = moment.tzname()
    if name is None or (isinstance(moment.tzinfo, timezone) and name.startswith("UTC") and name != "UTC"):
        return _offset("-0700")(moment)
    return name


def _offset(chunk: str) -> Callable[[datetime], str]:
    colon = ":" if ":" in chunk else ""
    parts = len(chunk.replace(":", "")) // 2  # 1: hours, 2: minutes too, 3: seconds too

    def render(moment: datetime) -> str:
        seconds = offset_seconds(moment)
        if chunk[0] == "Z" and seconds == 0:
            return "Z"
        # A negative offset of less than a minute has no sign, as in Go, which looks at whole minutes.
        sign = "-" if seconds <= -60 else "+"
        minutes, rest = divmod(abs(seconds), 60)
        shown = (f"{minutes // 60:02}", f"{minutes % 60:02}", f"{rest:02}")
        return sign + colon.join(shown[:parts])

    return render


_CLOCK: dict[str, Callable[[datetime], str]] = {
    "January": lambda t: MONTHS[t.month - 1],
    "Jan": lambda t: MONTHS[t.month - 1][:3],
    "1": lambda t: str(t.month),
    "01": lambda t: f"{t.month:02}",
    "Monday": lambda t: WEEKDAYS[weekday(t)],
    "Mon": lambda t: WEEKDAYS[weekday(t)][:3],
    "2": lambda t: str(t.day),
    "_2": lambda t: f"{t.day:2}",
    "02": lambda t: f"{t.day:02}",
    "__2": lambda t: f"{t.timetuple().tm_yday:3}",
    "002": lambda t: f"{t.timetuple().tm_yday:03}",
    "15": lambda t: f"{t.hour:02}",
    "3": lambda t: str(t.hour % 12 or 12),
    "03": lambda t: f"{t.hour % 12 or 12:02}",
    "4": lambda t: str(t.minute),
    "04": lambda t: f"{t.minute:02}",
    "5": lambda t: str(t.second),
    "05": lambda t: f"{t.second:02}",
    "2006": lambda t: f"{t.year:04}",
    "06": lambda t: f"{t.year % 100:02}",
    "PM": lambda t: "PM" if t.hour >= 12 else "AM",
    "pm": lambda t: "pm" if t.hour >= 12 else "am",
    "MST": zone_name,
}


def _fraction(chunk: str) -> Callable[[datetime], str]:
    digits = min(len(chunk) - 1, 9)

    def render(moment: datetime) -> str:
        shown = f"{moment.microsecond * 1000:09}"[:digits]
        if chunk[1] == "9":
            shown = shown.rstrip("0")
            return chunk[0] + shown if shown else ""
        return chunk[0] + shown

    return render


def duration_string(nanoseconds: int) -> str:
    """``Duration.String``: ``1h15m30.918s``."""
    if nanoseconds == 0:
        return "0s"
    sign = "-" if nanoseconds < 0 else ""
    size = abs(nanoseconds)
    for unit, scale in (("ns", 1), ("µs", 1_000), ("ms", 1_000_000)):
        if size < scale * 1000:
            return sign + _decimal(size, scale) + unit
    seconds, fraction = divmod(size, 1_000_000_000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    text = _decimal(seconds * 1_000_000_000 + fraction, 1_000_000_000) + "s"
    if minutes or hours:
        text = f"{minutes}m{text}"
    return sign + (f"{hours}h{text}" if hours else text)


def _decimal(value: int, scale: int) -> str:
    whole, rest = divmod(value, scale)
    digits = f"{rest:0{len(str(scale)) - 1}}".rstrip("0") if rest else ""
    return f"{whole}.{digits}" if digits else str(whole)


def unix_nanoseconds(moment: datetime) -> int:
    """Nanoseconds since 1970, exactly."""
    delta = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1_000_000_000 + delta.microseconds * 1000


def subtract(moment: datetime, other: datetime) -> int:
    """``Time.Sub``, which stops at the largest duration."""
    difference = unix_nanoseconds(moment) - unix_nanoseconds(other)
    return max(-MAX_DURATION - 1, min(MAX_DURATION, difference))


def add(moment: datetime, nanoseconds: int) -> datetime:
    """``Time.Add``, to the microsecond."""
    try:
        return (moment.astimezone(UTC) + timedelta(microseconds=nanoseconds // 1000)).astimezone(
            moment.tzinfo
        )
    except OverflowError as error:
        raise GoError("the time is out of range") from error


def add_date(moment: datetime, years: int, months: int, days: int) -> datetime:
    """``Time.AddDate``: a day past the month's end runs into the next month."""
    month = moment.month - 1 + months
    try:
        first = moment.replace(year=moment.year + years + month // 12, month=month % 12 + 1, day=1)
        return first + timedelta(days=moment.day - 1 + days)
    except (OverflowError, ValueError) as error:
        raise GoError("the time is out of range") from error
