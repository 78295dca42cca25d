"""What must hold for every run: the contract's points, asked of what was seen from outside."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from itertools import pairwise

from kube_wecom_eventer.demo.dingtalk import TOO_FAST as DINGTALK_TOO_FAST
from kube_wecom_eventer.demo.wecom_rules import TOO_FAST
from kube_wecom_eventer.notify import UNRECORDED
from tests.simulation.history import StoredCheckpoint
from tests.simulation.observe import Attempt, Version
from tests.simulation.world import World, Written

_LIMIT, _WINDOW = 20, 60.0
_EXACTNESS = 0.001
"""Seconds: a checkpoint's time is rounded."""
_TIMES = re.compile(r"×(\d+)")


class Violation(AssertionError):
    """A promise is broken. ``invariant``: which."""

    def __init__(self, invariant: str, detail: str) -> None:
        super().__init__(f"{invariant}: {detail}")
        self.invariant = invariant


Invariant = Callable[[World], Iterator[str]]


def alive(world: World) -> Iterator[str]:
    """No daemon ends by itself."""
    for instance in world.instances:
        if failure := instance.failure():
            yield f"{instance.name} ended with {failure!r}"


def represented(world: World) -> Iterator[str]:
    """Each selected event's newest version is told, or dropped and counted; so is each alert that was answered 200."""
    for route, missing in world.untold().items():
        dropped = sum(instance.dropped(route) for instance in world.instances)
        if len(missing) > dropped:
            shown = ", ".join(f"{each.version[1]} of {each.at:.1f} s" for each in missing[:10])
            yield f"{route}: {len(missing)} events or alerts are not told and {dropped:g} counted as dropped: {shown}"


def dropped_rightly(world: World) -> Iterator[str]:
    """Nothing is given up that could still be told."""
    kinds = {fault.kind for fault in world.plan.faults}
    forgetful = world.restored_at or world.expired or any(each.inexact for each in world.history.checkpoints)
    never = [
        reason
        for reason, may in (
            ("internal_error", False),
            ("overflow", False),
            ("route_removed", False),
            ("expired", forgetful),
            ("refused", "WeCom refuses" in kinds),
        )
        if not may
    ]
    for instance in world.instances:
        for reason in never:
            if number := instance.counted("events_dropped_total", reason=reason):
                yield f"{instance.name} dropped {number:g} events as {reason}"


def only_selected(world: World) -> Iterator[str]:
    """Nothing is told that the route did not select, or that was there before the first start."""
    wanted = {(route, each.version) for each in world.selectable for route in each.routes}
    for route, told in world.ledger.told.items():
        for version in told:
            if (route, version) not in wanted:
                yield f"{route} tells {version}, which it did not select"


def counted(world: World) -> Iterator[str]:
    """×N is the number of versions that a message stands for, and its lines sum up to it."""
    for attempt in world.ledger.accepted:
        # After a restore the server gives a resourceVersion a second time.
        distinct = len(attempt.versions if world.restored_at else set(attempt.versions))
        if attempt.total != distinct:
            yield f"a message of {attempt.route} says ×{attempt.total} and stands for {distinct} versions"
        head, *lines = attempt.content.split("\n")
        shown = _last(head)
        if shown != attempt.total:
            yield f"a message of {attempt.route} shows ×{shown} and stands for {attempt.total}: {head}"
        digest = [line for line in lines if line.startswith(("• ", ">**", "- **"))]
        if attempt.digest:
            listed = sum(_last(line.partition("：")[0]) for line in digest)
            summed = sum(int(number) for line in lines if line not in digest for number in _TIMES.findall(line))
            if listed + summed != attempt.total:
                yield f"a digest of {attempt.route} shows ×{attempt.total}, its lines sum to {listed}+{summed}"


def balanced(world: World) -> Iterator[str]:
    """What a daemon's routes selected is what it told, dropped, or has waiting at the end."""
    yield from world.unbalanced


def seen(world: World) -> Iterator[str]:
    """Each version of a calm run is seen and selected, none is hidden by another."""
    if not world.plan.calm:
        return
    for route in world.plan.routes:
        matched = sum(instance.counted("events_matched_total", route=route.name) for instance in world.instances)
        wanted = sum(route.name in each.routes for each in world.selectable)
        if matched != wanted:
            yield f"{route.name}: selected {matched:g} of {wanted} versions"


def paced(world: World) -> Iterator[str]:
    """At most 20 messages in any 60 s for a robot, 16 for an application, whoever sends them."""
    if any(request.errcode == TOO_FAST for request in world.chats.wecom.requests):
        yield "WeCom answered 45009 without a plan"
    if any(request.errcode == DINGTALK_TOO_FAST for request in world.chats.ding.requests):
        yield "DingTalk answered 410100"
    if world.chats.company.dropped:
        yield f"WeCom dropped {len(world.chats.company.dropped)} messages to members, without a word"
    reached: dict[str, list[float]] = defaultdict(list)
    for attempt in world.ledger.attempts:
        if attempt.reached_at is not None:
            reached[attempt.key].append(attempt.reached_at)
    for key, times in reached.items():
        times.sort()
        limit = 16 if key.startswith("wechat-") else _LIMIT
        for first, last in zip(times, times[limit:], strict=False):
            if last - first < _WINDOW:
                yield f"{limit + 1} requests for {key} in the 60 s before {last - world.began:.3f}"
                break


