from __future__ import annotations

import pytest

from kube_wecom_eventer.suggestion import did_you_mean, near

KNOWN = (
    "namespaces",
    "exclude_namespaces",
    "kinds",
    "mentioned_list",
    "reason",
    "exclude_reason",
    "name",
    "msgtype",
    "key",
)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("namespace", "namespaces"),
        ("kind", "kinds"),
        ("mention_list", "mentioned_list"),
        ("mentionedList", "mentioned_list"),
        ("reasons", "reason"),
        ("Reason", "reason"),
        ("msg-type", "msgtype"),
        ("namesapces", "namespaces"),
        ("nmae", "name"),
        ("knids", "kinds"),
        ("kye", "key"),
    ],
)
def test_a_slip_finds_the_name_that_was_meant(written: str, meant: str) -> None:
    """A letter too many or too few, two exchanged, other case, other signs between the words."""
    assert near(written, KNOWN)[0] == meant


@pytest.mark.parametrize("written", ["token", "type", "label", "region", "user", "x", "", "-", "名字"])
def test_what_is_like_nothing_finds_nothing(written: str) -> None:
    """A parameter of somebody else's URL must not be doubted."""
    assert near(written, KNOWN) == ()


def test_the_question_names_two_at_most() -> None:
    """And nothing is asked where nothing is near."""
    flags = ("watch-namespaces", "namespace-routes", "since")
    expected = "; did you mean --watch-namespaces or --namespace-routes?"
    assert did_you_mean("namespaces", flags, written="--{}") == expected
    assert did_you_mean("sicne", flags, written="--{}") == "; did you mean --since?"
    assert did_you_mean("nothing", flags) == ""
