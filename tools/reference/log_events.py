"""The page about the log's events: ``page`` is docs/log-events.md, and docs/log-events.zh-CN.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, reduce
from pathlib import Path

from tools.reference.catalogue import Say, heads
from tools.reference.log_calls import Keys, LogCall, LogCalls
from tools.reference.log_meanings import MEANINGS
from tools.reference.markdown import code, linked, table

PACKAGE = Path(__file__).parents[2] / "kube_wecom_eventer"

SERIOUS = ("warning", "error", "critical")
"""The levels at which an event has a section in the runbook."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEvent:
    """An event, with the levels at which it may be logged and its keys in all places that log it."""

    name: str
    levels: tuple[str, ...]
    keys: Keys

    @property
    def serious(self) -> bool:
        """Whether somebody may have to do something."""
        return any(level in SERIOUS for level in self.levels)


@cache
def log_events() -> Mapping[str, LogEvent]:
    """Return the daemon's events by name, in the order of the alphabet. Raises NotFollowed."""
    found: dict[str, list[LogCall]] = {}
    # The demo prints to a person, and logs nothing of its own.
    for call in LogCalls.of_package(PACKAGE, without=("demo",)).all():
        found.setdefault(call.event, []).append(call)
    return {name: _merged(name, places) for name, places in sorted(found.items())}


def _merged(name: str, calls: list[LogCall]) -> LogEvent:
    return LogEvent(
        name=name,
        levels=tuple(sorted({level for call in calls for level in call.levels})),
        keys=reduce(Keys.or_else, (call.keys for call in calls)),
    )


def page(say: Say, *, runbook: str) -> str:
    """Return the page. ``runbook``: the file that says what to do. Raises KeyError for an event without a meaning."""
    head = say(
        "head.log",
        "Each line of the log is one event: a JSON object (`--log-format=json`, and wherever the log is no terminal) "
        "with `timestamp`, `level`, `event` and the keys below; those in brackets are there only where they have "
        "something to say. The names are constant, so they can be searched for and counted. An item is told at debug "
        "(`-v=1`), a change of state at info, what is wrong once a change. Keys and tokens are in no line.",
    )
    what_to_do = say(
        "head.log.runbook",
        "What to do about a warning or an error stands in the runbook (docs/runbook.md), under the event's name. This "
        "page is made from the code: `make docs`.",
    )
    rows = [
        (
            _linked(event, runbook),
            ", ".join(event.levels),
            _written(event.keys),
            say(f"log.{event.name}", MEANINGS[event.name]),
        )
        for event in log_events().values()
    ]
    found = table(heads(say, "event", "level", "keys", "meaning"), rows)
    return linked("\n\n".join(["# " + say("title.log", "The log's events"), head, what_to_do, found])) + "\n"


def _linked(event: LogEvent, runbook: str) -> str:
    return f"[`{event.name}`]({runbook}#{event.name})" if event.serious else code(event.name)


def _written(keys: Keys) -> str:
    return ", ".join([*map(code, sorted(keys.always)), *(f"({code(key)})" for key in sorted(keys.sometimes))])
