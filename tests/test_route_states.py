"""What ``/routes`` says of a route's template."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.render import Templates
from kube_wecom_eventer.route_states import RouteState, route_states
from kube_wecom_eventer.routing import Way


def states(content: str) -> tuple[RouteState, ...]:
    """Return the state of one route with that template."""
    templates = Templates(metrics=Metrics())
    templates.used_by("ns/cm", robot=True)
    templates.update("ns/cm", {"content": content})
    way: Any = SimpleNamespace(route=SimpleNamespace(name="a", destination="wecom-1"), template="ns/cm")
    return route_states([cast(Way, way)], [], troubles={}, templates=templates, last_told={})


def test_what_is_doubtful_in_a_template_is_among_the_doubts() -> None:
    """A team that declares a route sees neither the log nor the metrics."""
    (state,) = states('{"msgtype": "markdown", "markdown": {"content": "{{ .Reason }} <@all>"}}')
    assert state.state == "ok"
    assert state.doubts == (
        "its template: line 1: <@all> has no effect: WeCom's markdown can't mention all; "
        "write userids, or msgtype text",
    )


def test_a_template_that_does_not_parse_is_among_the_doubts() -> None:
    """With what is used instead."""
    (state,) = states("{{ ")
    assert state.doubts == (
        "its template: content: line 1: unclosed action; the built-in body, or the last good template, is used",
    )


def test_a_good_template_raises_no_doubts() -> None:
    """Nothing to say."""
    (state,) = states('{"msgtype": "text", "text": {"content": "{{ .Reason }}"}}')
    assert state.doubts == ()
