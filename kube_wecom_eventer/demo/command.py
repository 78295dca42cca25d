"""The command ``demo``: the daemon at work, without a cluster and without a WeCom account.

Owns the course of the demo. The daemon runs as its own process, as in a cluster, against an API server and
two WeCom groups on loopback.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import signal
import sys
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from statistics import median

from kube_wecom_eventer.command_line import CommandParser
from kube_wecom_eventer.demo.api_server import ApiServer
from kube_wecom_eventer.demo.daemon import Daemon, Robot, command_line, run_daemon
from kube_wecom_eventer.demo.resources import CONFIG_MAPS, NAMESPACES
from kube_wecom_eventer.demo.scenario import NAMESPACES as TEAMS
from kube_wecom_eventer.demo.scenario import Scenario
from kube_wecom_eventer.demo.screen import Screen
from kube_wecom_eventer.demo.serving import serve
from kube_wecom_eventer.demo.status import JsonObject
from kube_wecom_eventer.demo.store import Key, ObjectStore
from kube_wecom_eventer.demo.terminal import Terminal
from kube_wecom_eventer.demo.texts import Texts, texts_for
from kube_wecom_eventer.demo.wecom import Received, WeComGroup

START_TIMEOUT = 20.0  # seconds until the daemon must watch the events
EVENTS_PER_SECOND = 0.6
MOST_GIVEN = 14  # events for one robot besides the burst, which is merged: nothing waits when the day ends
FAST = 5.0  # times more with --fast
BURST = 25  # pods that fail at once, halfway through
BURST_SHOWN = 3
MATCHABLE_LIMIT = 500  # events that a message may still belong to

_REASONS = ("BackOff", "Failed", "Unhealthy", "OOMKilling", "Evicted")
ROBOTS = (
    Robot(
        key="demo-payments-robot",
        namespaces=("payments", "shop"),
        reasons=_REASONS,
        config_map="custom-webhook-body0",
    ),
    Robot(
        key="demo-platform-robot",
        namespaces=("search", "infra", "_cluster"),
        reasons=_REASONS,
        config_map="custom-webhook-body1",
    ),
)
# As kube-eventer's users write them: JSON with Go's actions inside its strings, and nothing escaped.
_TEXT = (
    r'{"msgtype": "text", "text": {"content": "{{ .Type }} {{ .Reason }}\n'
    r"NAMESPACE: {{ .InvolvedObject.Namespace }}\n"
    r"OBJECT: {{ .InvolvedObject.Kind }}/{{ .InvolvedObject.Name }}\n"
    r"TIME: {{ .LastTimestamp }}\n"
    r'{{ .Message }}", "mentioned_list": ["oncall-payments"]}}'
)
_MARKDOWN = (
    r'{"msgtype": "markdown", "markdown": {"content": "**{{ .Reason }}** '
    r"<font color=\"warning\">{{ .Type }}</font>\n"
    r">{{ .InvolvedObject.Kind }} {{ with .InvolvedObject.Namespace }}{{ . }}/{{ end }}{{ .InvolvedObject.Name }}\n"
    r'>{{ .Message }}\n<@oncall-platform>"}}'
)


def bodies(texts: Texts) -> Mapping[str, str]:
    """The templates by the names of their ConfigMaps, in the demo's language."""
    text = _TEXT
    for placeholder, label in zip(("NAMESPACE", "OBJECT", "TIME"), texts.labels, strict=True):
        text = text.replace(placeholder, label)
    return {"custom-webhook-body0": text, "custom-webhook-body1": _MARKDOWN}


Clock = Callable[[], datetime]


