from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from kube_wecom_eventer import __version__, cli
from kube_wecom_eventer.cli import COMMANDS, main

SINK = "--sink=webhook:http://127.0.0.1:9/cgi-bin/webhook/send?key=hunter2"


def run(*args: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the program in an environment of its own."""
    env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", **environ}
    command = [sys.executable, "-m", "kube_wecom_eventer", *args]
    return subprocess.run(command, capture_output=True, text=True, env=env, timeout=30, check=False)


@pytest.mark.parametrize("flag", ["--version", "-version"])
def test_the_version_is_told(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    """kube-eventer has the same flag."""
    assert main([flag]) == 0
    assert capsys.readouterr().out == f"kube-wecom-eventer {__version__}\n"


@pytest.mark.parametrize(
    "args",
    [
        ("--help",),
        ("help", "sink"),
        ("routes", "--help"),
        ("check", SINK, "--source=kubernetes:http://127.0.0.1:9?inClusterConfig=false"),
        ("render", "--sink=wecom:?lang=en"),
    ],
    ids=lambda args: args[0],
)
def test_a_reader_who_has_gone_is_no_error(args: tuple[str, ...]) -> None:
    """As `--help | head`."""
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "kube_wecom_eventer", *args]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, timeout=30, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_that_is_interrupted_ends_without_a_traceback(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By Ctrl-C, while it waits for an answer; 130 is what shells say of it."""

    def interrupted(_args: Sequence[str]) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "COMMANDS", {name: replace(COMMANDS[name], run=interrupted)})
    assert main([name]) == 130


def test_all_mistakes_are_told_at_once_and_without_a_traceback() -> None:
    """Exit 2, a line each, no key."""
    done = run("--nope", f"{SINK}&level=Foo&reason=[", "--sink=kafka:brokers", "--source=consul:x")
    assert done.returncode == 2
    lines = done.stderr.splitlines()
    assert len(lines) == 5
    assert all(line.startswith("kube-wecom-eventer: --") for line in lines)
    assert "hunter2" not in done.stderr
    assert done.stdout == ""


def test_who_writes_no_args_is_told_where_to_look() -> None:
    """What a daemon needs, where all is listed, and what works at once."""
    done = run()
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "kube-wecom-eventer: --sink: none is given; write --sink=wecom:?key=KEY, "
        "with what follows key= in the robot's webhook address",
        "kube-wecom-eventer: --help lists flags and commands; kube-wecom-eventer demo needs none of them",
    ]


def test_no_credentials_are_a_clear_line(tmp_path: Path) -> None:
    """Neither a pod nor a kubeconfig."""
    done = run(SINK, KUBECONFIG=str(tmp_path / "missing"))
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"kube-wecom-eventer: kubeconfig {tmp_path / 'missing'}: no such file; set KUBECONFIG")


def test_a_port_in_use_is_a_clear_line() -> None:
    """It names both flags."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        source = "--source=kubernetes:http://127.0.0.1:9?inClusterConfig=false"
        done = run(SINK, source, "--healthz-ip=127.0.0.1", f"--healthz-port={port}")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    address = f"--healthz-ip=127.0.0.1 --healthz-port={port}"
    assert line == f"kube-wecom-eventer: {address}: can't listen there: Address already in use"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("HTTPS_PROXY", "nonsense://x", "HTTP_PROXY, HTTPS_PROXY or ALL_PROXY: no proxy's URL; write http://HOST:PORT"),
        ("SSL_CERT_FILE", "/nonexistent", "SSL_CERT_FILE or SSL_CERT_DIR: can't be read"),
    ],
)
@pytest.mark.parametrize("route", [SINK, "--namespace-routes"])
def test_an_environment_that_cannot_be_used_is_a_clear_line(name: str, value: str, words: str, route: str) -> None:
    """Exit 2, no traceback; at the start, also where the first sink is declared later."""
    source = "--source=kubernetes:http://127.0.0.1:9?inClusterConfig=false"
    done = run(route, source, "--healthz-ip=127.0.0.1", "--healthz-port=0", **{name: value})
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
