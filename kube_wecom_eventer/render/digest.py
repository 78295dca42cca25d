"""Many events in one message: a line for each group of like events, the rest in sums.

The first line says how many event versions the message stands for (×N), each line how many it does (×n).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kube_wecom_eventer.alert import AlertEvent
from kube_wecom_eventer.event import Event
from kube_wecom_eventer.render.labels import Labels

_MOST_SUMS = 5
_LONGEST_SUM = 120
"""Bytes of a namespace with its reason in the last line."""


@dataclass(frozen=True, slots=True)
class Merged:
    """An event, the newest of ``count`` versions of events like it.

    ``name``: what the involved objects have in common, where they are several; else empty.
    """

    event: Event
    count: int = 1
    name: str = ""


def total(items: Sequence[Merged]) -> int:
    """Return how many event versions the items stand for."""
    return sum(item.count for item in items)


def filled(
    items: Sequence[Merged],
    *,
    line: Callable[[Merged], str],
    clean: Callable[[str], str],
    words: Labels,
    room: int,
    between: str = "\n",
    unlisted: Sequence[Merged] = (),
) -> str:
    """Return as many lines as fit ``room`` bytes, then one line that sums what did not, ``unlisted`` included.

    ``clean`` makes a namespace or a reason harmless for where it will stand.
    """
    lines: list[str] = []
    used = 0
    for index, item in enumerate(items):
        text = line(item)
        size = len((text + between).encode())
        rest = [*items[index + 1 :], *unlisted]
        after = len(sums_line(rest, words, clean).encode()) if rest else 0
        if used + size + after > room:
            return between.join([*lines, sums_line([item, *rest], words, clean)])
        lines.append(text)
        used += size
    if unlisted:
        lines.append(sums_line(unlisted, words, clean))
    return between.join(lines)


def sums_line(items: Sequence[Merged], words: Labels, clean: Callable[[str], str]) -> str:
    """Return the sums by namespace and reason, the largest first, and what is left of them as one.

    Of alerts those that are over are summed apart."""
    sums: Counter[tuple[str, str, str]] = Counter()
    for item in items:
        event = item.event
        over = words.resolved if isinstance(event, AlertEvent) and event.alert.resolved else ""
        sums[event.involved_object.namespace, event.reason, over] += item.count
    parts = [
        f"{clean(' '.join(filter(None, key)))[:_LONGEST_SUM]} ×{count}" for key, count in sums.most_common(_MOST_SUMS)
    ]
    other = sum(sums.values()) - sum(count for _, count in sums.most_common(_MOST_SUMS))
    if other:
        parts.append(f"{words.other} ×{other}")
    return words.more.format(sums=words.comma.join(parts))