def _robot_of(event: JsonObject) -> Robot | None:
    namespace = event["involvedObject"].get("namespace", "_cluster")
    return next((robot for robot in ROBOTS if robot.selects(event, namespace)), None)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the command line says."""

    seconds: float
    fast: bool
    burst: int
    seed: int | None
    texts: Texts


def parser() -> CommandParser:
    """Return the command's options."""
    found = CommandParser(
        "demo",
        description="The daemon at work, without a cluster and without a WeCom account: it runs between a small API "
        "server and two WeCom groups on this machine. You see each event, and each message as it arrives.",
        examples=(
            ("demo --lang=zh", "In Chinese."),
            ("demo --fast --seconds=60", "A busy minute: what waits is merged into digests."),
        ),
        statuses={0: "Messages have arrived.", 1: "None has, or the daemon has ended.", 2: "An option is wrong."},
    )
    found.add_argument("--seconds", type=float, default=30.0, help="How long events are made.")
    found.add_argument("--fast", action="store_true", help=f"{FAST:g} times as many events.")
    found.add_argument("--burst", type=int, default=BURST, help="Pods that fail at once, halfway through.")
    found.add_argument("--seed", type=int, help="Play the same day again.")
    found.add_argument("--lang", choices=("en", "zh"), help="Language of the texts. Unset: by LANG.")
    return found


def parse(argv: Sequence[str], environment: Mapping[str, str]) -> Options:
    """Read the arguments; SystemExit 2 with usage for a wrong one, 0 for --help."""
    known = parser()
    found = known.parse_args(argv)
    if found.seconds <= 0 or found.burst < 0:
        known.error("--seconds must be above 0, --burst at least 0")
    locale = environment.get("LC_ALL") or environment.get("LC_MESSAGES") or environment.get("LANG") or ""
    return Options(
        seconds=found.seconds,
        fast=found.fast,
        burst=found.burst,
        seed=found.seed,
        texts=texts_for(found.lang or locale),
    )


async def run(argv: Sequence[str]) -> int:
    """Play the demo until it ends or Ctrl-C; 0 if messages arrived, else 1, with the reason on the screen."""
    options = parse(argv, os.environ)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without Chinese shows question marks, no traceback
    stop = asyncio.Event()
    demo = Demo(
        options=options,
        screen=Screen(terminal=Terminal(out=sys.stdout, on_closed=stop.set), texts=options.texts),
        command=command_line,
        clock=lambda: datetime.now(UTC),
    )
    loop = asyncio.get_running_loop()

    def interrupted() -> None:
        stop.set()
        loop.remove_signal_handler(signal.SIGINT)  # who can't wait presses Ctrl-C again

    loop.add_signal_handler(signal.SIGINT, interrupted)
    try:
        return await demo.play(stop)
    finally:
        loop.remove_signal_handler(signal.SIGINT)


