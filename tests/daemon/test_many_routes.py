"""Many teams at once: each gets its own events, all of them, while the others' storms pass by.

By default small enough for every run; ``ROUTES_NAMESPACES=500 ROUTES_RATE=2000 ROUTES_SECONDS=20`` is the full size,
whose figures are printed (``pytest -s``).
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections import Counter
from pathlib import Path

from kube_wecom_eventer.demo.store import Key
from kube_wecom_eventer.demo.wecom import Received
from tests.daemon.conftest import Demo, until
from tests.support.daemon import DaemonProcess

NAMESPACES = int(os.environ.get("ROUTES_NAMESPACES", "50"))
RATE = int(os.environ.get("ROUTES_RATE", "200"))
SECONDS = int(os.environ.get("ROUTES_SECONDS", "3"))

LABELS = {"kube-wecom-eventer.io/route": "true"}
TICK = 0.05


def declare(demo: Demo, number: int, *, template: str = "") -> None:
    """Write a namespace's route, or write it anew."""
    namespace = f"team-{number}"
    data = {"sink": f"wecom:?api={demo.group.url}&key=key-{number}&repeat_interval=0"}
    if template:
        data["content"] = template
    metadata = {"name": "wecom", "namespace": namespace, "labels": LABELS}
    body = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": metadata, "data": data}
    key = Key("configmaps", namespace, "wecom")
    if demo.api.store.find(key) is None:
        demo.api.store.create(key, body)
    else:
        demo.api.store.update(key, body)


def stands_for(message: Received) -> int:
    """Return how many events a message tells."""
    first = message.content.partition("\n")[0]
    found = re.search(r"×(\d+)", first)
    return int(found[1]) if found else 1


def used(daemon: DaemonProcess) -> tuple[float, float]:
    """Return the daemon's CPU seconds and its peak of memory in MiB."""
    fields = Path(f"/proc/{daemon.pid}/stat").read_text().rpartition(")")[2].split()
    status = Path(f"/proc/{daemon.pid}/status").read_text()
    peak = re.search(r"VmHWM:\s+(\d+)", status)
    assert peak is not None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), int(peak[1]) / 1024


async def test_each_team_of_many_gets_exactly_its_own(demo: Demo) -> None:
    """And a change of one route shows within a second, in the middle of that."""
    for number in range(NAMESPACES):
        demo.group.wecom.add_robot(f"key-{number}")
        declare(demo, number)
    host = demo.group.url.removeprefix("http://")
    arguments = ("--namespace-routes", f"--route-allowed-hosts={host}", "--event-metrics=false")
    async with demo.daemon(
        *arguments, "--sink=webhook:http://127.0.0.1:9/none?level=Warning&namespaces=nobody"
    ) as daemon:
        await demo.watched()
        await daemon.log("route_declared", route=f"team-{NAMESPACES - 1}/wecom")
        before, _ = used(daemon)
        sent: Counter[int] = Counter()
        loop = asyncio.get_running_loop()
        started, written, total = loop.time(), 0, RATE * SECONDS
        changed_at = 0.0
        while written < total:
            due = min(total, int((loop.time() - started) * RATE) + 1)
            for event in range(written, due):
                number = event % NAMESPACES
                sent[number] += 1
                involved = {"kind": "Pod", "namespace": f"team-{number}", "name": f"api-{event}", "uid": f"u{event}"}
                metadata = {"namespace": f"team-{number}", "name": f"e{event}"}
                demo.event("BackOff", involvedObject=involved, metadata=metadata, message=f"team-{number} fails")
            written = due
            if not changed_at and written > total / 2:
                changed_at = loop.time()
                declare(demo, 0, template='{"msgtype":"text","text":{"content":"new words {{.Reason}}"}}')
                await daemon.log("template_loaded", config_map="team-0/wecom")
                assert loop.time() - changed_at < 1
            await asyncio.sleep(TICK)
        took = loop.time() - started
        told: Counter[str] = Counter()

        def all_told() -> bool:
            told.clear()
            for message in demo.group.wecom.messages:
                told[message.key] += stands_for(message)
            return sum(told.values()) >= total

        await until(all_told, timeout=90)
        assert told == {f"key-{number}": count for number, count in sent.items()}
        for message in demo.group.wecom.messages:
            teams = set(re.findall(r"team-\d+", message.content))
            assert teams <= {f"team-{message.key.removeprefix('key-')}"}
        assert not demo.group.wecom.refused
        cpu, peak = used(daemon)
        sys.stdout.write(
            f"{NAMESPACES} routes, {total} events in {took:.1f} s: {len(demo.group.wecom.messages)} messages, "
            f"{(cpu - before) / total * 1e6:.0f} µs of CPU an event, peak {peak:.1f} MiB\n"
        )
        assert any("new words" in message.content for message in demo.group.wecom.messages if message.key == "key-0")
