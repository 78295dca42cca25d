"""What docs/migrate.md shows is what is printed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.commands.migrate.test_command import ROBOT, Ran, with_args
from tests.commands.migrate.written import config_map

DOCS = Path(__file__).parents[3] / "docs"

TEMPLATE = '{"msgtype": "text", "text": {"content": "{{ .Message }}"}}'
SINKS = (
    ROBOT.replace("&level=Warning", "&namespaces=payments")
    + "&custom_body_configmap=body&custom_body_configmap_namespace=kube-system",
    "--sink=sls:https://cn-beijing.log.aliyuncs.com?project=k8s&logStore=k8s-event&accessKeySecret=hunter2",
)


@pytest.mark.parametrize(("page", "lang"), [("migrate.md", "en"), ("migrate.zh-CN.md", "zh")])
def test_the_args_that_are_shown_are_printed(page: str, lang: str) -> None:
    """Comment by comment."""
    (shown,) = re.findall(r"```yaml\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)
    ran = Ran("-", f"--lang={lang}", objects=[config_map(content=TEMPLATE), with_args(*SINKS)])
    assert shown in ran.text


@pytest.mark.parametrize("page", ["migrate.md", "migrate.zh-CN.md"])
def test_the_options_that_are_shown_exist(page: str) -> None:
    """A walk with a misspelt option helps nobody."""
    text = (DOCS / page).read_text(encoding="utf-8")
    used = {option for line in re.findall(r"kube-wecom-eventer migrate ([^`\n]*)", text) for option in _options(line)}
    assert {"--namespace", "--name", "--secrets", "--image"} <= used
    assert used <= {"--namespace", "--name", "--secrets", "--image", "--lang", "--sink", "--as"}


def _options(line: str) -> list[str]:
    return re.findall(r"(--[a-z-]+)", line)