class Demo:
    """One run of the demo. ``command`` makes the daemon's command line from the two servers' addresses."""

    def __init__(self, *, options: Options, screen: Screen, command: Callable[..., list[str]], clock: Clock) -> None:
        self._options = options
        self._texts = options.texts
        self._screen = screen
        self._command = command
        self._clock = clock
        self._random = Random(options.seed)
        self._api = ApiServer(store=ObjectStore(clock=clock, random=self._random), random=self._random)
        self._wecom = WeComGroup(keys=[robot.key for robot in ROBOTS], clock=clock)
        self._wecom.on_request(self._show)
        self._waiting: deque[tuple[JsonObject, datetime]] = deque(maxlen=MATCHABLE_LIMIT)
        self._delays: list[float] = []
        self._given: Counter[str] = Counter()
        self._created = 0
        self._selected = 0

    async def play(self, stop: asyncio.Event) -> int:
        """Run it until the day is over or ``stop`` is set; the exit code."""
        self._prepare_cluster()
        async with contextlib.AsyncExitStack() as stack:
            api_url = await stack.enter_async_context(serve(self._api))
            wecom_url = await stack.enter_async_context(serve(self._wecom))
            self._screen.say(self._texts.starting.format(api=api_url))
            command = self._command(api_url=api_url, wecom_url=wecom_url, robots=ROBOTS)
            daemon = await stack.enter_async_context(run_daemon(command, on_warning=self._screen.warning))
            reason = await self._course(daemon, stop)
        return self._verdict(reason, daemon)

    async def _course(self, daemon: Daemon, stop: asyncio.Event) -> str:
        """Start, day and end. Returns why it failed, empty if it did not."""
        exited = asyncio.create_task(daemon.exited())
        stopped = asyncio.create_task(stop.wait())
        try:
            for stage in (self._watched, self._day):
                doing = asyncio.create_task(stage())
                await asyncio.wait({doing, exited, stopped}, return_when=asyncio.FIRST_COMPLETED)
                finished = doing.done()
                doing.cancel()
                if exited.done() and not stop.is_set():
                    return self._texts.exited.format(code=exited.result())
                if stop.is_set():
                    break
                if finished:
                    doing.result()
        except TimeoutError:
            return self._texts.not_watching.format(seconds=START_TIMEOUT)
        else:
            self._screen.say(self._texts.draining)
            await daemon.stop()
            return ""
        finally:
            exited.cancel()
            stopped.cancel()

    def _prepare_cluster(self) -> None:
        store = self._api.store
        for name in TEAMS:
            content = {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": name}}
            store.create(Key(NAMESPACES.full_name, "", name), NAMESPACES.decode(content))
        for name, body in bodies(self._texts).items():
            metadata = {"name": name, "namespace": "default"}
            content = {
                "kind": "ConfigMap",
                "apiVersion": "v1",
                "metadata": metadata,
                "data": {"content": body},
            }
            store.create(Key(CONFIG_MAPS.full_name, "default", name), content)

    async def _watched(self) -> None:
        async with asyncio.timeout(START_TIMEOUT):
            while not self._api.open_watches("events"):  # noqa: ASYNC110 (once, at the start)
                await asyncio.sleep(0.05)

    async def _day(self) -> None:
        seconds = self._options.seconds
        self._screen.say(self._texts.playing.format(seconds=seconds))
        scenario = Scenario(random=self._random, clock=self._clock)
        rate = EVENTS_PER_SECOND * (FAST if self._options.fast else 1.0)
        started = asyncio.get_running_loop().time()
        burst_is_due = True
        while (elapsed := asyncio.get_running_loop().time() - started) < seconds:
            if burst_is_due and elapsed > seconds / 2:
                burst_is_due = False
                self._burst(scenario)
            event = scenario.next_event()
            if self._is_within_pace(event):
                self._create(event)
            # Events come at irregular times; never longer than what is left.
            await asyncio.sleep(min(self._random.expovariate(rate), seconds - elapsed))

    def _is_within_pace(self, event: JsonObject) -> bool:
        """Whether its robot has room for the event: a short day should not end with messages that still wait."""
        robot = _robot_of(event)
        return robot is None or self._given[robot.key] < MOST_GIVEN or self._options.fast

    def _burst(self, scenario: Scenario) -> None:
        size = self._options.burst
        if not size:
            return
        self._screen.say(self._texts.burst.format(count=size))
        for number, event in enumerate(scenario.burst(size)):
            self._create(event, shown=number < BURST_SHOWN)
        if size > BURST_SHOWN:
            self._screen.more_events(size - BURST_SHOWN)

    def _create(self, event: JsonObject, *, shown: bool = True) -> None:
        self._api.create_event(event)
        now = self._clock()
        self._created += 1
        if robot := _robot_of(event):
            self._given[robot.key] += 1
            self._selected += 1
            self._waiting.append((event, now))
        if shown:
            self._screen.event(event, at=now.astimezone())

    def _show(self, received: Received) -> None:
        index = next((i for i, robot in enumerate(ROBOTS) if robot.key == received.key), 0)
        group = self._texts.groups[index]
        if not received.accepted:
            return self._screen.refusal(received, group=group)
        delay = self._delay(received)
        if delay is not None:
            self._delays.append(delay)
        return self._screen.message(received, group=group, delay=delay)

    def _delay(self, received: Received) -> float | None:
        """Seconds since the event that the message is about; None where it names no single event's object."""
        for event, created in reversed(self._waiting):
            if event["involvedObject"]["name"] in received.content and event["reason"] in received.content:
                self._waiting.remove((event, created))
                return (received.at - created).total_seconds()
        return None

    def _verdict(self, reason: str, daemon: Daemon) -> int:
        accepted = len(self._wecom.messages)
        if not reason and not accepted:
            reason = self._texts.nothing
        if reason:
            self._screen.failure(reason, daemon.last_lines)
        summary = self._texts.summary.format(
            created=self._created,
            selected=self._selected,
            accepted=accepted,
            refused=len(self._wecom.refused),
        )
        self._screen.say(summary + self._delay_in_words())
        return 1 if reason else 0

    def _delay_in_words(self) -> str:
        if not self._delays:
            return self._texts.no_median
        return self._texts.median.format(delay=median(self._delays) * 1000)
