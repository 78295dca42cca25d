from __future__ import annotations

import pytest

from kube_wecom_eventer.config import LeaderElectionSettings, ObjectName, Settings, load_settings
from kube_wecom_eventer.config.leader_election import RESERVED
from kube_wecom_eventer.errors import ConfigError
from kube_wecom_eventer.kube.leadership import MARGIN, REQUEST_TIMEOUT

SINK = "--sink=webhook:https://h/cgi-bin/webhook/send?key=hunter2"


def load(*flags: str) -> Settings:
    return load_settings([SINK, *flags], environ={"TZ": "UTC"})


def refused(*flags: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load(*flags)
    return caught.value.problems


def test_there_is_no_election_unless_asked_for() -> None:
    """One replica needs no Lease and no rights to one."""
    assert load().leader_election is None
    assert load("--leader-elect=false").leader_election is None


def test_the_defaults_are_those_of_the_components() -> None:
    """Of kube-scheduler and kube-controller-manager; only the name is ours."""
    assert load("--leader-elect").leader_election == LeaderElectionSettings(
        lease=ObjectName("", "kube-wecom-eventer"), lease_duration=15.0, renew_deadline=10.0, retry_period=2.0
    )


def test_all_of_it_can_be_set() -> None:
    """With or without ``=``, in Go's durations."""
    settings = load(
        "--leader-elect=true",
        "--leader-elect-lease-duration=1m",
        "--leader-elect-renew-deadline", "40s",
        "--leader-elect-retry-period=1500ms",
        "--leader-elect-resource-lock=leases",
        "--leader-elect-resource-namespace=ops",
        "--leader-elect-resource-name=eventer.blue",
    )  # fmt: skip
    assert settings.leader_election == LeaderElectionSettings(
        lease=ObjectName("ops", "eventer.blue"), lease_duration=60.0, renew_deadline=40.0, retry_period=1.5
    )
    assert settings.warnings == ()


def test_flags_without_an_election_are_said() -> None:
    """A forgotten --leader-elect would let each replica tell everything."""
    assert load("--leader-elect-lease-duration=30s").warnings == (
        "--leader-elect-lease-duration has no effect without --leader-elect",
    )


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        (["lease-duration=15"], "--leader-elect-lease-duration=15: no duration above 0; write one like 15s"),
        (["lease-duration=0"], "--leader-elect-lease-duration=0: no duration above 0; write one like 15s"),
        (["renew-deadline=-1s"], "--leader-elect-renew-deadline=-1s: no duration above 0; write one like 10s"),
        (["retry-period="], "--leader-elect-retry-period=: no duration above 0; write one like 2s"),
        (
            ["lease-duration=15500ms"],
            "--leader-elect-lease-duration=15500ms: a Lease counts whole seconds; write 16s",
        ),
        (
            ["lease-duration=11s"],
            "--leader-elect-lease-duration=11s: a request may take 8 s and must end 2 s before the Lease does, which "
            "leaves no time to start one; write 12s or more",
        ),
        (
            ["lease-duration=12s"],
            "--leader-elect-lease-duration=12s: no request may start in its last 10 s, so sending would pause before "
            "each renewal; write more than 10 s above --leader-elect-retry-period (2s)",
        ),
        (
            ["lease-duration=500ms", "renew-deadline=100ms", "retry-period=50ms"],
            "--leader-elect-lease-duration=500ms: a Lease counts whole seconds; write 12s",
        ),
        (
            ["lease-duration=2h"],
            "--leader-elect-lease-duration=2h: nobody would follow a dead leader for so long; write 3600s or less",
        ),
        (
            ["renew-deadline=15s"],
            "--leader-elect-renew-deadline=15s: a leader would go on after its Lease is over; write less than "
            "--leader-elect-lease-duration (15s)",
        ),
        (
            ["lease-duration=20s", "retry-period=9s"],
            "--leader-elect-retry-period=9s: leaves no second try within --leader-elect-renew-deadline (10s); "
            "write less than 8.33s",
        ),
        (
            ["resource-lock=configmaps"],
            "--leader-elect-resource-lock=configmaps: only Leases are supported; write leases",
        ),
        (
            ["resource-namespace=Ops"],
            "--leader-elect-resource-namespace=Ops: no namespace's name; write one like kube-system",
        ),
        (
            ["resource-name=a..b"],
            "--leader-elect-resource-name=a..b: no Lease's name; write one like kube-wecom-eventer",
        ),
        (["resource-name="], "--leader-elect-resource-name=: no Lease's name; write one like kube-wecom-eventer"),
    ],
)
def test_what_cannot_work_is_refused_in_words(flags: list[str], problem: str) -> None:
    """With what to write instead."""
    assert refused("--leader-elect", *(f"--leader-elect-{flag}" for flag in flags)) == (problem,)


def test_everything_wrong_is_told_at_once() -> None:
    """Durations that can't be read are not compared."""
    problems = refused(
        "--leader-elect",
        "--leader-elect-lease-duration=x",
        "--leader-elect-renew-deadline=1s",
        "--leader-elect-retry-period=1s",
        "--leader-elect-resource-lock=endpoints",
    )
    assert [problem.split("=")[0].removeprefix("--leader-elect-") for problem in problems] == [
        "resource-lock",
        "lease-duration",
        "retry-period",
    ]


@pytest.mark.parametrize("name", ["a" * 254, "-a", "a.", "a_b", "a/b"])
def test_a_leases_name_follows_the_api_servers_rule(name: str) -> None:
    """Else the daemon would start and never lead."""
    assert len(refused("--leader-elect", f"--leader-elect-resource-name={name}")) == 1


def test_the_words_about_the_shortest_lease_are_true() -> None:
    """The numbers in them are those of the room that leads."""
    assert (REQUEST_TIMEOUT, MARGIN) == (8.0, 2.0)
    assert RESERVED == REQUEST_TIMEOUT + MARGIN