def ordered(world: World) -> Iterator[str]:
    """First tellings of a route keep the watch's order, but for what a list brought."""
    if world.restored_at:
        return
    lists = sorted(at - world.began for instance in world.instances for at in (*instance.lists_at, instance.started))
    known = {written.version: written for written in world.written}
    first: dict[tuple[str, ...], Written] = {}
    for written in world.written:
        first.setdefault((written.plan.pod, written.plan.namespace, written.plan.reason, written.plan.message), written)
    fresh = {written.version for written in first.values()}
    for route in world.plan.routes:
        highest = 0
        seen: set[Version] = set()
        for attempt in world.ledger.accepted:
            if attempt.route != route.name:
                continue
            mine = [version for version in attempt.versions if version in fresh and version not in seen]
            at = (attempt.reached_at or 0.0) - world.began
            for version in mine:
                created = known[version].at
                if version[1] < highest and not any(created <= listed <= at for listed in lists):
                    yield f"{route.name} tells {version[1]} after {highest}, at {at:.3f}"
            seen.update(mine)
            highest = max([highest, *(version[1] for version in mine)])


def once(world: World) -> Iterator[str]:
    """Told twice is only what left without an answer, or what the checkpoint could not know."""
    if world.restored_at:
        return
    for route, told in world.ledger.told.items():
        for version, attempts in told.items():
            for before, after in pairwise(attempts):
                if not _unanswered(world, before, after) and not _excused(world, before, after):
                    yield (
                        f"{route} tells {version[1]} again, by {after.instance} "
                        f"at {(after.reached_at or 0) - world.began:.3f}, after {before.instance} "
                        f"at {(before.reached_at or 0) - world.began:.3f}"
                    )


def _unanswered(world: World, before: Attempt, after: Attempt) -> bool:
    """Whether the sender could not know that it had told it; of a call in a thread it can, if it only waits for it."""
    waits = before.key.startswith("apprise-") and before.instance == after.instance and world.plan.mode != "replicas"
    waited_for = waits and before.outcome is not None and before.outcome.reason == "timeout"
    return before.unanswered and not waited_for


def _excused(world: World, before: Attempt, after: Attempt) -> bool:
    """Whether the one that told it again could not know that it was told."""
    began_before, began = _went_on_at(world, before), _went_on_at(world, after)
    if began == began_before:
        return False
    if began < began_before:
        # Two processes at a time, and none elected: the older one goes on until it finds the other's checkpoint.
        return world.plan.mode == "rollouts"
    # Whoever went on in between without knowing may have handed it down.
    since = [load for instance in world.instances for load in instance.loads if before.started < load <= began]
    return any(_unknown(world.history.checkpoint_at(load), before) for load in (*since, began))


def _unknown(checkpoint: StoredCheckpoint | None, told: Attempt) -> bool:
    """Whether a checkpoint does not say that this was told."""
    if checkpoint is None or told.ended is None or told.ended >= checkpoint.taken_at - _EXACTNESS:
        return True
    return any(checkpoint.covers(version) for _, version in told.versions)


def _went_on_at(world: World, attempt: Attempt) -> float:
    """Return when the sender last asked for the checkpoint to go on from."""
    instance = next(each for each in world.instances if each.name == attempt.instance)
    return max((load for load in instance.loads if load <= attempt.started), default=instance.started)


def bounded(world: World) -> Iterator[str]:
    """No table grows above its cap."""
    yield from world.overfull


def led(world: World) -> Iterator[str]:
    """Where a leader is elected, whoever sends holds the Lease, from before the request until after its end."""
    if world.plan.mode != "replicas" or world.restored_at:
        return
    latest: dict[str, float] = {}
    for attempt in sorted(world.ledger.attempts, key=lambda each: each.started):
        ended = max(attempt.ended or attempt.started, attempt.reached_at or 0.0)
        if attempt.key.startswith("apprise-"):
            ended = attempt.started  # a call in a thread can't be ended
        for moment in (attempt.started, ended):
            holder = world.history.holder_at(moment)
            if holder != attempt.instance:
                yield f"{attempt.instance} sends at {moment - world.began:.3f} and {holder or 'nobody'} leads"
        for instance, over in latest.items():
            if instance != attempt.instance and over > attempt.started:
                yield f"{attempt.instance} sends at {attempt.started - world.began:.3f} while {instance} does"
        latest[attempt.instance] = max(latest.get(attempt.instance, 0.0), ended)


def superseded(world: World) -> Iterator[str]:
    """Whoever finds another's name in the checkpoint stops: few messages leave after the other's first write."""
    if world.restored_at:
        return
    first_written: dict[str, float] = {}
    for checkpoint in world.history.checkpoints:
        first_written.setdefault(checkpoint.writer, checkpoint.stored_at)
    late: Counter[tuple[str, str]] = Counter()
    for attempt in world.ledger.attempts:
        began = _went_on_at(world, attempt)
        others = (at for writer, at in first_written.items() if writer != attempt.instance)
        if any(began < at < attempt.started for at in others):
            late[attempt.instance, attempt.key] += 1
    for (instance, _), number in late.items():
        if number > UNRECORDED:
            yield f"{instance} sends {number} messages after another has taken the checkpoint over"


INVARIANTS: tuple[Invariant, ...] = (
    alive, represented, dropped_rightly, only_selected, counted, balanced, seen, paced, ordered, once, bounded, led,
    superseded,
)  # fmt: skip


def violations(world: World) -> Iterator[Violation]:
    """Yield the first violation of each invariant that does not hold."""
    for invariant in INVARIANTS:
        detail = next(invariant(world), None)
        if detail is not None:
            yield Violation(invariant.__name__, detail)


def check(world: World) -> None:
    """Raise a `Violation` where there is one."""
    for violation in violations(world):
        raise violation


def _last(text: str) -> int:
    found = _TIMES.findall(text)
    return int(found[-1]) if found else 1
