"""What the page shows, in a form that a browser reads: the last of everything, and what is new since.

Owns the shape of the JSON, and its bounds: no browser, however slow, makes the demo keep more than this.
Knows nothing of HTTP.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from kube_wecom_eventer.demo.actions import Actions
from kube_wecom_eventer.demo.ledger import Ledger
from kube_wecom_eventer.demo.log_lines import LogLine
from kube_wecom_eventer.demo.options import Options
from kube_wecom_eventer.demo.records import Clock, Happened, Note, Told
from kube_wecom_eventer.demo.robots import Robot
from kube_wecom_eventer.demo.status import JsonObject
from kube_wecom_eventer.demo.texts import LANGUAGES, in_both

EVENTS_KEPT = 120
MESSAGES_KEPT = 160
WARNINGS_KEPT = 40
NOTES_KEPT = 40
EVENTS_AT_ONCE = 30  # rows in one update; what came between them is a number
MESSAGE_LIMIT = 400  # characters of an event's message
BODY_LIMIT = 16 << 10  # bytes of a message's JSON: twice what WeCom takes of a text
LINE_LIMIT = 1_000  # characters of a line of the log

Json = dict[str, Any]


class Ring:
    """The last entries of one kind, and how many there have been."""

    def __init__(self, kept: int) -> None:
        self._entries: deque[Json] = deque(maxlen=kept)
        self.total = 0

    def add(self, entry: Json) -> None:
        """Add one; the oldest may go for it."""
        self._entries.append(entry)
        self.total += 1

    def since(self, seen: int, most: int | None = None) -> tuple[list[Json], int]:
        """The entries after the first ``seen`` ones, at most so many, the newest; and how many are left out."""
        new = self.total - seen
        shown = min(new, len(self._entries), new if most is None else most)
        return list(self._entries)[len(self._entries) - shown :], new - shown


@dataclass(kw_only=True)
class Phase:
    """Where the demo is in its course: starting, day, staying, draining, ended. ``until``: when that is over."""

    name: str = "starting"
    since: datetime | None = None
    until: datetime | None = None


class Feed:
    """A viewer that keeps what pages ask for. ``position`` of a page: how many of each kind it has seen."""

    def __init__(self, *, options: Options, robots: Sequence[Robot], ledger: Ledger, clock: Clock, run: str) -> None:
        """``run`` tells one run of the demo from another."""
        self._options = options
        self._robots = robots
        self._ledger = ledger
        self._clock = clock
        self._run = run
        self._rings = {
            "events": Ring(EVENTS_KEPT),
            "messages": Ring(MESSAGES_KEPT),
            "warnings": Ring(WARNINGS_KEPT),
            "notes": Ring(NOTES_KEPT),
        }
        self._listeners: set[Callable[[], None]] = set()
        self.phase = Phase()
        self.actions: Actions | None = None

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call ``listener`` after every change; the returned callable ends that."""
        self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)

    def changed(self) -> None:
        """Tell the listeners that the state has changed."""
        for listener in tuple(self._listeners):
            listener()

    def enter(self, name: str, *, until: datetime | None = None) -> None:
        """Go on to the next phase."""
        self.phase = Phase(name=name, since=self._clock(), until=until)
        self.changed()

    def happened(self, happened: Happened) -> None:
        """See `Viewer.happened`."""
        self._add("events", _event(happened))

    def told(self, told: Told) -> None:
        """See `Viewer.told`."""
        self._add("messages", message_entry(told))

    def warned(self, line: LogLine) -> None:
        """See `Viewer.warned`."""
        words = {lang: line.in_words(lang)[:LINE_LIMIT] for lang in LANGUAGES}
        entry = {"at": _ms(self._clock()), "level": line.level, "words": words, "raw": line.text[:LINE_LIMIT]}
        self._add("warnings", entry)

    def said(self, note: Note) -> None:
        """See `Viewer.said`."""
        self._add("notes", {"at": _ms(self._clock()), "name": note.name, "words": in_both(note)})

    def news(self, position: Mapping[str, int] | None) -> tuple[Json, dict[str, int]]:
        """What a page lacks, and its new position; None for a page that has nothing yet."""
        news: Json = {"state": self._state()}
        for name, ring in self._rings.items():
            most = EVENTS_AT_ONCE if name == "events" and position is not None else None
            entries, left_out = ring.since(position[name] if position else 0, most)
            news[name] = entries
            if name == "events":
                news["left_out"] = left_out
        if position is None:
            news["run"] = self._run
            news["setting"] = self._setting()
        return news, {name: ring.total for name, ring in self._rings.items()}

    def _add(self, kind: str, entry: Json) -> None:
        ring = self._rings[kind]
        entry["id"] = ring.total
        ring.add(entry)
        self.changed()

    def _setting(self) -> Json:
        """What does not change while the demo runs."""
        return {
            "lang": self._options.lang,
            "groups": [
                {
                    "name": {lang: texts.groups[index] for lang, texts in LANGUAGES.items()},
                    "namespaces": robot.namespaces,
                    "own_template": "custom_body_configmap" in robot.options,
                    "msgtype": robot.options.get("msgtype", ""),
                }
                for index, robot in enumerate(self._robots)
            ],
        }

    def _state(self) -> Json:
        ledger, phase = self._ledger, self.phase
        delay = ledger.median_delay
        return {
            "now": _ms(self._clock()),
            "phase": {"name": phase.name, "since": _ms(phase.since), "until": _ms(phase.until)},
            "totals": {
                "created": ledger.created,
                "selected": ledger.selected,
                "told": ledger.told,
                "waiting": ledger.waiting,
                "accepted": ledger.accepted,
                "refused": ledger.refused,
                "median_ms": None if delay is None else round(delay * 1000),
            },
            "groups": [
                {"waiting": account.waiting, "accepted_at": [_ms(at) for at in account.accepted_at]}
                for account in ledger.accounts
            ],
            "actions": self._actions(),
        }

    def _actions(self) -> Json:
        if self.actions is None:
            return {}
        ready = self.actions.open
        return {
            name: {"ready": ready and not state.running, "on": state.on, "progress": round(state.progress, 3)}
            | ({"running": True} if state.running else {})
            for name, state in self.actions.states.items()
        }


def _event(happened: Happened) -> Json:
    texts = ("type", "reason", "kind", "namespace", "name", "message")
    return {
        "at": _ms(happened.at),
        "count": happened.count,
        "group": happened.group,
        **{name: getattr(happened, name)[:MESSAGE_LIMIT] for name in texts},
    }


def message_entry(told: Told) -> Json:
    """A message as the page takes it."""
    received = told.received
    return {
        "at": _ms(received.at),
        "group": told.group,
        "accepted": received.accepted,
        "errcode": received.errcode,
        "errmsg": received.errmsg[:MESSAGE_LIMIT],
        "meaning": {lang: texts.meaning(received.errcode) for lang, texts in LANGUAGES.items()},
        "body": _bounded(received.body),
        "mentions": list(received.mentions[:100]),
        "stands_for": told.stands_for,
        "delay_ms": None if told.delay is None else round(told.delay * 1000),
        "repeat": told.repeat,
    }


def _bounded(body: Any) -> JsonObject | None:
    """The body, or only its type where it is too large for a page; None where it is no JSON object."""
    if not isinstance(body, dict):
        return None
    if len(msgspec.json.encode(body)) > BODY_LIMIT:
        return {"msgtype": str(body.get("msgtype", ""))[:40], "too_large": True}
    return body


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1000)
