from __future__ import annotations

from kube_wecom_eventer.event import Event
from kube_wecom_eventer.kube.checkpoint import Unsettled, Waiting
from kube_wecom_eventer.kube.resumption import Resumption
from tests.support.events import make_event


def event(name: str, version: int) -> Event:
    return make_event(metadata={"name": name, "namespace": "ns", "uid": f"uid-{name}", "resourceVersion": str(version)})


def waiting(**versions: int) -> Waiting:
    return Unsettled({event(name, 0).identity: version for name, version in versions.items()}).noted(
        exactly=100, ranges=64
    )


def everything(_event: Event) -> bool:
    return True


def test_a_listed_version_that_waited_is_for_its_routes_again_once() -> None:
    """A list that is read twice offers it once."""
    it = Resumption({"a": waiting(x=5, y=6), "b": waiting(x=5)}, routes={"a": everything, "b": everything})
    assert it
    assert it.listed(event("x", 5), new=False) == ["a", "b"]
    assert it.listed(event("x", 5), new=False) == []
    assert it.listed(event("z", 4), new=False) == []
    assert dict(it.unsettled())["a"].objects == {event("y", 0).identity: 6}
    assert it.finish() == {"a": 1}
    assert not it


def test_an_object_with_a_newer_version_is_neither_told_again_nor_gone() -> None:
    """The newer one is told as new, or was settled before: its waiting is inherited."""
    it = Resumption({"a": waiting(x=5, y=6)}, routes={"a": everything})
    assert it.listed(event("x", 20), new=True) == []
    assert it.listed(event("y", 7), new=False) == []
    assert it.finish() == {}


def test_what_waited_for_a_route_that_is_no_more_is_counted() -> None:
    """It is nobody's now, and said."""
    it = Resumption({"old": waiting(x=5, y=6), "empty": Waiting(count=0)}, routes={"a": everything})
    assert it.removed == {"old": 2}
    assert not it


def test_ranges_offer_what_the_route_takes_and_count_what_is_missing() -> None:
    """Of what is noted as ranges the names are not known, so what has changed meanwhile counts as gone, too."""
    left = Waiting(count=4, ranges=((10, 20), (50, 60)))
    it = Resumption({"a": left}, routes={"a": lambda each: each.metadata.name != "other"})
    assert it.listed(event("x", 10), new=False) == ["a"]
    assert it.listed(event("x", 10), new=False) == []
    assert it.listed(event("y", 55), new=False) == ["a"]
    assert it.listed(event("other", 15), new=False) == []
    assert it.listed(event("z", 30), new=False) == []
    assert dict(it.unsettled())["a"].beyond == [(10, 20, 4), (50, 60, 0)]
    assert it.finish() == {"a": 2}


def test_what_the_route_does_not_select_any_more_is_counted() -> None:
    """Its version is gone with the newer one, or its route's filter was changed: it is told to nobody, and said."""
    it = Resumption({"a": waiting(x=5, y=6)}, routes={"a": lambda each: each.version == 1})
    assert it.listed(event("x", 9), new=True) == []
    assert it.listed(event("y", 6), new=False) == []
    assert it.finish() == {"a": 2}
