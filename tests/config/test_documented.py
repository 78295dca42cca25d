"""The sinks that docs/configuration.md and its translation show can be copied."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from kube_wecom_eventer.config import load_settings

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("page", ["configuration.md", "configuration.zh-CN.md"])
def test_each_sink_is_accepted_without_a_doubt(page: str) -> None:
    """The args of a Deployment, and the filters of a table."""
    text = (DOCS / page).read_text(encoding="utf-8")
    args = [
        arg for block in re.findall(r"```yaml\n(args:.*?)```", text, re.DOTALL) for arg in yaml.safe_load(block)["args"]
    ]
    filters = re.findall(r"^\| `([a-z_]+=[^`]*)` \| ", text, re.MULTILINE)
    assert len(args) >= 3
    assert len(filters) >= 6
    args += [f"--sink=wecom:?key=k{number}&{written}" for number, written in enumerate(filters)]
    assert load_settings(args, environ={"TZ": "UTC", "PAYMENTS_KEY": "a", "PLATFORM_KEY": "b"}).warnings == ()
