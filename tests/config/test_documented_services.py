"""What docs/sinks.md and docs/tenants.md write works, and what they say of it is so, in both languages."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

import pytest
import yaml

from kube_wecom_eventer.config import AppriseTarget
from tests.config.test_apprise import parse
from tests.config.test_route_default import APPLICATION, MAIL, declared

DOCS = Path(__file__).parents[2] / "docs"
SINKS = [(DOCS / name).read_text(encoding="utf-8") for name in ("sinks.md", "sinks.zh-CN.md")]
TENANTS = [(DOCS / name).read_text(encoding="utf-8") for name in ("tenants.md", "tenants.zh-CN.md")]
SERVICES = [
    row for page in SINKS for row in re.findall(r"^\| [^|]+ \| `(apprise:\S+)` \| ([\d,]+)", page, re.MULTILINE)
]
ROUTES = [
    route
    for page in TENANTS
    for text in re.findall(r"(?ms)^ *```yaml\n(.*?)^ *```", page)
    for name, route in yaml.safe_load(dedent(text)).get("data", {}).items()
    if name.startswith("sink")
]
REFUSED = [row for page in TENANTS for row in re.findall(r"^\| [^|`]+ \| `([^`]+)` \|$", page, re.MULTILINE)]
REFUSABLE = (
    "wechat:?to_user=@all",
    "apprise:?to=x@elsewhere.com",
    "wechat:?level=Normal",
    "wechat:?to_user=lihua&api=https://x.example.com",
    f"wechat:?to_user={','.join(f'u{number}' for number in range(30))}",
)


@pytest.mark.parametrize(("line", "limit"), SERVICES)
def test_the_line_of_each_service_works(line: str, limit: str) -> None:
    """Without a doubt, and with room for as many bytes as it says."""
    sink, problems, warnings = parse(line)
    assert (problems, warnings) == ([], [])
    assert sink is not None
    assert isinstance(sink.target, AppriseTarget)
    assert sink.target.form is not None
    assert sink.target.form.limit == int(limit.replace(",", ""))


@pytest.mark.parametrize("route", ROUTES)
def test_each_route_that_names_only_people_is_taken(route: str) -> None:
    """As a team writes it in its namespace."""
    sink, problems, warnings = declared(route, APPLICATION, MAIL)
    assert (problems, warnings) == ([], [])
    assert sink is not None


def test_the_words_of_refusals_are_the_programs() -> None:
    """One for each kind, on both pages."""
    said = [problem for route in REFUSABLE for problem in declared(route, APPLICATION, MAIL)[1]]
    assert [REFUSED[: len(said)], REFUSED[len(said) :]] == [said, said]


def test_something_was_found() -> None:
    """The patterns above match."""
    assert (len(SERVICES), len(ROUTES)) == (28, 8)
