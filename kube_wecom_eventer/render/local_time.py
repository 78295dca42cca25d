"""Times in the reader's zone."""

from __future__ import annotations

from datetime import datetime, tzinfo


def in_zone(time: datetime, zone: tzinfo) -> datetime:
    """Return the same moment in the zone; as it is where the zone would carry it out of the calendar."""
    try:
        return time.astimezone(zone)
    except OverflowError:
        return time
