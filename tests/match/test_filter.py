from __future__ import annotations

from typing import Any

import pytest

from kube_wecom_eventer.config import FilterSettings
from kube_wecom_eventer.match import EventFilter
from tests.support.events import make_event

NODE = {"kind": "Node", "name": "node-1"}


def takes(settings: dict[str, Any], **event: Any) -> bool:
    return EventFilter(FilterSettings(**settings)).takes(make_event(**event))


@pytest.mark.parametrize(
    ("level", "event_type", "expected"),
    [
        ("Warning", "Warning", True),
        ("Warning", "Normal", False),
        ("Normal", "Warning", True),
        ("Normal", "Normal", True),
        ("Normal", "", False),
        ("Warning", "", False),
    ],
)
def test_normal_means_both_levels(level: str, event_type: str, expected: bool) -> None:
    """As in kube-eventer; an event without a type fails."""
    assert takes({"level": level}, type=event_type) is expected


@pytest.mark.parametrize(
    ("namespaces", "about", "expected"),
    [
        ({"payments"}, {"namespace": "payments"}, True),
        ({"payments"}, {"namespace": "payments-2"}, False),
        ({"default"}, NODE, False),
        ({"_cluster"}, NODE, True),
        ({"_cluster"}, {"namespace": "payments"}, False),
        (set(), NODE, True),
    ],
)
def test_namespaces_are_those_of_the_object(namespaces: set[str], about: dict[str, str], expected: bool) -> None:
    """Exact names of the involved object's namespace; _cluster stands for objects without one."""
    assert takes({"namespaces": frozenset(namespaces)}, involvedObject=about) is expected


def test_kinds_are_exact() -> None:
    """Pod is not pod."""
    assert takes({"kinds": frozenset({"Pod"})})
    assert not takes({"kinds": frozenset({"pod", "Node"})})
    assert not takes({"kinds": frozenset({"Pod"})}, involvedObject={})


@pytest.mark.parametrize(
    ("patterns", "reason", "expected"),
    [
        (("BackOff",), "BackOff", True),
        (("Off",), "BackOff", True),
        (("^Off",), "BackOff", False),
        (("Nope", "Back"), "BackOff", True),
        (("[^Unhealthy]",), "Unhealthy", False),
        (("[^Unhealthy]",), "BackOff", True),
        (("(?i)backoff",), "BackOff", True),
        (("Back",), "", False),
    ],
)
def test_a_reason_is_searched_for_each_expression(patterns: tuple[str, ...], reason: str, expected: bool) -> None:
    """Unanchored, one that matches is enough."""
    assert takes({"reasons": patterns}, reason=reason) is expected


def test_an_excluded_reason_wins() -> None:
    """It is AND-ed like every other condition."""
    assert not takes({"reasons": ("Back",), "excluded_reasons": ("^BackOff$",)})
    assert takes({"excluded_reasons": ("^Unhealthy$",)})


def test_all_conditions_must_hold() -> None:
    """Filters are AND-ed."""
    settings = {"namespaces": frozenset({"payments"}), "kinds": frozenset({"Pod"}), "reasons": ("BackOff",)}
    assert takes(settings)
    for change in ({"reason": "Failed"}, {"type": "Normal"}, {"involvedObject": {"kind": "Pod", "namespace": "x"}}):
        assert not takes(settings, **change)


@pytest.mark.parametrize(
    ("settings", "event", "expected"),
    [
        ({"excluded_namespaces": frozenset({"payments"})}, {}, False),
        ({"excluded_namespaces": frozenset({"_cluster"})}, {"involvedObject": NODE}, False),
        ({"excluded_namespaces": frozenset({"shop"})}, {}, True),
        ({"names": ("^checkout-",)}, {}, True),
        ({"names": ("^cart-", "x")}, {}, False),
        ({"names": (".*",)}, {"involvedObject": {"kind": "Pod", "namespace": "payments"}}, False),
        ({"messages": ("(?i)BACK-OFF",)}, {}, True),
        ({"messages": ("quota",)}, {}, False),
        ({"messages": ("quota",)}, {"message": ""}, False),
        ({"min_count": 3}, {}, True),
        ({"min_count": 4}, {}, False),
        ({"min_count": 4}, {"count": 0, "series": {"count": 9}}, True),
        ({"min_count": 2}, {"count": 0}, False),
    ],
)
def test_the_filters_that_kube_eventer_does_not_have(
    settings: dict[str, Any], event: dict[str, Any], expected: bool
) -> None:
    """Excluded namespaces, the object's name, the message, how often it happened."""
    assert takes(settings, **event) is expected
