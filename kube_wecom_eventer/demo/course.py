"""The course of the demo: the daemon starts, a cluster's day is played, whoever looks may stay, all is sent.

Owns the order of these, and why the demo ends. The daemon runs as its own process, as in a cluster, against an
API server and two WeCom groups on loopback.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from datetime import timedelta
from random import Random
from typing import Any

from kube_wecom_eventer.demo.actions import Actions
from kube_wecom_eventer.demo.cluster import Cluster
from kube_wecom_eventer.demo.daemon import Daemon, run_daemon
from kube_wecom_eventer.demo.feed import Feed
from kube_wecom_eventer.demo.gallery import gallery
from kube_wecom_eventer.demo.ledger import Ledger
from kube_wecom_eventer.demo.log_lines import LogLine
from kube_wecom_eventer.demo.options import FAST, Options
from kube_wecom_eventer.demo.page_app import Page, Watchers
from kube_wecom_eventer.demo.records import Clock, Note, Viewers
from kube_wecom_eventer.demo.resources import EVENTS
from kube_wecom_eventer.demo.robots import TEMPLATE, TEMPLATE_NAMESPACE, robots, template
from kube_wecom_eventer.demo.scenario import Scenario
from kube_wecom_eventer.demo.screen import Screen
from kube_wecom_eventer.demo.serving import serve
from kube_wecom_eventer.demo.status import JsonObject
from kube_wecom_eventer.demo.wecom import Received, WeComGroup

START_TIMEOUT = 20.0  # seconds until the daemon must watch the events
EVENTS_PER_SECOND = 0.6
MOST_GIVEN = 14  # events for one group besides the burst, which is merged: nothing waits when the day ends
PAGE_CLOSED_FOR = 20.0  # seconds until a page that was closed, or is loaded anew, counts as left
LOOK_EVERY = 0.25  # seconds between looks at whether somebody still has the page open


Command = Callable[..., list[str]]
"""Makes the daemon's command line; see ``daemon.command_line``."""


class PageRefused(Exception):
    """The page can't be served where it was wished for; the text says what to write instead."""


