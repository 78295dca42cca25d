"""What was told is not told again when it is posted again; that it is over is told once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec import structs

from kube_wecom_eventer.alert import Alert
from kube_wecom_eventer.alerts.told import ToldAlerts
from tests.support.alerts import START, make_alert

HOUR = 3600.0
T0 = START.timestamp()


class Route:
    """A route with a memory: `hears` says whether it tells an alert that comes so many seconds after the start."""

    def __init__(self, *, repeat: float = 4 * HOUR) -> None:
        self.told = ToldAlerts()
        self._repeat = repeat

    def hears(self, alert: Alert, after: float, *, listed: bool = False, route: str = "r") -> bool:
        now = T0 + after
        news = self.told.is_news(route, alert.identity, alert, listed=listed, repeat=self._repeat, now=now)
        if news:
            self.told.note(route, alert.identity, alert, now=now)
        return news


def firing(*, began: float = 0, until: float | None = None) -> Alert:
    """``until``: when it may be taken for over, as Prometheus says it."""
    alert = make_alert(start=START + timedelta(seconds=began))
    return alert if until is None else structs.replace(alert, ends_at=START + timedelta(seconds=until))


def over(*, began: float = 0, ended: float = 60) -> Alert:
    return make_alert(start=START + timedelta(seconds=began), lasted=timedelta(seconds=ended - began))


def test_a_firing_alert_is_told_once() -> None:
    """Prometheus posts it each minute with an end that moves on."""
    route = Route()
    assert [route.hears(firing(until=t + 240), t, listed=True) for t in range(0, 3600, 60)] == [True] + 59 * [False]


def test_that_it_is_over_is_told_once() -> None:
    """Prometheus posts that for a quarter of an hour."""
    route = Route()
    assert route.hears(firing(until=240), 0, listed=True)
    assert [route.hears(over(), 60 + t, listed=True) for t in range(0, 900, 60)] == [True] + 14 * [False]


def test_it_is_told_again_when_it_fires_again() -> None:
    """With a later start, also where nobody said that it was over in between."""
    route = Route()
    assert route.hears(firing(), 0)
    assert route.hears(firing(began=600), 600)
    assert route.hears(over(began=600, ended=700), 700)
    assert route.hears(firing(began=701), 701)
    assert not route.hears(firing(began=701), 702)


def test_a_reminder_comes_after_the_repeat_interval() -> None:
    """By whatever is posted then; Alertmanager's clock may be a little ahead of ours."""
    route = Route()
    told = [t for t in range(0, 9 * 3600, 60) if route.hears(firing(until=t + 240), t, listed=True)]
    assert told == [0, 14400, 28800]
    early = Route()
    assert early.hears(firing(), 0)
    assert not early.hears(firing(), 4 * HOUR - 31)
    assert early.hears(firing(), 4 * HOUR - 30)


def test_no_reminder_where_none_is_wanted() -> None:
    """``alert_repeat_interval=0``."""
    route = Route(repeat=0)
    assert [route.hears(firing(), t) for t in range(0, 10 * 3600, 600)] == [True] + 59 * [False]


@pytest.mark.parametrize(("listed", "told"), [(False, True), (True, False)])
def test_an_end_of_which_nobody_knows_the_beginning(listed: bool, told: bool) -> None:
    """Alertmanager says it only where it has said the beginning, to whoever listened then; Prometheus says it again
    and again."""
    assert Route().hears(over(), 60, listed=listed) is told
    route = Route()
    assert route.hears(over(), 60)
    assert not route.hears(over(), 61)
    assert route.hears(over(began=100, ended=160), 160, listed=listed) is told


def test_a_second_prometheus_starts_it_a_little_later() -> None:
    """While the first one's word holds it is the same firing; what the second still posts after the end is late."""
    route = Route()
    assert route.hears(firing(until=240), 0, listed=True)
    assert not route.hears(firing(began=20, until=260), 20, listed=True)
    assert route.hears(over(ended=300), 300, listed=True)
    assert not route.hears(firing(began=20, until=540), 310, listed=True)
    # If it goes on saying so it fires indeed.
    assert route.hears(firing(began=20, until=840), 601, listed=True)


def test_an_old_end_does_not_end_what_began_later() -> None:
    """Posts may overtake each other."""
    route = Route()
    assert route.hears(firing(began=600), 600)
    assert not route.hears(over(ended=300), 601, listed=True)
    assert not route.hears(firing(began=600), 660)


def test_each_route_has_a_memory_of_its_own() -> None:
    """What one was not to tell, another one tells."""
    route = Route()
    assert route.hears(firing(), 0)
    assert route.hears(firing(), 1, route="other")
    assert not route.hears(firing(), 2)


def test_the_memory_is_bounded() -> None:
    """What was not posted for longest is forgotten first."""
    told = ToldAlerts(capacity=3)
    alerts = [make_alert(labels={"pod": f"p-{number}"}) for number in range(4)]

    def hears(alert: Alert) -> bool:
        return told.is_news("r", alert.identity, alert, listed=False, repeat=0, now=T0)

    for alert in alerts[:3]:
        told.note("r", alert.identity, alert, now=T0)
    assert not hears(alerts[0])
    told.note("r", alerts[3].identity, alerts[3], now=T0)
    assert [hears(alert) for alert in alerts] == [False, True, False, False]


def test_it_outlives_the_process() -> None:
    """The newest are kept, with their start, when they were told, and their end."""
    first = Route()
    assert first.hears(firing(began=0.7), 1.2)
    ended = make_alert(labels={"pod": "x"}, lasted=timedelta(seconds=50))
    assert first.hears(ended, 60)
    second = Route()
    for route, entry in first.told.entries(10):
        second.told.restore(route, entry)
    assert list(second.told.entries(10)) == list(first.told.entries(10))
    assert not second.hears(firing(began=0.7), 90)
    assert not second.hears(ended, 90)
    assert second.hears(over(ended=100), 100)
    assert list(first.told.entries(1)) == [("r", (ended.identity, int(T0), int(T0) + 60, int(T0) + 50))]


def test_after_a_restart_a_second_prometheus_tells_nothing_anew() -> None:
    """Else each rollout would tell each alert again that two of them post; what begins later is another firing."""
    first, second = Route(), Route()
    assert first.hears(firing(until=240), 0, listed=True)
    for route, entry in first.told.entries(10):
        second.told.restore(route, entry)
    assert not second.hears(firing(began=20, until=320), 80, listed=True)
    assert not second.hears(firing(until=360), 120, listed=True)
    assert second.hears(firing(began=400, until=640), 400, listed=True)


def test_labels_name_an_alert_whatever_their_order() -> None:
    """And no two sets of labels have one name by being written one behind the other."""
    assert make_alert(labels={"a": "1", "b": "2"}).identity == make_alert(labels={"b": "2", "a": "1"}).identity
    names = {make_alert(labels=labels).identity for labels in ({"a": "bc"}, {"ab": "c"}, {"a": "b", "c": "x"})}
    assert len(names) == 3
