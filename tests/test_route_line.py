"""The line of the log that says what a route of the args is."""

from __future__ import annotations

import pytest

from kube_wecom_eventer.building import described
from kube_wecom_eventer.config.sink import parse_sink


@pytest.mark.parametrize(
    ("options", "more"),
    [
        ("", {}),
        ("&default=true", {"default": True}),
        ("&default=false&namespaces=shop", {"namespaces": ["shop"]}),
        ("&exclude_reason=Unhealthy&min_count=3", {"exclude_reason": ["Unhealthy"], "min_count": 3}),
    ],
)
def test_the_line_has_what_was_set_and_no_key(options: str, more: dict[str, object]) -> None:
    """What is not set stays out, but for the filters that everybody asks about first."""
    key = "693a91f6-7aoc-4bc4-97a0-0ec2sifa5aaa"
    problems: list[str] = []
    sink = parse_sink(f"wecom:?key={key}{options}", number=1, environ={}, problems=problems, warnings=[])
    assert (problems, sink is not None) == ([], True)
    line = described(sink) if sink else {}
    assert key not in str(line)
    assert line == {
        "destination": line["destination"],
        "address": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send",
        "event_level": "Warning",
        "namespaces": "all",
        "kinds": "all",
        "reason": "all",
        "template": "built-in",
        **more,
    }