class Demo:
    """One run of the demo. ``command`` makes the daemon's command line from the two servers' addresses."""

    def __init__(self, *, options: Options, screen: Screen, command: Command, clock: Clock) -> None:
        self._options = options
        self._texts = options.texts
        self._screen = screen
        self._command = command
        self._clock = clock
        self._random = Random(options.seed)
        self._robots = robots(options.texts)
        self._ledger = Ledger(self._robots)
        run = str(clock().timestamp())
        self._feed = Feed(options=options, robots=self._robots, ledger=self._ledger, clock=clock, run=run)
        self._viewers = Viewers([screen, self._feed])
        self._cluster = Cluster(random=self._random, clock=clock, created=self._created)
        self._scenario = Scenario(random=self._random, clock=clock)
        self._wecom = WeComGroup(keys=[robot.key for robot in self._robots], clock=clock)
        self._wecom.on_request(self._received)
        self._actions = Actions(
            cluster=self._cluster,
            scenario=self._scenario,
            wecom=self._wecom,
            robots=self._robots,
            texts=options.texts,
            say=self._viewers.said,
            changed=self._feed.changed,
        )
        self._feed.actions = self._actions
        self._watchers = Watchers(time.monotonic)
        self._given: Counter[int] = Counter()
        self._url = ""

    async def play(self, stop: asyncio.Event) -> int:
        """Run it until the day is over and nobody stays, or ``stop`` is set; the exit code."""
        self._cluster.set_config_map(TEMPLATE_NAMESPACE, TEMPLATE, {"content": template(self._texts)})
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(self._cluster.port.close)
            await self._cluster.port.open()
            wecom_url = await stack.enter_async_context(serve(self._wecom))
            await self._open_page(stack)
            self._say("starting", api=self._cluster.port.url, wecom=wecom_url)
            command = self._command(api_url=self._cluster.port.url, wecom_url=wecom_url, robots=self._robots)
            daemon = await stack.enter_async_context(run_daemon(command, on_line=self._logged))
            stack.push_async_callback(self._actions.close)
            failure = await self._course(daemon, stop)
            code = self._sum_up(failure, daemon)
            self._feed.enter("ended")
        return code

    async def _open_page(self, stack: contextlib.AsyncExitStack) -> None:
        port = self._options.page_port
        if port is None:
            return
        page = Page(feed=self._feed, actions=self._actions, watchers=self._watchers, gallery=gallery)
        try:
            self._url = await stack.enter_async_context(serve(page, port=port))
        except OSError as error:
            if not self._options.port_is_wish:
                text = f"--page-port={port} can't be had ({error.strerror}): write another one, or 0 for a free one"
                raise PageRefused(text) from None
            self._url = await stack.enter_async_context(serve(page))
            self._say("page_moved", port=port)
        self._say("page", url=self._url)

    async def _course(self, daemon: Daemon, stop: asyncio.Event) -> Note | None:
        """Start, day, stay and end. Returns why it failed, None if it did not."""
        with _running(daemon.exited()) as exited, _running(stop.wait()) as stopped:
            try:
                for stage in (self._watched, self._day, self._stay):
                    with _running(stage()) as doing:
                        await asyncio.wait({doing, exited, stopped}, return_when=asyncio.FIRST_COMPLETED)
                        if stop.is_set():
                            break
                        if exited.done():
                            return Note(name="exited", values={"code": exited.result()})
                        doing.result()
            except TimeoutError:
                return Note(name="not_watching", values={"seconds": START_TIMEOUT})
            await self._drain(daemon)
        return None

    async def _watched(self) -> None:
        async with asyncio.timeout(START_TIMEOUT):
            await self._cluster.watched(EVENTS.name)
        self._actions.open = True

    async def _day(self) -> None:
        seconds = self._options.seconds
        if not seconds:
            return
        self._feed.enter("day", until=self._clock() + timedelta(seconds=seconds))
        self._say("playing", seconds=seconds)
        rate = EVENTS_PER_SECOND * (FAST if self._options.fast else 1.0)
        loop = asyncio.get_running_loop()
        started = loop.time()
        burst_is_due = self._options.burst > 0
        event = self._scenario.fresh()  # one that is told, so that nobody waits for the first message
        while (elapsed := loop.time() - started) < seconds:
            if burst_is_due and elapsed > seconds / 2:
                burst_is_due = False
                self._burst()
            if self._is_within_pace(event):
                self._cluster.create(event)
            # Events come at irregular times; never longer than what is left.
            await asyncio.sleep(min(self._random.expovariate(rate), seconds - elapsed))
            event = self._scenario.next_event()

    def _is_within_pace(self, event: JsonObject) -> bool:
        """Whether its group has room for the event: a short day should not end with messages that still wait."""
        group = self._ledger.group_of(event)
        if group is None or self._options.fast:
            return True
        self._given[group] += 1
        return self._given[group] <= MOST_GIVEN

    def _burst(self) -> None:
        self._say("burst", count=self._options.burst)
        for event in self._scenario.burst(self._options.burst):
            self._cluster.create(event, one_of_many=True)

    async def _stay(self) -> None:
        """Wait as long as somebody looks; with --stay for ever."""
        if not self._options.stay and self._watchers.absent_for() > PAGE_CLOSED_FOR:
            return
        self._feed.enter("staying")
        if self._options.stay:
            self._say("staying")
        else:
            self._say("staying_for_page", seconds=PAGE_CLOSED_FOR)
        while self._options.stay or self._watchers.absent_for() <= PAGE_CLOSED_FOR:  # noqa: ASYNC110 time decides
            await asyncio.sleep(LOOK_EVERY)
        self._say("page_closed", seconds=PAGE_CLOSED_FOR)

    async def _drain(self, daemon: Daemon) -> None:
        await self._actions.close()
        self._feed.enter("draining")
        self._say("draining")
        with _running(self._show_waiting()):
            await daemon.stop()

    async def _show_waiting(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            self._screen.progress(Note(name="still_waiting", values={"count": self._ledger.waiting}))

    def _created(self, event: JsonObject, one_of_many: bool) -> None:
        calm = self._actions.calm
        happened = self._ledger.created_event(event, self._clock(), one_of_many=one_of_many, calm=calm)
        self._viewers.happened(happened)

    def _received(self, received: Received) -> None:
        if told := self._ledger.received(received):
            self._viewers.told(told)

    def _logged(self, line: LogLine) -> None:
        if line.is_warning:
            self._viewers.warned(line)
        elif line.event == "template_loaded":
            self._actions.template_loaded.set()

    def _say(self, name: str, **values: object) -> None:
        self._viewers.said(Note(name=name, values=values))

    def _sum_up(self, failure: Note | None, daemon: Daemon) -> int:
        ledger = self._ledger
        if not failure and not ledger.accepted:
            failure = Note(name="nothing")
        if failure:
            self._screen.failure(self._texts.of(failure), daemon.last_lines)
            self._feed.said(failure)
        summary = self._texts.summary.format(
            created=ledger.created, selected=ledger.selected, accepted=ledger.accepted, refused=ledger.refused
        )
        self._screen.say(summary + self._delay_in_words())
        if not failure and not self._options.stay:
            self._screen.say(self._texts.next)
        return 1 if failure else 0

    def _delay_in_words(self) -> str:
        delay = self._ledger.median_delay
        return self._texts.no_median if delay is None else self._texts.median.format(delay=delay * 1000)


@contextlib.contextmanager
def _running(doing: Coroutine[Any, Any, Any]) -> Iterator[asyncio.Task[Any]]:
    """Let it run beside the block, and not after it."""
    task = asyncio.create_task(doing)
    try:
        yield task
    finally:
        task.cancel()
