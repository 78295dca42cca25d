from __future__ import annotations

import pytest

from kube_wecom_eventer.config.uri import OptionUri, http_address, parse_uri


def parse(text: str, **environ: str) -> OptionUri:
    return parse_uri(text, environ=environ)


def test_scheme_url_and_options_are_divided() -> None:
    """The scheme ends at the first colon, the URL at the first question mark."""
    uri = parse("webhook:https://host/path?a=1&b=x?y=z")
    assert (uri.scheme, uri.url) == ("webhook", "https://host/path")
    assert uri.options == (("a", "1"), ("b", "x?y=z"))
    assert uri.warnings == ()


@pytest.mark.parametrize(
    ("query", "value"),
    [("a+b", "a b"), ("a%2Bb", "a+b"), ("%E4%B8%AD", "中"), ("[^x]", "[^x]"), ("a=b", "a=b"), ("", "")],
)
def test_values_are_decoded_as_go_does(query: str, value: str) -> None:
    """A plus sign is a space, %xx is decoded, everything else stays."""
    assert parse(f"s:u?k={query}").first("k") == value


def test_the_first_value_of_a_scalar_wins_and_all_are_there() -> None:
    """kube-eventer's scalars take the first one; lists may ask for every one."""
    uri = parse("s:u?reason=a&reason=b")
    assert uri.first("reason") == "a"
    assert uri.every("reason") == ("a", "b")
    assert uri.first("Reason") is None


@pytest.mark.parametrize("pair", ["bad=a;b", "bad=100%", "bad=%zz"])
def test_a_pair_that_go_drops_is_dropped_and_said(pair: str) -> None:
    """A ';' or a '%' that is no escape makes a pair vanish; the others stay."""
    uri = parse(f"s:u?good=1&{pair}")
    assert uri.options == (("good", "1"),)
    assert len(uri.warnings) == 1
    assert "'bad'" in uri.warnings[0]


def test_options_without_a_question_mark_are_read_and_said() -> None:
    """kube-eventer's own documentation writes them so, and then ignores them."""
    uri = parse("webhook:https://host/path&level=Normal&kinds=Pod")
    assert uri.url == "https://host/path"
    assert uri.options == (("level", "Normal"), ("kinds", "Pod"))
    assert "'?'" in uri.warnings[0]


def test_the_environment_is_expanded_before_the_uri_is_read() -> None:
    """$NAME and ${NAME} may hold any part, options included."""
    uri = parse("webhook:$BASE?key=${KEY}&$MORE", BASE="https://h/p", KEY="k", MORE="level=Normal")
    assert uri.url == "https://h/p"
    assert uri.options == (("key", "k"), ("level", "Normal"))


@pytest.mark.parametrize("value", ["Failed$", "a$|b", "$1", "${", "$$"])
def test_a_dollar_that_names_no_variable_stays(value: str) -> None:
    """A regular expression may end with one."""
    assert parse(f"s:u?reason={value}").first("reason") == value


def test_an_unset_variable_is_said() -> None:
    """It becomes nothing, as in kube-eventer; a missing key would be hard to see otherwise."""
    uri = parse("s:u?key=$NOPE")
    assert uri.first("key") == ""
    assert uri.warnings == ("$NOPE is not set in the environment, so nothing stands in its place",)


def test_what_stands_behind_a_hash_is_said() -> None:
    """Go's net/url takes it for a fragment."""
    uri = parse("s:u?a=1#b=2")
    assert uri.options == (("a", "1"),)
    assert "%23" in uri.warnings[0]


@pytest.mark.parametrize("text", ["", "no-scheme", ":x"])
def test_a_uri_needs_a_scheme(text: str) -> None:
    """Without one there is nothing to go by."""
    with pytest.raises(ValueError, match="has no scheme"):
        parse(text)


@pytest.mark.parametrize(
    "url", ["", "host/path", "ftp://host", "https://", "http://[::1", "https://h:99999", "https://h:x"]
)
def test_what_is_no_http_address_is_none(url: str) -> None:
    """Whatever urllib thinks of it, it raises nothing."""
    assert http_address(url) is None
