from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta
from typing import Any

from structlog.testing import capture_logs

from kube_wecom_eventer.match.silences import CAPACITY, SILENCED, Silences
from kube_wecom_eventer.metrics import Metrics
from tests.support.events import make_event
from tests.support.virtual_time import virtual_time

END = datetime(2026, 12, 1, tzinfo=UTC)
REST = "until: 2026-12-01 00:00, by: wangqing, why: migration"
BACKOFF = f"{{reason: BackOff, {REST}}}"


class Followed:
    """The silences of ``ns/quiet``, a clock, and what is logged."""

    def __init__(self) -> None:
        self.metrics = Metrics()
        self.now = END - timedelta(hours=1)
        self.silences = Silences(
            name="ns/quiet", routes=["a", "b"], zone=UTC, metrics=self.metrics, now=lambda: self.now
        )

    def update(self, **data: str) -> list[Any]:
        """Take new data; return what was logged."""
        with capture_logs() as logs:
            self.silences.update(data)
        return list(logs)

    def take(self, *, route: str = "a", **event: Any) -> bool:
        return self.silences.take(make_event(**event), route=route)

    def sample(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(f"kube_wecom_eventer_{name}", labels)


def test_what_is_silenced_is_counted_for_its_route() -> None:
    """And nothing else is."""
    followed = Followed()
    assert not followed.take()
    followed.update(key=BACKOFF)
    assert followed.take()
    assert followed.take(route="b")
    assert not followed.take(reason="Unhealthy")
    assert followed.sample("events_dropped_total", route="a", reason=SILENCED) == 1
    assert followed.sample("events_dropped_total", route="b", reason=SILENCED) == 1


def test_expiry_needs_no_edit() -> None:
    """At the second, by the wall clock; the figure follows it."""
    followed = Followed()
    followed.update(key=BACKOFF)
    assert followed.sample("silences") == 1
    followed.now = END - timedelta(seconds=1)
    assert followed.take()
    followed.now = END
    assert not followed.take()
    assert followed.sample("silences") == 0


def test_one_that_has_ended_is_no_mistake() -> None:
    """It is counted where the log says what was read."""
    followed = Followed()
    (line,) = followed.update(key=f"- {BACKOFF}\n- {BACKOFF.replace('2026', '2025')}")
    assert line == {
        "event": "silences_loaded",
        "log_level": "info",
        "config_map": "ns/quiet",
        "holding": 1,
        "expired": 1,
        "problems": 0,
    }


def test_a_mistake_is_said_once_a_change() -> None:
    """With the ConfigMap and the key; an edit elsewhere does not repeat it, one of this key does."""
    followed = Followed()
    bad = f"{{reason: BackOff, nope: x, {REST}}}"
    refused, _ = followed.update(bad=bad, good=BACKOFF)
    assert refused["event"] == "silence_refused"
    assert refused["log_level"] == "warning"
    assert (refused["config_map"], refused["key"]) == ("ns/quiet", "bad")
    assert refused["problem"].startswith("line 1: 'nope': unknown field; write one of ")
    assert followed.sample("silence_problems_total") == 1
    assert followed.update(bad=bad, good=BACKOFF) == []
    logs = followed.update(bad=bad, good=BACKOFF + " ", route=f"{{kind: Pod, route: c, {REST}}}")
    assert [(line["event"], line.get("key")) for line in logs] == [
        ("silence_doubtful", "route"),
        ("silences_loaded", None),
    ]
    assert followed.silences.problems == (f"bad: {refused['problem']}",)
    assert len(followed.silences.doubts) == 1
    assert followed.sample("silence_problems_total") == 1
    assert followed.take()


def test_a_key_that_is_broken_by_an_edit_silences_nothing() -> None:
    """Nobody is silenced by what nobody can read; the other keys hold."""
    followed = Followed()
    followed.update(a=BACKOFF, b=f"{{kind: Node, {REST}}}")
    assert followed.take()
    followed.update(a=BACKOFF[:-1], b=f"{{kind: Node, {REST}}}")
    assert not followed.take()
    assert followed.take(involvedObject={"kind": "Node", "name": "n"})


def test_a_deleted_config_map_ends_all() -> None:
    """And says so once; it may come again."""
    followed = Followed()
    followed.update(key=BACKOFF)
    with capture_logs() as logs:
        followed.silences.update(None)
        followed.silences.update(None)
    assert [line["event"] for line in logs] == ["silences_missing", "silences_loaded"]
    assert not followed.take()
    followed.update(key=BACKOFF)
    assert followed.take()


def test_there_is_a_cap() -> None:
    """What stands beyond it is left out, and said."""
    followed = Followed()
    many = f"- {{name: a, {REST}}}\n" * 600
    logs = followed.update(a=many, b=many, c=BACKOFF)
    assert [line["event"] for line in logs] == ["silences_too_many", "silences_loaded"]
    problem = f"b, line {CAPACITY - 600 + 1}: 201 silences from here on are above the 1000 that are read; "
    assert logs[0]["problem"] == f"{problem}remove what has ended"
    assert followed.silences.problems == (logs[0]["problem"],)
    assert followed.silences.holding() == CAPACITY
    assert not followed.take()


def test_a_change_is_told_in_a_hundred_lines() -> None:
    """Whatever stands in it."""
    followed = Followed()
    logs = followed.update(**{f"k{number}": "- a\n- b" for number in range(200)})
    assert len(logs) == 101
    assert followed.sample("silence_problems_total") == 400


@virtual_time
async def test_the_first_event_is_named_and_the_others_are_summed_up() -> None:
    """One line a minute at most, none where nothing came, and the last one at the end."""
    followed = Followed()
    followed.update(key=BACKOFF)
    with capture_logs() as logs:
        running = asyncio.create_task(followed.silences.run())
        for route in "aaab":
            assert followed.take(route=route)
        assert [line["event"] for line in logs] == ["event_silenced"]
        assert logs[0] == {
            "event": "event_silenced",
            "log_level": "info",
            "config_map": "ns/quiet",
            "silence": "key, line 1",
            "until": "2026-12-01 00:00",
            "by": "wangqing",
            "why": "migration",
            "route": "a",
            "event_name": "payments/checkout-7d9f.17a1",
            "event_reason": "BackOff",
        }
        await asyncio.sleep(200)
        followed.take()
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
    assert [(line["event"], line.get("count"), line.get("routes")) for line in logs[1:]] == [
        ("events_silenced", 3, {"a": 2, "b": 1}),
        ("events_silenced", 1, {"a": 1}),
    ]


def test_an_edit_elsewhere_leaves_the_counting_as_it_is() -> None:
    """A silence that is edited or taken out is summed up at once, and is a new one then."""
    followed = Followed()
    followed.update(key=BACKOFF)
    with capture_logs() as logs:
        followed.take()
        followed.take()
    assert len(logs) == 1
    followed.update(key=f"# more\n- {BACKOFF}", other=f"{{kind: Node, {REST}}}")
    with capture_logs() as logs:
        followed.take()
    assert logs == []
    summary, loaded = followed.update(key=BACKOFF.replace("migration", "upgrade"))
    assert (summary["event"], summary["count"], summary["silence"]) == ("events_silenced", 2, "key, line 2")
    assert loaded["event"] == "silences_loaded"
    with capture_logs() as logs:
        followed.take()
    assert logs[0]["why"] == "upgrade"
