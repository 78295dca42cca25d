"""What one can do to the demo from its page: events on demand, and faults to watch the daemon live through.

Owns the course of each of them, and whether it is under way. Knows nothing of HTTP.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from kube_wecom_eventer.demo.cluster import Cluster
from kube_wecom_eventer.demo.faults import Answer
from kube_wecom_eventer.demo.records import Note
from kube_wecom_eventer.demo.robots import TEMPLATE, TEMPLATE_NAMESPACE, Robot, broken_template, template
from kube_wecom_eventer.demo.scenario import Scenario
from kube_wecom_eventer.demo.texts import Texts
from kube_wecom_eventer.demo.wecom import WeComGroup

STORM_EVENTS = 5_000
STORM_SECONDS = 6.0
CRASHES = 12
CRASH_SECONDS = 9.0
AWAY_SECONDS = 4.0
AWAY_EVENTS = 6
OUTAGE_EVENTS = 3  # for each group, a second apart

FOLLOWED_WITHIN = 15.0  # seconds until a daemon has surely seen the change of a ConfigMap

_STEPS_PER_SECOND = 10
_EVER = 1 << 60
_BAD_GATEWAY = Answer(status=502, body=b"<html><body>502 Bad Gateway</body></html>", content_type="text/html")

Progress = Callable[[float], None]
Course = Callable[[Progress], Awaitable[None]]


class NotNow(Exception):
    """The action is under way already, or the demo is not ready for any."""


@dataclass(kw_only=True)
class State:
    """How an action is doing. ``on``: of a switch. ``progress``: from 0 to 1 while it runs."""

    running: bool = False
    on: bool = False
    progress: float = 0.0


class Actions:
    """``say`` tells what happens; ``changed`` hears when a state has changed.

    ``template_loaded`` is to be set when the daemon has taken a template.
    """

    def __init__(
        self,
        *,
        cluster: Cluster,
        scenario: Scenario,
        wecom: WeComGroup,
        robots: Sequence[Robot],
        texts: Texts,
        say: Callable[[Note], None],
        changed: Callable[[], None],
    ) -> None:
        self._cluster = cluster
        self._scenario = scenario
        self._wecom = wecom
        self._robots = robots
        self._texts = texts
        self._say = say
        self._changed = changed
        self._tasks: set[asyncio.Task[None]] = set()
        self._courses: Mapping[str, Course] = {
            "one_event": self._one_event,
            "nasty_event": self._nasty_event,
            "crash_loop": self._crash_loop,
            "storm": self._storm,
            "api_restart": self._api_restart,
        }
        self._switches: Mapping[str, tuple[Course, Course]] = {
            "wecom_down": (self._wecom_down, self._wecom_up),
            "key_revoked": (self._revoke_key, self._restore_key),
            "template_broken": (self._break_template, self._mend_template),
        }
        self.open = False
        self.template_loaded = asyncio.Event()
        self.states = {name: State() for name in (*self._courses, *self._switches)}

    def press(self, name: str) -> None:
        """Start an action, or turn a switch over. KeyError for an unknown one, NotNow where that can't be."""
        state = self.states[name]
        if not self.open or state.running:
            raise NotNow(name)
        if name in self._switches:
            course = self._switches[name][state.on]
            state.on = not state.on
        else:
            course = self._courses[name]
        state.running, state.progress = True, 0.0
        task = asyncio.create_task(self._run(state, course))
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        self._changed()

    @property
    def calm(self) -> bool:
        """Whether no fault is played now."""
        return not any(state.on for state in self.states.values()) and not self.states["api_restart"].running

    async def close(self) -> None:
        """Take no more, end what is under way, and turn the faults off, so that what waits can be told."""
        self.open = False
        tasks, self._tasks = self._tasks, set()
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        self._wecom.faults.clear()
        for robot in self._robots:
            self._wecom.add_robot(robot.key)
        for state in self.states.values():
            state.on = False
        self._changed()
        for result in results:
            if isinstance(result, Exception):
                raise result

    def _forget(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is None:
            self._tasks.discard(task)

    async def _run(self, state: State, course: Course) -> None:
        def progress(share: float) -> None:
            state.progress = share
            self._changed()

        try:
            await course(progress)
        finally:
            state.running = False
            self._changed()

    async def _one_event(self, _: Progress) -> None:
        self._say(Note(name="one_event"))
        self._cluster.create(self._scenario.fresh())

    async def _nasty_event(self, _: Progress) -> None:
        self._say(Note(name="nasty_event"))
        self._cluster.create(self._scenario.nasty())

    async def _crash_loop(self, progress: Progress) -> None:
        self._say(Note(name="crash_loop", values={"count": CRASHES, "seconds": CRASH_SECONDS}))
        for number, event in enumerate(self._scenario.crash_loop(CRASHES), start=1):
            self._cluster.create(event)
            progress(number / CRASHES)
            if number < CRASHES:
                await asyncio.sleep(CRASH_SECONDS / (CRASHES - 1))
        self._say(Note(name="crash_loop_over", values={"count": CRASHES}))

    async def _storm(self, progress: Progress) -> None:
        self._cluster.forget_old_events()
        self._say(Note(name="storm", values={"count": STORM_EVENTS, "seconds": STORM_SECONDS}))
        steps = round(STORM_SECONDS * _STEPS_PER_SECOND)
        made = 0
        for step in range(1, steps + 1):
            due = STORM_EVENTS * step // steps
            for event in self._scenario.storm(due - made):
                self._cluster.create(event, one_of_many=True)
            made = due
            progress(step / steps)
            await asyncio.sleep(1 / _STEPS_PER_SECOND)
        self._say(Note(name="storm_over", values={"count": made}))

    async def _api_restart(self, progress: Progress) -> None:
        """The port is closed for a while. Events come all the same: a cluster has several API servers."""
        self._say(Note(name="api_restart", values={"count": AWAY_EVENTS, "seconds": AWAY_SECONDS}))
        await self._cluster.port.close()
        try:
            for number in range(1, AWAY_EVENTS + 1):
                await asyncio.sleep(AWAY_SECONDS / AWAY_EVENTS)
                self._cluster.create(self._scenario.fresh())
                progress(number / AWAY_EVENTS)
        finally:
            await self._cluster.port.open()
        self._say(Note(name="api_back"))

    async def _wecom_down(self, progress: Progress) -> None:
        self._say(Note(name="wecom_down"))
        self._wecom.faults.plan(_BAD_GATEWAY, times=_EVER)
        for number in range(1, OUTAGE_EVENTS + 1):
            for robot in self._robots:
                self._cluster.create(self._scenario.fresh(robot.namespaces[0]))
            progress(number / OUTAGE_EVENTS)
            if number < OUTAGE_EVENTS:
                await asyncio.sleep(1.0)

    async def _wecom_up(self, _: Progress) -> None:
        self._wecom.faults.clear()
        self._say(Note(name="wecom_up"))

    async def _revoke_key(self, _: Progress) -> None:
        robot = self._robots[0]
        self._wecom.remove_robot(robot.key)
        self._say(Note(name="key_revoked", values={"group": 0}))
        self._cluster.create(self._scenario.fresh(robot.namespaces[0]))

    async def _restore_key(self, _: Progress) -> None:
        self._wecom.add_robot(self._robots[0].key)
        self._say(Note(name="key_restored", values={"group": 0}))

    async def _break_template(self, _: Progress) -> None:
        self._say(Note(name="template_broken", values={"group": 0}))
        self._write_template(broken_template(self._texts))
        await self._followed()

    async def _mend_template(self, _: Progress) -> None:
        self._say(Note(name="template_mended", values={"group": 0}))
        self._write_template(template(self._texts))
        await self._followed()

    def _write_template(self, body: str) -> None:
        self.template_loaded.clear()
        self._cluster.set_config_map(TEMPLATE_NAMESPACE, TEMPLATE, {"content": body})

    async def _followed(self) -> None:
        """Let the daemon take the template first: events come by another watch, and one may just be broken."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FOLLOWED_WITHIN):
                await self.template_loaded.wait()
        self._cluster.create(self._scenario.fresh(self._robots[0].namespaces[0]))
