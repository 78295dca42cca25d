from __future__ import annotations

from pathlib import Path

import pytest

from kube_wecom_eventer.config import CheckpointSettings, ObjectName, Settings, load_settings
from kube_wecom_eventer.config.checkpoint import pod_name, resolve
from kube_wecom_eventer.errors import ConfigError

AUTO = CheckpointSettings()


def load(*argv: str) -> Settings:
    return load_settings(["--sink=wecom:?key=hunter2", *argv], environ={"TZ": "UTC"})


def refused(*argv: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load(*argv)
    return caught.value.problems


def config_map(namespace: str, name: str) -> CheckpointSettings:
    return CheckpointSettings(kind="configmap", name=ObjectName(namespace, name))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("none", CheckpointSettings(kind="none")),
        ("configmap:positions", config_map("", "positions")),
        ("configmap:ops/positions.v1", config_map("ops", "positions.v1")),
        ("file:/var/lib/c.json", CheckpointSettings(kind="file", path=Path("/var/lib/c.json"))),
        ("file:checkpoint:1", CheckpointSettings(kind="file", path=Path("checkpoint:1"))),
    ],
)
def test_the_places_where_a_checkpoint_may_be_kept(text: str, expected: CheckpointSettings) -> None:
    """A ConfigMap's name alone is in the daemon's own namespace; a path may be relative."""
    assert load(f"--checkpoint={text}").checkpoint == expected
    assert load().checkpoint == AUTO


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("", "unknown place; write configmap:[NAMESPACE/]NAME, file:PATH or none"),
        ("None", "unknown place; write configmap:"),
        ("configmap", "unknown place; write configmap:"),
        ("/var/lib/checkpoint", "unknown place; write configmap:"),
        ("secret:ops/positions", "unknown place; write configmap:"),
        ("configmap:", "no ConfigMap's name; write configmap:NAME or configmap:NAMESPACE/NAME"),
        ("configmap:Positions", "no ConfigMap's name"),
        ("configmap:a..b", "no ConfigMap's name"),
        ("configmap:a/b/c", "no ConfigMap's name"),
        ("configmap:/b", "no ConfigMap's name"),
        (f"configmap:{'a' * 254}", "no ConfigMap's name"),
        ("file:", "no file's path; write for example file:/var/lib/"),
        ("file:/var/lib/", "no file's path"),
        ("file:a\0b", "no file's path"),
    ],
)
def test_a_place_that_cannot_be_is_refused_in_words(text: str, advice: str) -> None:
    """The line has the flag, the value and what to write."""
    (problem,) = refused(f"--checkpoint={text}")
    assert problem.startswith(f"--checkpoint={text}: {advice}")


@pytest.mark.parametrize(
    ("pod", "name"),
    [
        ("kube-wecom-eventer-6d4cf56db6-x7zkq", "kube-wecom-eventer-checkpoint"),
        ("eventer-prod-6d4cf56db6-x7zkq", "eventer-prod-checkpoint"),
        ("a-bcdfgh-2456x", "a-checkpoint"),
        ("node-12", "kube-wecom-eventer-checkpoint"),
        ("eventer", "kube-wecom-eventer-checkpoint"),
        ("Laptop-6d4cf56db6-x7zkq", "kube-wecom-eventer-checkpoint"),
        ("-6d4cf56db6-x7zkq", "kube-wecom-eventer-checkpoint"),
        (f"{'a' * 245}-6d4cf56db6-x7zkq", "kube-wecom-eventer-checkpoint"),
        ("", "kube-wecom-eventer-checkpoint"),
    ],
)
def test_by_default_each_deployment_has_a_config_map_of_its_own(pod: str, name: str) -> None:
    """All pods of a Deployment find the same one, those of another Deployment another."""
    assert resolve(AUTO, in_cluster=True, namespace="ops", pod_name=pod) == config_map("ops", name)


def test_outside_a_cluster_nothing_is_kept_by_default() -> None:
    """Somebody tries the daemon on a laptop; it writes nothing that it was not asked to."""
    assert resolve(AUTO, in_cluster=False, namespace="ops", pod_name="a-bcdfgh-2456x").kind == "none"


@pytest.mark.parametrize("in_cluster", [True, False])
def test_what_the_user_chose_holds_everywhere(in_cluster: bool) -> None:
    """Only a missing namespace is filled in."""

    def resolved(settings: CheckpointSettings) -> CheckpointSettings:
        return resolve(settings, in_cluster=in_cluster, namespace="ops", pod_name="a-bcdfgh-2456x")

    file, none = CheckpointSettings(kind="file", path=Path("c")), CheckpointSettings(kind="none")
    assert (resolved(file), resolved(none)) == (file, none)
    assert resolved(config_map("", "mine")) == config_map("ops", "mine")
    assert resolved(config_map("other", "mine")) == config_map("other", "mine")


def test_the_pods_name_is_the_hosts_unless_the_deployment_gives_it() -> None:
    """With hostNetwork the host's name is the node's."""
    assert pod_name({"POD_NAME": "pod", "HOSTNAME": "node"}) == "pod"
    assert pod_name({"HOSTNAME": "pod"}) == "pod"
    assert pod_name({}) == ""


def test_how_far_back_how_old_how_many() -> None:
    """The defaults, and what is written."""
    settings = load()
    assert (settings.since, settings.max_age, settings.max_groups) == (0.0, 3600.0, 2000)
    settings = load("--since=10m", "--max-age=1h30m", "--max-groups=100000")
    assert (settings.since, settings.max_age, settings.max_groups) == (600.0, 5400.0, 100_000)
    assert settings.warnings == ()
    assert load("--since=1h").warnings == ()


def test_more_than_the_api_server_keeps_is_doubted() -> None:
    """Some clusters keep events for longer; and no number makes a date that can't be counted."""
    assert load("--since=3h").since == 3 * 3600
    assert load("--since=3h").warnings == (
        "--since=3h: an API server keeps events for an hour, unless it is set otherwise",
    )
    assert load("--since=999999999h").since == 366 * 86400


@pytest.mark.parametrize(
    ("flag", "advice"),
    [
        ("--since=-1m", "no duration; write for example 10m, or 0 for none"),
        ("--since=", "no duration; write for example 10m"),
        ("--since=yesterday", "no duration"),
        ("--max-age=0", "no duration above 0; write for example 30m or 1h"),
        ("--max-age=3600", "no duration above 0"),
        ("--max-groups=0", "write a number from 1 to 100000"),
        ("--max-groups=100001", "write a number from 1 to 100000"),
        ("--max-groups=many", "write a number from 1 to 100000"),
    ],
)
def test_bad_amounts_are_refused_in_words(flag: str, advice: str) -> None:
    """The line has the flag, the value and what to write."""
    (problem,) = refused(flag)
    assert problem.startswith(f"{flag}: {advice}")


def test_all_of_them_are_told_at_once() -> None:
    """Nobody wants to find them one start at a time."""
    assert len(refused("--checkpoint=x", "--since=x", "--max-age=x", "--max-groups=x")) == 4
