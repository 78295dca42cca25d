"""The pictures of the docs: all built-in messages are there, in the page of their language."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kube_wecom_eventer.demo.gallery import samples

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {"en": "messages.md", "zh": "messages.zh-CN.md"}
LARGEST = 200_000  # bytes


@pytest.mark.parametrize("lang", PAGES)
def test_every_built_in_message_is_shown(lang: str) -> None:
    """Each sample of the gallery in its language, none in the other one; each picture has a description."""
    page = (DOCS / PAGES[lang]).read_text("utf-8")
    shown = re.findall(r'<img src="images/([^"]+)\.png" width="\d+" alt="[^"]+">', page)

    assert len(shown) == page.count("<img")
    expected = {f"{sample.kind}-{sample.case}.{lang}" for sample in samples() if sample.lang == lang}
    assert expected <= set(shown)
    assert all(name.endswith(f".{lang}") for name in shown)
    assert all((DOCS / "images" / f"{name}.png").is_file() for name in shown)


def test_no_picture_is_large() -> None:
    """A clone should not weigh more for them than it must."""
    sizes = {each.name: each.stat().st_size for each in (DOCS / "images").glob("*.png")}

    assert sizes
    assert {name: size for name, size in sizes.items() if size > LARGEST} == {}
