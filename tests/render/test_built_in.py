from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kube_wecom_eventer.render import Style, built_in
from kube_wecom_eventer.render.wecom_body import ROBOT
from tests.support.events import make_event

TEXT_ZH = """\
⚠️ BackOff · Pod payments/checkout-7d9f
时间：2026-11-20 09:02:03 CST
发生次数：3 次
位置：spec.containers{web}
来源：kubelet@node-1
集群：prod-1
Back-off restarting failed container"""
TEXT_EN = """\
⚠️ BackOff · Pod payments/checkout-7d9f
Time: 2026-11-20 09:02:03 CST
Happened: 3 times
Part: spec.containers{web}
Source: kubelet@node-1
Cluster: prod-1
Back-off restarting failed container"""
MARKDOWN_ZH = """\
**<font color="warning">⚠️ BackOff</font>** · Pod payments/checkout-7d9f
时间：<font color="comment">2026-11-20 09:02:03 CST</font>
发生次数：<font color="comment">3 次</font>
位置：<font color="comment">spec.containers{web}</font>
来源：<font color="comment">kubelet@node-1</font>
集群：<font color="comment">prod-1</font>
> Back-off restarting failed container

<@wangqing><@zhaoli>"""
MARKDOWN_EN = """\
**<font color="warning">⚠️ BackOff</font>** · Pod payments/checkout-7d9f
Time: <font color="comment">2026-11-20 09:02:03 CST</font>
Happened: <font color="comment">3 times</font>
Part: <font color="comment">spec.containers{web}</font>
Source: <font color="comment">kubelet@node-1</font>
Cluster: <font color="comment">prod-1</font>
> Back-off restarting failed container

<@wangqing><@zhaoli>"""
MARKDOWN_V2_ZH = """\
### ⚠️ BackOff · Pod payments/checkout-7d9f
- **时间**：2026-11-20 09:02:03 CST
- **发生次数**：3 次
- **位置**：spec.containers{web}
- **来源**：kubelet@node-1
- **集群**：prod-1
```
Back-off restarting failed container
```"""
MARKDOWN_V2_EN = """\
### ⚠️ BackOff · Pod payments/checkout-7d9f
- **Time**: 2026-11-20 09:02:03 CST
- **Happened**: 3 times
- **Part**: spec.containers{web}
- **Source**: kubelet@node-1
- **Cluster**: prod-1
```
Back-off restarting failed container
```"""


def payload(style: Style, **event: Any) -> dict[str, Any]:
    about = {"kind": "Pod", "namespace": "payments", "name": "checkout-7d9f", "fieldPath": "spec.containers{web}"}
    made = make_event(**{"involvedObject": about, **event})
    return built_in.built_in_payload(made, style=style, zone=ZoneInfo("Asia/Shanghai"))


def style(msgtype: str, lang: str = "zh") -> Style:
    return Style(msgtype=msgtype, lang=lang, cluster="prod-1", mentioned_list=("wangqing", "zhaoli"))


@pytest.mark.parametrize(
    ("msgtype", "lang", "expected"),
    [
        ("text", "zh", TEXT_ZH),
        ("text", "en", TEXT_EN),
        ("markdown", "zh", MARKDOWN_ZH),
        ("markdown", "en", MARKDOWN_EN),
        ("markdown_v2", "zh", MARKDOWN_V2_ZH),
        ("markdown_v2", "en", MARKDOWN_V2_EN),
    ],
)
def test_a_content_reads_well(msgtype: str, lang: str, expected: str) -> None:
    """What and where, then the facts, the event's message, and who should look."""
    body = payload(style(msgtype, lang))
    assert body[msgtype]["content"] == expected
    assert body["msgtype"] == msgtype


@pytest.mark.parametrize(
    ("lang", "keynames", "times", "url"),
    [
        ("zh", ["命名空间", "时间", "发生次数", "位置", "来源", "集群"], "3 次", "https://kubernetes.io/zh-cn/docs/"),
        (
            "en",
            ["Namespace", "Time", "Happened", "Part", "Source", "Cluster"],
            "3 times",
            "https://kubernetes.io/docs/",
        ),
    ],
)
def test_a_card_has_its_rows_and_the_link_that_wecom_demands(
    lang: str, keynames: list[str], times: str, url: str
) -> None:
    """Six rows at most, and a public page where a tap leads."""
    card = payload(style("template_card", lang))["template_card"]
    rows = card.pop("horizontal_content_list")
    values = ["payments", "2026-11-20 09:02:03 CST", times, "spec.containers{web}", "kubelet@node-1", "prod-1"]
    assert [(row["keyname"], row["value"]) for row in rows] == list(zip(keynames, values, strict=True))
    action = card.pop("card_action")
    assert action["type"] == 1
    assert action["url"].startswith(url)
    assert card == {
        "card_type": "text_notice",
        "main_title": {"title": "⚠️ BackOff", "desc": "Pod checkout-7d9f"},
        "sub_title_text": "Back-off restarting failed container",
    }


