"""``--leader-elect`` and its companions, named as the Kubernetes components' own.

Their flags: https://kubernetes.io/docs/reference/command-line-tools-reference/kube-scheduler/
"""

from __future__ import annotations

from dataclasses import dataclass

from kube_wecom_eventer.config.duration import parse_duration
from kube_wecom_eventer.config.go_flags import Flag, ParsedFlags, parse_bool
from kube_wecom_eventer.config.object_name import NAMESPACE, SUBDOMAIN, ObjectName

LEADER_ELECT = Flag(
    "leader-elect",
    "Of several replicas only the one that holds a Lease tells; see docs/configuration.md#high-availability.",
    "false",
    is_bool=True,
)
LEASE_DURATION = Flag(
    "leader-elect-lease-duration",
    "How long a renewal of the Lease counts: whole seconds, from 12 to 3600, and more than 10 above the retry period.",
    "15s",
    value="DURATION",
)
RENEW_DEADLINE = Flag(
    "leader-elect-renew-deadline",
    "How long a leader tries to renew before it gives up; less than the Lease's duration.",
    "10s",
    value="DURATION",
)
RETRY_PERIOD = Flag(
    "leader-elect-retry-period",
    "How often the leader renews, and how often a standby asks that can't watch; less than the deadline / 1.2.",
    "2s",
    value="DURATION",
)
RESOURCE_LOCK = Flag(
    "leader-elect-resource-lock", "The kind of lock; nothing else is supported.", "leases", value="leases"
)
RESOURCE_NAMESPACE = Flag(
    "leader-elect-resource-namespace", "The Lease's namespace. Unset: the daemon's own.", value="NAMESPACE"
)
RESOURCE_NAME = Flag("leader-elect-resource-name", "The Lease's name.", "kube-wecom-eventer", value="NAME")

LEADER_ELECTION_FLAGS = (
    LEADER_ELECT, LEASE_DURATION, RENEW_DEADLINE, RETRY_PERIOD, RESOURCE_LOCK, RESOURCE_NAMESPACE, RESOURCE_NAME,
)  # fmt: skip

RESERVED = 10.0
"""Seconds at a Lease's end in which no request may start: it may last 8, and must end 2 before the Lease does."""
SHORTEST_LEASE = RESERVED + 2.0
"""Seconds. Less would leave no time to start a request in."""
LONGEST_LEASE = 3600.0
"""Seconds: whoever dies is followed that late, and events live an hour."""
JITTER = 1.2
"""client-go asks for a deadline of more than so many retry periods: the longest pause between two tries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaderElectionSettings:
    """The Lease by which one of several replicas leads. Durations are in seconds, the Lease's a whole number.

    A ``lease`` without a namespace is in the daemon's own.
    """

    lease: ObjectName
    lease_duration: float
    renew_deadline: float
    retry_period: float


def parse_leader_election(flags: ParsedFlags) -> LeaderElectionSettings | None:
    """Read the flags, None without an election; what is wrong or doubtful is added to those of ``flags``."""
    wanted = parse_bool(flags.last(LEADER_ELECT) or "") is True
    if not wanted:
        written = [flag.name for flag in LEADER_ELECTION_FLAGS[1:] if flag.name in flags.values]
        flags.warnings += [f"--{name} has no effect without --leader-elect" for name in written]
    lease = _lease(flags)
    lock = flags.last(RESOURCE_LOCK) or ""
    if lock != "leases":
        flags.problems.append(f"--{RESOURCE_LOCK.name}={lock}: only Leases are supported; write leases")
    durations = [_seconds(flags, flag) for flag in (LEASE_DURATION, RENEW_DEADLINE, RETRY_PERIOD)]
    lease_duration, renew_deadline, retry_period = durations
    if lease_duration is not None:
        _check_lease_duration(flags, lease_duration, retry_period)
    if lease_duration is not None and renew_deadline is not None and renew_deadline >= lease_duration:
        flags.problems.append(
            f"{_written(flags, RENEW_DEADLINE)}: a leader would go on after its Lease is over; write less than "
            f"--{LEASE_DURATION.name} ({flags.last(LEASE_DURATION)})"
        )
    if renew_deadline is not None and retry_period is not None and renew_deadline <= JITTER * retry_period:
        flags.problems.append(
            f"{_written(flags, RETRY_PERIOD)}: leaves no second try within --{RENEW_DEADLINE.name} "
            f"({flags.last(RENEW_DEADLINE)}); write less than {renew_deadline / JITTER:.3g}s"
        )
    if not wanted or lease_duration is None or renew_deadline is None or retry_period is None:
        return None
    return LeaderElectionSettings(
        lease=lease, lease_duration=lease_duration, renew_deadline=renew_deadline, retry_period=retry_period
    )


def _lease(flags: ParsedFlags) -> ObjectName:
    namespace, name = flags.last(RESOURCE_NAMESPACE) or "", flags.last(RESOURCE_NAME) or ""
    if namespace and not NAMESPACE.fullmatch(namespace):
        flags.problems.append(f"{_written(flags, RESOURCE_NAMESPACE)}: no namespace's name; write one like kube-system")
    if not SUBDOMAIN.fullmatch(name):
        flags.problems.append(
            f"{_written(flags, RESOURCE_NAME)}: no Lease's name; write one like {RESOURCE_NAME.default}"
        )
    return ObjectName(namespace, name)


def _seconds(flags: ParsedFlags, flag: Flag) -> float | None:
    seconds = parse_duration(flags.last(flag) or "")
    if not seconds:
        flags.problems.append(f"{_written(flags, flag)}: no duration above 0; write one like {flag.default}")
        return None
    return seconds


def _check_lease_duration(flags: ParsedFlags, seconds: float, retry_period: float | None) -> None:
    written = _written(flags, LEASE_DURATION)
    if seconds != int(seconds):
        flags.problems.append(f"{written}: a Lease counts whole seconds; write {max(int(seconds) + 1, 12)}s")
    elif seconds < SHORTEST_LEASE:
        flags.problems.append(
            f"{written}: a request may take 8 s and must end 2 s before the Lease does, which leaves no time to start "
            f"one; write {SHORTEST_LEASE:g}s or more"
        )
    elif seconds > LONGEST_LEASE:
        flags.problems.append(
            f"{written}: nobody would follow a dead leader for so long; write {LONGEST_LEASE:g}s or less"
        )
    elif retry_period is not None and seconds - RESERVED <= retry_period:
        flags.problems.append(
            f"{written}: no request may start in its last {RESERVED:g} s, so sending would pause before each renewal; "
            f"write more than {RESERVED:g} s above --{RETRY_PERIOD.name} ({flags.last(RETRY_PERIOD)})"
        )


def _written(flags: ParsedFlags, flag: Flag) -> str:
    return f"--{flag.name}={flags.last(flag) or ''}"
