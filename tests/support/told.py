"""What a WeCom group was told, read from its messages as a person reads them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from kube_wecom_eventer.demo.wecom import Received

_TIMES = re.compile(r" ×(\d+)")
_SUM = re.compile(r"(\S+) (\S+) ×(\d+)")
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


def most_in_a_minute(messages: Sequence[Received]) -> int:
    """Return the largest number of messages within any 60 s."""
    times: list[datetime] = [each.at for each in messages]
    minute = timedelta(seconds=60)
    return max((sum(start <= time < start + minute for time in times) for start in times), default=0)
