"""Where a declared sink may send: only to hosts that the platform has named."""

from __future__ import annotations

import pytest

from kube_wecom_eventer.config import load_settings, parse_declared_sink


def refusals(url: str, allowed_hosts: str) -> list[str]:
    """Return why a sink with this URL is refused, where the flag names these hosts."""
    flags = ["--namespace-routes", f"--route-allowed-hosts={allowed_hosts}"]
    declared = load_settings(flags, environ={}).declared_routes
    assert declared is not None
    problems: list[str] = []
    parse_declared_sink(
        f"webhook:{url}",
        name="a/b",
        namespace="a",
        allowed_hosts=declared.allowed_hosts,
        everywhere=False,
        problems=problems,
        warnings=[],
    )
    return problems


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Hooks.Example.com/x", "hooks.example.com"),
        ("https://hooks.example.com:443/x", "hooks.example.com"),
        ("http://hooks.example.com:8080/x", "hooks.example.com:8080"),
        ("http://[2001:DB8::1]/x", "[2001:db8::1]"),
        ("http://[::1]:8080/x", "[::1]:8080"),
        ("https://消息.example.com/x", "xn--ybu940a.example.com"),
    ],
)
def test_a_host_is_allowed_as_the_refusal_writes_it(url: str, host: str) -> None:
    """Whoever copies it into the flag has allowed that host, whatever its form."""
    (refusal,) = refusals(url, "other.example.com")
    assert refusal == (f"{host}: declared routes may not send there; ask the platform for --route-allowed-hosts={host}")
    assert refusals(url, host) == []


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com.evil.test/",
        "https://evil.test/example.com",
        "https://example.com@evil.test/",
        "https://example.com:8443/",
        "https://sub.example.com/",
        "https://example.com./",
    ],
)
def test_nothing_like_an_allowed_host_is_one(url: str) -> None:
    """A name that begins or ends so, stands elsewhere in the URL, or has another port."""
    assert len(refusals(url, "example.com")) == 1
