"""The runbooks: a section for each alert and each event that somebody may have to act on, and commands that work."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest
import yaml

from tools.reference.log_events import log_events

ROOT = Path(__file__).parents[1]
PAGES = {
    "runbook.md": ("Means", "Meanwhile", "Find out", "Do"),
    "runbook.zh-CN.md": ("含义", "此时的影响", "怎么查", "怎么办"),
}
"""Each page with the parts that each of its sections has."""


def sections(page: str) -> list[tuple[str, str]]:
    """Return headings and texts."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return re.findall(r"^### (\S+)\n\n(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL)


def subjects() -> set[str]:
    """Return the names of all alerts, and of all events at warning and above."""
    rules = yaml.safe_load((ROOT / "manifests/monitoring/alerts.yaml").read_text(encoding="utf-8"))
    alerts = {rule["alert"] for group in rules["groups"] for rule in group["rules"]}
    return alerts | {event.name for event in log_events().values() if event.serious}


@pytest.mark.parametrize("page", PAGES)
def test_each_alert_and_serious_event_has_one_section_and_there_is_no_other(page: str) -> None:
    """A name that is searched for at night is found; none is about something that is no more."""
    assert Counter(heading for heading, _ in sections(page)) == Counter(subjects())


@pytest.mark.parametrize("page", PAGES)
def test_each_section_has_its_four_parts(page: str) -> None:
    """What it means, what the users see meanwhile, how to find out more, what to do: in this order, none empty."""
    for heading, text in sections(page):
        parts = re.findall(r"^\*\*([^*]+)\*\*(.*?)(?=^\*\*|\Z)", text, re.MULTILINE | re.DOTALL)
        assert tuple(name for name, _ in parts) == PAGES[page], heading
        assert all(body.strip(" ：\n") for _, body in parts), heading


def test_both_languages_have_the_same_sections_in_the_same_order() -> None:
    """So that two people can talk about one."""
    english, chinese = ([heading for heading, _ in sections(page)] for page in PAGES)
    assert english == chinese


@pytest.mark.parametrize("page", PAGES)
def test_commands_use_only_the_tools_that_are_there(page: str) -> None:
    """The functions at the top, with names of events and metrics that exist."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    code = [block or span for block, span in re.findall(r"```bash\n(.*?)```|`([^`\n]+)`", text, re.DOTALL)]
    names = {name for each in code for name in re.findall(r"\bsaid ([a-z_]+)", each)}
    assert names <= set(log_events())
    assert names


POD = "kube-wecom-eventer-7d9f5b-x7k2p"
LABEL = "app.kubernetes.io/name=kube-wecom-eventer"
FAKE = """\
#!/bin/sh
echo "$@" >> "$CALLS"
case "$*" in
  *holderIdentity*) printf %s "$HOLDER" ;;
  *items*) printf %s "$POD" ;;
  *logs*) cat "$LOG" ;;
  *metrics*) printf 'kube_wecom_eventer_leading 1.0\\nprocess_open_fds 9.0\\n' ;;
esac
"""
LOG = [
    {"timestamp": "t", "level": "error", "event": "destination_broken", "detail": "errcode 93000"},
    {"timestamp": "t", "level": "info", "event": "destination_recovered"},
]


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed, for which the commands are written")
@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    ("command", "holder", "shown"),
    [
        ("said destination_broken", "", (f"logs -l {LABEL}", json.dumps(LOG[0]))),
        ("troubles", "", ("--since=24h", json.dumps(LOG[0]))),
        ("leader", f"{POD}-1a2b3c4d", ("get lease", POD)),
        ("leader", "", ("get pods", POD)),
        ("figures leading", "", (f"exec {POD} -- ", "kube_wecom_eventer_leading 1.0")),
        ("routes -n shop", "", (f"exec {POD} -- /kube-wecom-eventer routes -n shop", "")),
        ("may list events -A", "", ("--as=system:serviceaccount:kube-wecom-eventer:kube-wecom-eventer", "")),
    ],
)
def test_the_tools_ask_the_right_pod_and_show_what_is_asked_for(
    tmp_path: Path, page: str, command: str, holder: str, shown: tuple[str, str]
) -> None:
    """As they are pasted into a shell."""
    call, output = shown
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    tools = text.partition("```bash\n")[2].partition("```")[0]
    (tmp_path / "kubectl").write_text(FAKE)
    (tmp_path / "kubectl").chmod(0o755)
    (tmp_path / "log").write_text("".join(json.dumps(line) + "\n" for line in LOG))
    calls = tmp_path / "calls"
    environ = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "CALLS": str(calls), "LOG": str(tmp_path / "log")}
    done = subprocess.run(
        ["bash", "-c", f"{tools}\n{command}"],
        env={**environ, "HOLDER": holder, "POD": POD},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert (done.stdout.strip(), done.stderr) == (output, "")
    assert call in calls.read_text()
