"""What a WeCom group was told, read from its messages as a person reads them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from kube_wecom_eventer.demo.wecom import Received
from tests.support.event_writer import Version, from_letters

_TIMES = re.compile(r" ×(\d+)")
_SUM = re.compile(r"(\S+) (\S+) ×(\d+)")
_LONE = re.compile(r" · Deployment \S+/([a-z-]+)(?: ×\d+)?：version ([a-z]+)")
_DIGEST, _REST = "组事件", "其余："


def stands_for(message: Received) -> int:
    """Return how many versions of events the first line says."""
    found = _TIMES.search(message.content.partition("\n")[0])
    return int(found[1]) if found else 1


def by_reason(messages: Iterable[Received]) -> Counter[str]:
    """Return how many versions of events of each reason Chinese text messages tell.

    Exact for at most five pairs of namespace and reason: of more, a digest's last line sums some as others.
    """
    told: Counter[str] = Counter()
    for message in messages:
        first, *lines = message.content.split("\n")
        if _DIGEST not in first:
            told[first.split()[1]] += stands_for(message)
            continue
        for line in lines:
            if line.startswith(_REST):
                told.update({reason: int(count) for _, reason, count in _SUM.findall(line.removeprefix(_REST))})
            elif line.startswith("• "):
                count = _TIMES.search(line)
                told[line.split()[1]] += int(count[1]) if count else 1
    return told


def lone_versions(messages: Iterable[Received]) -> set[Version]:
    """Return the versions of an `EventWriter`'s Deployments that Chinese text messages show, each in its own line."""
    shown = set()
    for message in messages:
        lines = message.content.split("\n")
        if _DIGEST not in lines[0]:
            lines = [f"{lines[0]}：{lines[-1]}"]
        found = (_LONE.search(line) for line in lines)
        shown |= {(each[1], from_letters(each[2])) for each in found if each}
    return shown


def most_in_a_minute(messages: Sequence[Received]) -> int:
    """Return the largest number of messages within any 60 s."""
    times: list[datetime] = [each.at for each in messages]
    minute = timedelta(seconds=60)
    return max((sum(start <= time < start + minute for time in times) for start in times), default=0)
