"""The gallery's samples are the program's own messages."""

from __future__ import annotations

import json

from kube_wecom_eventer.demo.gallery import gallery, samples
from kube_wecom_eventer.demo.wecom_rules import check
from kube_wecom_eventer.render.style import LANGS, MSGTYPES


def test_each_type_is_there_in_each_language() -> None:
    """Alone, and where the type can do that with mentions and as a digest; WeCom takes each of them."""
    made = list(samples())

    assert {(sample.kind, sample.lang) for sample in made} == {(kind, lang) for kind in MSGTYPES for lang in LANGS}
    assert all(sample.body["msgtype"] == sample.kind for sample in made)
    for sample in made:
        check(sample.body)


def test_the_page_gets_them_as_messages() -> None:
    """With what they stand for, whom they mention, and a name of their own."""
    entries = {entry["name"]: entry for entry in json.loads(gallery())}

    assert len(entries) == len(list(samples()))
    assert entries["text-digest-zh"]["message"]["stands_for"] == 33
    assert entries["text-mentions-en"]["message"]["mentions"] == ["wangqing", "@all"]
    assert entries["markdown-mentions-zh"]["message"]["mentions"] == ["wangqing", "lina"]
    assert entries["template_card-single-en"]["message"]["delay_ms"] == 8


def test_it_is_the_same_each_time() -> None:
    """So that a picture of it changes only when a message does."""
    assert gallery() == gallery()