def test_a_cards_texts_have_the_width_that_wecom_advises() -> None:
    """112 Chinese signs or 224 Latin letters of the message, and so on for the other fields."""
    card = payload(
        style("template_card"),
        message="错" * 500,
        reason="R" * 500,
        involvedObject={"kind": "Pod", "namespace": "n" * 63, "name": "p" * 253},
    )["template_card"]
    assert card["sub_title_text"] == "错" * 111 + "…"
    assert card["main_title"]["title"] == "⚠️ " + "R" * 47 + "…"
    assert card["main_title"]["desc"] == "Pod " + "p" * 54 + "…"
    assert card["horizontal_content_list"][0]["value"] == "n" * 50 + "…"


def test_text_mentions_both_lists() -> None:
    """Inside ``text``, where WeCom reads them."""
    wish = Style(mentioned_list=("wangqing", "@all"), mentioned_mobile_list=("13800001111",))
    body = payload(wish)["text"]
    assert body["mentioned_list"] == ["wangqing", "@all"]
    assert body["mentioned_mobile_list"] == ["13800001111"]


def test_lists_that_are_not_wished_are_not_sent() -> None:
    """A body says nothing that means nothing."""
    assert list(payload(Style())["text"]) == ["content"]


@pytest.mark.parametrize("msgtype", ["text", "markdown", "markdown_v2"])
@pytest.mark.parametrize("message", ["错" * 5000, "> `<font>\n" * 5000, "```\n" * 5000])
def test_a_long_message_leaves_the_facts_and_the_mentions_whole(msgtype: str, message: str) -> None:
    """The event's message is cut, with a mark, and nothing else."""
    long = {"kind": "Pod", "namespace": "n" * 63, "name": "p" * 253, "fieldPath": "f" * 500}
    body = payload(style(msgtype), message=message, reason="R" * 500, involvedObject=long)
    content = body[msgtype]["content"]
    assert len(content.encode()) <= ROBOT.types[msgtype].limit
    assert "prod-1" in content
    assert content.count("…(truncated)") == 1
    assert content.endswith({"text": "…(truncated)", "markdown": "<@zhaoli>", "markdown_v2": "\n```"}[msgtype])
    assert ROBOT.encode(body)


@pytest.mark.parametrize("msgtype", ["text", "markdown", "markdown_v2"])
def test_a_bare_event_has_a_first_line_and_no_empty_rows(msgtype: str) -> None:
    """Some events have neither names nor time nor message."""
    bare: dict[str, Any] = {key: {} for key in ("involvedObject", "metadata", "source")}
    bare |= {"firstTimestamp": None, "lastTimestamp": None, "count": 0}
    content = payload(Style(msgtype=msgtype), reason="", type="", message=" \n", **bare)[msgtype]["content"]
    assert (
        content
        == {
            "text": "🔔 事件 · -",
            "markdown": '**<font color="comment">🔔 事件</font>** · -',
            "markdown_v2": "### 🔔 事件 · -",
        }[msgtype]
    )


def test_a_normal_event_is_green_and_a_series_counts() -> None:
    """events.k8s.io counts in the series."""
    content = payload(
        Style(msgtype="markdown", lang="en"), type="Normal", count=0, series={"count": 7, "lastObservedTime": None}
    )["markdown"]["content"]
    assert content.startswith('**<font color="info">ℹ️ BackOff</font>**')
    assert 'Happened: <font color="comment">7 times</font>' in content


def test_a_time_at_the_end_of_the_calendar_is_shown_as_it_is() -> None:
    """A zone must not carry it out of the years that Python has."""
    assert "时间：9999-12-31 23:59:59 UTC" in payload(Style(), lastTimestamp="9999-12-31T23:59:59Z")["text"]["content"]
