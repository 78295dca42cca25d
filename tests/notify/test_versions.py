from __future__ import annotations

from kube_wecom_eventer.event import Event
from kube_wecom_eventer.notify import VersionRange, Versions
from tests.support.events import make_event


def event(name: str, version: int) -> Event:
    return make_event(metadata={"name": name, "namespace": "ns", "uid": f"uid-{name}", "resourceVersion": str(version)})


def test_a_newer_version_takes_the_place_of_the_one_before() -> None:
    """As in the API server, which holds only the newest."""
    versions = Versions()
    assert not versions
    for each in (event("a", 5), event("b", 6), event("a", 9), event("b", 3)):
        versions.add(each)
    assert dict(versions.items()) == {event("a", 0).identity: 9, event("b", 0).identity: 6}
    assert versions


def test_what_is_beyond_the_capacity_is_a_range_with_a_number() -> None:
    """Memory is bounded, whatever waits."""
    versions = Versions(capacity=2)
    for number in (10, 30, 20, 50, 40):
        versions.add(event(f"e{number}", number))
    assert sorted(version for _, version in versions.items()) == [10, 30]
    assert versions.beyond == VersionRange(20, 50, 3)
    versions.add(event("e10", 60))
    assert sorted(version for _, version in versions.items()) == [30, 60]


def test_two_are_put_together() -> None:
    """A released repeat joins what waits."""
    one, other = Versions(capacity=2), Versions(capacity=1)
    one.add(event("a", 1))
    for number in (2, 7, 8):
        other.add(event(f"b{number}", number))
    one.update(other)
    assert sorted(version for _, version in one.items()) == [1, 2]
    assert one.beyond == VersionRange(7, 8, 2)


def test_an_identity_is_the_same_in_every_process() -> None:
    """It is written down; Python's own hash differs from run to run."""
    assert event("a", 1).identity == 280694744220332
    assert event("a", 1).identity != event("b", 1).identity
    assert (
        make_event(metadata={"name": "a", "namespace": "x"}).identity
        != make_event(metadata={"name": "a", "namespace": "y"}).identity
    )
