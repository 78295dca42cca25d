from __future__ import annotations

from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from kube_wecom_eventer.config import ObjectName, Settings, SourceSettings, load_settings
from kube_wecom_eventer.config.time_zone import time_zone
from kube_wecom_eventer.errors import ConfigError

SINK = "--sink=webhook:https://h/cgi-bin/webhook/send?key=hunter2"


def load(*argv: str, **environ: str) -> Settings:
    return load_settings([SINK, *argv], environ={"TZ": "UTC", **environ})


def refused(*argv: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load_settings(argv, environ={})
    return caught.value.problems


def test_the_defaults_are_kube_eventers() -> None:
    """Port 8084 on all addresses, event metrics on."""
    settings = load()
    assert (settings.web_host, settings.web_port, settings.event_metrics) == ("0.0.0.0", 8084, True)
    assert settings.source == SourceSettings()
    assert settings.warnings == ()


def test_klogs_and_kube_eventers_own_flags_are_accepted() -> None:
    """A Deployment's command starts as it stands; what has no effect any more is said."""
    settings = load(
        "--frequency=30s", "--max_procs=4", "-v=4", "--logtostderr=true", "--stderrthreshold", "INFO", "--vmodule=x=1"
    )
    assert settings.debug
    assert [warning.split()[0] for warning in settings.warnings] == ["--frequency", "--max_procs"]


def test_everything_wrong_is_told_at_once() -> None:
    """Flags, source and sinks are read to the end before the program refuses."""
    problems = refused(
        "--nope", "--healthz-port=http", "--log-format=xml", "--source=consul:x", f"{SINK}&level=Foo", "--sink=kafka:b"
    )
    assert [problem.split(":")[0] for problem in problems] == [
        "--nope",
        "--source=consul",
        "--sink 1",
        "--sink 2",
        "--healthz-port=http",
        "--log-format=xml",
    ]
    assert "hunter2" not in str(problems)


def test_a_number_of_any_length_is_refused_in_words() -> None:
    """Python's own limit for digits would end the program with a traceback."""
    assert [problem.split("=")[0] for problem in refused(SINK, "-v=" + "9" * 5000)] == ["--v"]


def test_a_daemon_needs_a_sink() -> None:
    """Without one there is nothing to do; the line shows one."""
    assert refused()[0].startswith("--sink: none is given; write --sink=wecom:?key=KEY, ")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("kubernetes:https://kubernetes.default", SourceSettings(server="https://kubernetes.default")),
        ("kubernetes:", SourceSettings()),
        ("kubernetes:''", SourceSettings()),
        (
            "kubernetes:http://127.0.0.1:8080?inClusterConfig=false",
            SourceSettings(server="http://127.0.0.1:8080", in_cluster=False),
        ),
        (
            "kubernetes:?inClusterConfig=false&insecure=true&auth=/k/config",
            SourceSettings(in_cluster=False, insecure=True, kubeconfig="/k/config"),
        ),
        ("kubernetes:?localKubeConfig=/k&useServiceAccount=true", SourceSettings(kubeconfig="/k")),
        ("kubernetes:https://u:p@host:6443/ignored", SourceSettings(server="https://host:6443")),
    ],
)
def test_sources_as_kube_eventer_reads_them(source: str, expected: SourceSettings) -> None:
    """The address, and the options that choose the credentials."""
    assert load(f"--source={source}").source == expected


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("kubernetes", "--source=kubernetes: has no scheme"),
        ("kubernetes:host:6443", "--source: host:6443: not an address"),
        ("kubernetes:?inClusterConfig=perhaps", "--source: inClusterConfig=perhaps: not a bool"),
        ("kubernetes:?inClusterConfig=false", "--source: inClusterConfig=false needs a URL"),
    ],
)
def test_a_source_that_cannot_be_used_is_refused_in_words(source: str, problem: str) -> None:
    """The line says what is wrong and what to write."""
    assert refused(SINK, f"--source={source}")[0].startswith(problem)


def test_an_unknown_option_of_a_source_is_said() -> None:
    """A typo there must not go unnoticed."""
    assert load("--source=kubernetes:?inClusterconfig=false").warnings == (
        "--source: inClusterconfig is no option of a source and is ignored; did you mean inClusterConfig?",
    )


def test_times_print_in_the_zone_that_tz_names() -> None:
    """TZ as the C library reads it, with or without its colon."""
    for name in ("Asia/Shanghai", ":Asia/Shanghai"):
        assert load(TZ=name).zone == ZoneInfo("Asia/Shanghai")


def test_tz_may_be_a_file(tmp_path: Path) -> None:
    """A Deployment that mounts its zone says TZ=/usr/share/zoneinfo/..., and Go reads that."""
    source = resources.files("tzdata.zoneinfo.Asia") / "Shanghai"
    (tmp_path / "zone").write_bytes(source.read_bytes())
    settings = load(TZ=f"{tmp_path}/zone")
    assert settings.warnings == ()
    assert datetime(2026, 1, 1, tzinfo=settings.zone).tzname() == "CST"


def test_an_unknown_zone_is_utc_and_said() -> None:
    """A wrong TZ must not stop the daemon."""
    settings = load(TZ="Asia/Beijing")
    assert settings.zone is UTC
    assert settings.warnings[0].startswith("TZ=Asia/Beijing: unknown time zone")


def test_without_tz_the_machines_zone_counts(tmp_path: Path) -> None:
    """As for any program on that machine; UTC where it has none, or an unreadable one."""
    broken = tmp_path / "localtime"
    broken.write_bytes(b"no zone")
    for local in (broken, tmp_path / "missing"):
        assert time_zone({}, warnings=[], local=local) is UTC
    zone = time_zone({}, warnings=[])
    assert datetime(2026, 1, 1, tzinfo=zone).utcoffset() == datetime(2026, 1, 1).astimezone().utcoffset()


def test_two_routes_of_one_name_are_refused() -> None:
    """Logs and metrics could not tell them apart."""
    assert refused(f"{SINK}&route=a", f"{SINK}&route=a", f"{SINK}&route=b") == (
        "--sink: route=a: 2 sinks have this name; each needs its own",
    )


def test_what_explains_a_refusal_is_told_with_it() -> None:
    """A variable that is not set leaves no key: the reader needs both lines."""
    with pytest.raises(ConfigError) as caught:
        load_settings(["--sink=wecom:?key=$WECOM_KEY"], environ={})
    assert caught.value.problems == ("--sink 1: wecom: the robot has no key; write key_secret=, key_file= or key=",)
    assert caught.value.doubts == (
        "--sink 1: $WECOM_KEY is not set in the environment, so nothing stands in its place",
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [("quiet", ObjectName("", "quiet")), ("ops/quiet.v1", ObjectName("ops", "quiet.v1"))],
)
def test_silences_are_in_a_config_map(text: str, expected: ObjectName) -> None:
    """Its name alone means the daemon's own namespace."""
    name = load(f"--silence-configmap={text}").silences
    assert name == expected
    assert name.within("own") == ObjectName(expected.namespace or "own", expected.name)
    assert load().silences is None


@pytest.mark.parametrize("text", ["", "Quiet", "a/b/c", "/quiet", "ops/", "ops/-", "o_o/quiet", "a" * 254])
def test_what_no_config_map_can_be_called_is_refused(text: str) -> None:
    """The line shows both ways to write it."""
    assert refused(SINK, f"--silence-configmap={text}") == (
        f"--silence-configmap={text}: no ConfigMap's name; write NAME or NAMESPACE/NAME",
    )
