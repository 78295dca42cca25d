"""A demo without processes and without time: the page, filled by the program's own merging and words.

For pictures that change only when something in them does. Seeded, on a clock that is moved by hand.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from kube_wecom_eventer.demo.actions import Actions
from kube_wecom_eventer.demo.cluster import Cluster
from kube_wecom_eventer.demo.feed import Feed
from kube_wecom_eventer.demo.gallery import gallery
from kube_wecom_eventer.demo.ledger import Ledger
from kube_wecom_eventer.demo.options import parse
from kube_wecom_eventer.demo.page_app import Page, Watchers
from kube_wecom_eventer.demo.records import Note
from kube_wecom_eventer.demo.robots import TEMPLATE, robots, template
from kube_wecom_eventer.demo.scenario import Scenario
from kube_wecom_eventer.demo.status import JsonObject
from kube_wecom_eventer.demo.wecom import Received, WeComGroup
from kube_wecom_eventer.event import Event
from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.notify.notification import Terms, notification
from kube_wecom_eventer.notify.pending import MergingPending
from kube_wecom_eventer.render import ChatWording, Message, Renderer, Style, Templates
from kube_wecom_eventer.sinks import Account, Outcome, Verdict

ZONE = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)


class _NoSink:
    """Nothing is sent from here."""

    account: Account | None = None

    async def ready(self) -> Outcome | None:
        """See `Sink.ready`."""
        return None

    async def send(self, message: Message) -> Outcome:  # noqa: ARG002 its name is the protocol's
        """See `Sink.send`."""
        return Outcome(verdict=Verdict.ACCEPTED)


@dataclass
class Clock:
    """A clock that stands until it is moved."""

    now: datetime = field(default=START)

    def __call__(self) -> datetime:
        """The time."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Move on."""
        self.now += timedelta(seconds=seconds)


class Staged:
    """The page of a demo in one language, and what can be played on it."""

    def __init__(self, lang: str) -> None:
        self.clock = Clock()
        options = parse(["--lang", lang], {})
        texts, random = options.texts, Random(11)  # noqa: S311 the same events each time
        own = robots(texts)
        self._ledger = Ledger(own)
        self.feed = Feed(options=options, robots=own, ledger=self._ledger, clock=self.clock, run="staged")
        self.scenario = Scenario(random=random, clock=self.clock)
        self._cluster = Cluster(random=random, clock=self.clock, created=self._created)
        self._keys = [robot.key for robot in own]
        self._pending = [MergingPending(), MergingPending()]
        self._terms = [self._terms_of(index, texts.lang, template(texts)) for index in range(len(own))]
        self._actions = self.feed.actions = Actions(
            cluster=self._cluster,
            scenario=self.scenario,
            wecom=WeComGroup(keys=self._keys, clock=self.clock),
            robots=own,
            texts=texts,
            say=self.feed.said,
            changed=self.feed.changed,
        )
        self._actions.open = True
        self.feed.enter("staying")

    @staticmethod
    def _terms_of(index: int, lang: str, body: str) -> Terms:
        templates = Templates(metrics=Metrics())
        templates.update(TEMPLATE, {"content": body})
        style = Style(lang=lang)
        if index == 1:
            style = Style(msgtype="markdown", lang=lang, cluster="demo", mentioned_list=("oncall-platform",))
        renderer = Renderer(templates=templates, zone=ZONE)
        wording = ChatWording(renderer=renderer, template=None if index else TEMPLATE, style=style)
        return Terms(route=str(index), wording=wording, sink=_NoSink())

    def page(self) -> Page:
        """The app; to be made within a running loop."""
        watchers = Watchers(asyncio.get_running_loop().time)
        return Page(feed=self.feed, actions=self._actions, watchers=watchers, gallery=gallery)

    def happen(self, events: Iterable[JsonObject], *, within: float = 0.0, many: bool = False) -> None:
        """Let events come, evenly within so many seconds."""
        listed = list(events)
        for event in listed:
            self._cluster.create(event, one_of_many=many)
            self.clock.advance(within / len(listed))

    def tell(self, group: int, *, after: float = 0.007, errcode: int = 0, errmsg: str = "ok") -> None:
        """Let the group's robot send what waits for it; the answer is ``errcode``, and refused events wait on."""
        self.clock.advance(after)
        now = self.clock().timestamp()
        batch = self._pending[group].take(now)
        if batch is None:
            raise ValueError("nothing waits for this group")
        body: Any = msgspec.json.decode(batch.wording.message(batch.items).body)
        told = self._ledger.received(
            Received(
                at=self.clock(), key=self._keys[group], body=body, errcode=errcode, errmsg=errmsg, accepted=errcode == 0
            )
        )
        if told:
            self.feed.told(told)
        if errcode:
            self._pending[group].take_back(self._terms[group], batch)

    def say(self, name: str, **values: object) -> None:
        """A sentence of the demo's."""
        self.feed.said(Note(name=name, values=values))

    def _created(self, event: JsonObject, one_of_many: bool) -> None:
        happened = self._ledger.created_event(event, self.clock(), one_of_many=one_of_many)
        self.feed.happened(happened)
        if happened.group is not None:
            terms = self._terms[happened.group]
            now = self.clock().timestamp()
            typed = msgspec.convert(event, Event)
            self._pending[happened.group].add(notification(typed, terms, received_at=now), now)
