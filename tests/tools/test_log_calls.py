from __future__ import annotations

import ast
from textwrap import dedent

import pytest

from tools.reference.log_calls import LogCalls, Module, NotFollowed


def found(*sources: str) -> dict[str, tuple[str, str, str]]:
    """Return levels, keys that are always there, and others, of each event of some modules."""
    modules = [Module(f"{number}.py", ast.parse(dedent(source))) for number, source in enumerate(sources)]
    return {
        call.event: (
            " ".join(sorted(call.levels)),
            " ".join(sorted(call.keys.always)),
            " ".join(sorted(call.keys.sometimes)),
        )
        for call in LogCalls(modules).all()
    }


def test_a_plain_call_has_its_level_and_keys() -> None:
    """Of the module's logger, of one that is asked for on the spot; an exception is an error with a traceback."""
    source = """
    log = structlog.get_logger()
    def work(name):
        log.info("begun", name=name, size=1)
        structlog.get_logger().exception("failed")
    """
    assert found(source) == {"begun": ("info", "name size", ""), "failed": ("error", "exception", "")}


def test_a_name_with_a_constructors_argument_is_followed_to_who_constructs() -> None:
    """By keyword or by position, in another module, each value a name of its own."""
    follower = """
    class Follower:
        def __init__(self, path, *, subject):
            self.subject = subject
        def say(self):
            log.warning(f"{self.subject}_unreadable", path=1)
    class Trouble:
        def __init__(self, about): self._about = about
        def say(self): log.info(f"the_{self._about}_is_over")
    """
    building = """
    routes = Follower("/configmaps", subject="routes")
    def build(): return Follower("/namespaces", subject="namespaces"), Trouble("lease")
    """
    assert found(follower, building) == {
        "routes_unreadable": ("warning", "path", ""),
        "namespaces_unreadable": ("warning", "path", ""),
        "the_lease_is_over": ("info", "", ""),
    }


def test_a_name_that_a_method_is_given_is_followed_within_its_class() -> None:
    """Another class's method of that name is another one."""
    source = """
    class Keeping:
        def read(self): self._say("unreadable", 1)
        def write(self): self._say("unwritable" if self.writes else "unsaid", 2)
        def _say(self, event, error): log.warning(event, error=error)
    class Check:
        def run(self): self._say(MARK, "text")
        def _say(self, mark, text): print(mark, text)
    """
    assert set(found(source)) == {"unreadable", "unwritable", "unsaid"}


def test_a_chosen_method_has_both_levels_and_a_table_all_its_names() -> None:
    """Whatever is chosen while it runs."""
    source = """
    NAMES = {1: "one", 2: "two"}
    class Telling:
        def __init__(self, where): self._log = log.bind(destination=1, **({"place": where} if where else {}))
        def tell(self, bad, kind):
            say = self._log.error if bad else self._log.warning
            say("told", detail=1)
            self._log.info(NAMES[kind])
    """
    assert found(source) == {
        "told": ("error warning", "destination detail", "place"),
        "one": ("info", "destination", "place"),
        "two": ("info", "destination", "place"),
    }


def test_keys_are_followed_to_the_dictionaries_that_they_come_from() -> None:
    """What is there in one case only is sometimes there; what a comprehension may leave out, too."""
    source = """
    class Reading:
        def __init__(self, selector): self._selector = {"labelSelector": 1} if selector else {}
        def say(self, error):
            hint = {"missing_rule": 1} if error else {}
            log.warning("unreadable", error=error, **hint, **self._selector)
            log.info("silenced", **self._described())
            log.info("route", **described())
        def _described(self): return {"by": 1, "why": 2}
    def described():
        all = {"kinds": 1, "reason": 2}
        return {name: value for name, value in all.items() if value}
    """
    assert found(source) == {
        "unreadable": ("warning", "error", "labelSelector missing_rule"),
        "silenced": ("info", "by why", ""),
        "route": ("info", "", "kinds reason"),
    }


def test_keys_that_a_function_passes_on_are_followed_to_its_callers() -> None:
    """What one caller gives and another does not is sometimes there; the function's own parameters are no keys."""
    source = """
    class Templates:
        def read(self, error):
            place = {"line": 1} if error else {}
            self._bad("a", stage="parse", by=1, **place)
            self._bad("b", stage="missing", by=2)
        def _bad(self, name, *, stage, **details): log.warning("unusable", name=name, **details)
    """
    assert found(source) == {"unusable": ("warning", "by name", "line")}


@pytest.mark.parametrize(
    "source",
    [
        "def say(name): log.info(name)",
        "def say(name): log.info('x' + name)",
        "def say(facts): log.info('x', **facts)",
        "call_later(1, log.info, 'x')",
        "logger = structlog.get_logger()\ndef say(): logger.info('x')",
        "class A:\n  def __init__(self): self._own = log.bind(a=1)",
        "def say(): log.info()",
    ],
)
def test_what_cannot_be_followed_is_an_error(source: str) -> None:
    """An event that nobody knows of would have no meaning, and no section in the runbook."""
    with pytest.raises(NotFollowed, match=r"^0\.py:\d"):
        found(source)
