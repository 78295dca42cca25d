"""`render` shows what applications of WeCom and robots of DingTalk would get."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands.rendering import Runner, written

APPLICATION = "wechat:?corp_id=ww1&agent_id=1"
DINGTALK = r"""{"msgtype": "markdown",
"markdown": {"title": "{{ .Reason }}", "text": "### {{ .Reason }}\n> {{ .Message }}"},
"at": {"atMobiles": ["13800001111"]}}"""


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Runner:
    """Run the command."""
    return Runner(capsys)


def test_a_textcard_of_an_application_is_shown_as_its_members_read_it(run: Runner) -> None:
    """Without its tags; the rest of the body is what the sink adds, whom it names among it."""
    ran = run(f"--sink={APPLICATION}&msgtype=textcard&label=gz&lang=en")
    lines = ran.shown.splitlines()
    assert ran.status == 0
    assert lines[0] == "sink-1: the built-in message for a WeCom application, backoff"
    assert lines[2:5] == [
        "  │ ⚠️ BackOff · Pod payments/checkout-7d9f8c6b5-x2k4z",
        "  │ Label: gz",
        "  │ Time: 2026-11-20 09:02:03 CST",
    ]
    assert "of 476 bytes; mentions nobody" in ran.shown


def test_a_template_for_dingtalk_is_shown_with_whom_it_mentions(run: Runner, tmp_path: Path) -> None:
    """Its own form is well; an application refuses it."""
    template = written(tmp_path, DINGTALK)
    ran = run(template, "--sink=dingtalk:?sign_file=/run/sign", "--digest=2")
    lines = ran.shown.splitlines()
    assert (ran.status, lines[0]) == (0, f"{tmp_path}/message.tmpl: a Go template for DingTalk, 2 events")
    assert lines[2:4] == ["  │ ⚠️ 2 组事件 ×2", "  │ BackOff"]
    assert "of 8000 bytes; mentions 13800001111" in ran.shown
    assert lines[-1] == "✓ nothing to mend"
    ran = run(template, f"--sink={APPLICATION}&corp_secret_file=/run/secret")
    assert ran.status == 1
    assert ran.shown.splitlines()[-1] == '✗ the rendered body has no "content" in its "markdown"'


def test_a_program_is_told_whom_a_message_for_dingtalk_mentions(run: Runner) -> None:
    """By `at`, everybody, too; what stands in a text mentions nobody there."""
    ran = run("--sink=dingtalk:?mentioned_list=@all,wangqing&msg_type=markdown", "--output=json")
    (told,) = json.loads(ran.shown)["rendered"]
    assert told["mentions"] == ["@all", "wangqing"]
