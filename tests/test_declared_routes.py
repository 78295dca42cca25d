"""Routes that a ConfigMap declares, as it is edited."""

from __future__ import annotations

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from kube_wecom_eventer.config import SinkSettings
from kube_wecom_eventer.declared_routes import MAX_ROUTES, DeclaredRoutes
from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.render import Templates
from kube_wecom_eventer.routing import RouteTable, Way
from tests.test_routing import way

GOOD = "wecom:?key_secret=robot"


def make_way(sink: SinkSettings, template: str | None, namespace: str) -> Way:
    return replace(way(sink.name, namespace=namespace), settings=sink, template=template)


@pytest.fixture
def table() -> RouteTable:
    return RouteTable()


@pytest.fixture
def declared(table: RouteTable) -> DeclaredRoutes:
    return DeclaredRoutes(
        table=table,
        templates=Templates(metrics=Metrics()),
        namespace="platform",
        allowed_hosts=("qyapi.weixin.qq.com",),
        make_way=make_way,
    )


def states(declared: DeclaredRoutes) -> dict[str, bool]:
    """Return whether each route is well, by its name."""
    return {route.name: not route.problems for route in declared.routes}


def sinks(*parts: str, text: str = GOOD) -> dict[str, str]:
    """Return a ConfigMap's data with these sinks."""
    return {f"sink.{part}": text for part in parts}


def test_a_new_route_beyond_the_most_is_refused_and_takes_no_ones_place(declared: DeclaredRoutes) -> None:
    """Wherever its name stands in the order; so the most is never exceeded, however often somebody edits."""
    there = [f"r{number}" for number in range(MAX_ROUTES)]
    declared.changed("a", "cm", sinks(*there))
    for new in ("a1", "a2"):
        declared.changed("a", "cm", sinks(*there, new))
        assert [name for name, well in states(declared).items() if not well] == [f"a/cm/{new}"]
    declared.changed("a", "other", sinks("x"))
    assert states(declared)["a/other/x"] is False
    declared.gone("a", "cm")
    declared.changed("a", "other", sinks("x"))
    assert states(declared) == {"a/other/x": True}


def test_what_one_configmap_has_too_many_of_is_said_in_a_line(declared: DeclaredRoutes) -> None:
    """It has room for 100,000 sinks, and whoever may edit it must not fill the log and the memory; bad ones neither."""
    with capture_logs() as logs:
        declared.changed("a", "cm", sinks(*(f"x{number:05}" for number in range(50_000)), text="wecom:?level=Foo"))
    assert len(declared.routes) == MAX_ROUTES + 1
    assert "this one and 49979 more are not read; remove some" in declared.routes[-1].problems[0]
    assert logs[-1]["problem"] == declared.routes[-1].problems[0]
    assert len(logs) <= 3 * MAX_ROUTES


def test_the_platforms_own_may_be_many(declared: DeclaredRoutes) -> None:
    """Whoever may write there decides for everybody anyway."""
    declared.changed("platform", "cm", sinks(*(f"r{number}" for number in range(3 * MAX_ROUTES))))
    assert sum(states(declared).values()) == 3 * MAX_ROUTES


def test_a_bad_edit_keeps_the_last_good_route(declared: DeclaredRoutes, table: RouteTable) -> None:
    """A typing mistake at night must not make a team deaf; a sink that is removed is gone."""
    declared.changed("a", "cm", sinks("x", "y"))
    made = dict(table.ways)
    declared.changed("a", "cm", {"sink.x": "wecom:?level=Foo", "sink.y": GOOD})
    assert table.ways == made
    assert states(declared) == {"a/cm/x": False, "a/cm/y": True}
    declared.changed("a", "cm", sinks("y"))
    assert list(table.ways) == ["a/cm/y"]
