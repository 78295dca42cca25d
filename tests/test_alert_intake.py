"""Posted alerts meet their routes: counted, silenced, remembered by each route, offered together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from kube_wecom_eventer.alert import Alert
from kube_wecom_eventer.alert_intake import AlertIntake
from kube_wecom_eventer.alerts import Posted, Taken
from kube_wecom_eventer.config import FilterSettings, LogTarget, SinkSettings, StyleSettings
from kube_wecom_eventer.event import Event
from kube_wecom_eventer.kube.stored_alerts import StoredAlerts
from kube_wecom_eventer.match import EventFilter, Route
from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.notify import Notification, Terms
from kube_wecom_eventer.render import Merged
from kube_wecom_eventer.routing import RouteTable, Way
from tests.support.alerts import START, make_alert
from tests.support.scripted import ScriptedSink


class Queue:
    """Stands for a dispatcher: each call of `offer` is kept."""

    def __init__(self) -> None:
        self.offered: list[tuple[Notification, ...]] = []
        self.full = False

    def offer(self, *notifications: Notification) -> None:
        self.offered.append(notifications)


def way(name: str, *, namespace: str = "", default: bool = False, merges: bool = True, **chosen: Any) -> Way:
    settings = FilterSettings(**chosen)
    return Way(
        settings=SinkSettings(
            name=name, identity=f"{name}-id", target=LogTarget(), filter=settings, style=StyleSettings()
        ),
        route=Route(name=name, filter=EventFilter(settings), destination=name),
        identity=f"{name}-id",
        terms=Terms(route=name, wording=None, sink=ScriptedSink(())),  # type: ignore[arg-type]  # nobody renders here
        merges=merges,
        namespace=namespace,
        default=default,
    )


class Trial:
    """An intake with everything around it."""

    def __init__(self, *ways: Way, stored: StoredAlerts | None = None, silenced: Callable[[Way], bool] | None = None):
        self.queues = {each.route.name: Queue() for each in ways}
        self.selected: Counter[str] = Counter()
        self.lost: Counter[str] = Counter()
        self.changes = 0
        self.silenced = silenced or (lambda _way: False)
        self.metrics = Metrics()
        self.now = START + timedelta(minutes=1)
        table = RouteTable()
        table.set("", ways)
        around: Any = SimpleNamespace(routes=table, metrics=self.metrics, now=lambda: self.now)
        self.intake = AlertIntake(
            around,
            selects=self._selects,
            dispatcher=lambda each: self.queues[each.route.name],  # type: ignore[arg-type, return-value]
            lose=self._lose,
            changed=self._changed,
            stored=stored or StoredAlerts(),
        )

    def _selects(self, _event: Event, way: Way) -> bool:
        self.selected[way.route.name] += 1
        return not self.silenced(way)

    def _lose(self, route: str, count: int) -> None:
        self.lost[route] += count

    def _changed(self) -> None:
        self.changes += 1

    def take(self, *alerts: Alert, listed: bool = False) -> Taken:
        return self.intake.take(Posted(alerts=alerts, listed=listed), received_at=5.0)

    def offered(self, route: str) -> list[list[str]]:
        return [[each.event.involved_object.name for each in call] for call in self.queues[route].offered]


CART = make_alert(labels={"deployment": "cart"})


def test_each_route_gets_its_alerts_together() -> None:
    """A chat all of a request at once; what is told one by one, one by one."""
    trial = Trial(way("chat"), way("hook", merges=False), way("shop", namespaces=frozenset({"shop"})))
    assert trial.take(make_alert(), CART) == Taken()
    assert trial.offered("chat") == [["checkout", "cart"]]
    assert trial.offered("hook") == [["checkout"], ["cart"]]
    assert trial.offered("shop") == []
    (first, _) = trial.queues["chat"].offered[0]
    assert (first.received_at, first.terms.route) == (5.0, "chat")


def test_what_tells_nothing_new_is_not_counted() -> None:
    """Nor is the checkpoint asked for: Prometheus posts each minute."""
    trial = Trial(way("chat"))
    for _ in range(3):
        trial.take(make_alert(), listed=True)
    assert (trial.selected["chat"], trial.changes, len(trial.offered("chat"))) == (1, 1, 1)


def test_a_teams_route_takes_alerts_of_its_namespace_only() -> None:
    """As it is with events; what no route took goes to the default one."""
    trial = Trial(way("a", namespace="payments"), way("b", namespace="shop"), way("d", default=True))
    trial.take(
        make_alert(), make_alert(labels={"namespace": "dev"}), make_alert(labels={"deployment": "", "node": "n"})
    )
    assert trial.offered("a") == [["checkout"]]
    assert trial.offered("b") == []
    assert trial.offered("d") == [["checkout", "n"]]


def test_what_was_silenced_is_told_once_the_silence_is_over() -> None:
    """If it still fires, and is posted: nobody was told of it."""
    trial = Trial(way("chat"), silenced=lambda _way: True)
    trial.take(make_alert())
    assert trial.offered("chat") == []
    trial.silenced = lambda _way: False
    trial.take(make_alert())
    assert trial.offered("chat") == [["checkout"]]
    assert trial.selected["chat"] == 2


def test_a_full_queue_is_said_and_takes_it_later() -> None:
    """The others have told it by then, and don't tell it again."""
    trial = Trial(way("chat"), way("hook", merges=False))
    trial.queues["hook"].full = True
    assert trial.take(make_alert()) == Taken("too much waits for route hook; the others have them")
    trial.queues["hook"].full = False
    assert trial.take(make_alert()) == Taken()
    assert (trial.offered("chat"), trial.offered("hook")) == ([["checkout"]], [["checkout"]])
    assert trial.selected == {"chat": 1, "hook": 1}


async def test_what_waits_is_stored_and_offered_again() -> None:
    """To the same routes, with its numbers; of a route that is no more it is counted. What was told is remembered."""
    first = Trial(way("chat"), way("gone"))
    first.intake.open()
    first.take(make_alert(), CART)
    waiting = [
        (name, Merged(each.event, 3 if name == "chat" else 1, "web" if name == "chat" else ""))
        for name, queue in first.queues.items()
        for call in queue.offered
        for each in call[:1]
    ]
    stored = first.intake.stored(waiting)
    assert stored.count == 4
    second = Trial(way("chat"), stored=stored)
    assert second.intake.stored([]) is stored
    assert not second.intake.is_open
    second.intake.open()
    ((again,),) = second.queues["chat"].offered
    assert (again.event.involved_object.name, again.count, again.several) == ("checkout", 3, True)
    assert second.lost == {"gone-id": 1}
    assert second.metrics.registry.get_sample_value("kube_wecom_eventer_events_matched_total", {"route": "chat"}) == 3
    second.take(make_alert(), CART)
    assert len(second.queues["chat"].offered) == 1


async def test_what_no_checkpoint_knows_of_is_known() -> None:
    """Until one that was made later has been written; of what was told meanwhile nothing is missing."""
    trial = Trial(way("chat"))
    trial.intake.open()
    trial.take(make_alert(), CART)
    waiting = [("chat", Merged(each.event)) for call in trial.queues["chat"].offered for each in call]
    assert trial.intake.unsaved(waiting) == {"chat": 2}
    trial.intake.stored(waiting)
    assert trial.intake.unsaved(waiting[:1]) == {"chat": 1}
    trial.intake.saved()
    assert trial.intake.unsaved(waiting) == {}
