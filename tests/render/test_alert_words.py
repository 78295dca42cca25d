"""The built-in messages of alerts: read at night, firing and over can't be confused."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kube_wecom_eventer.alert import AlertGroup
from kube_wecom_eventer.event import Event
from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.render import APPLICATION, DINGTALK, ROBOT, Bodies, Merged, Renderer, Style, Templates
from kube_wecom_eventer.render.alert_words import lasting
from tests.support.alerts import make_alert_event

SHANGHAI = ZoneInfo("Asia/Shanghai")
LABELS = {"team": "b", "container": "app"}
NOTES = {"summary": "p99 is above 2 s", "runbook_url": "https://runbooks/latency"}
FIRES = make_alert_event(labels=LABELS, annotations=NOTES, generator_url="http://prometheus:9090/graph?g0.expr=up")
OVER = make_alert_event(labels=LABELS, annotations=NOTES, lasted=timedelta(minutes=12))
INFO = make_alert_event(labels={"severity": "info"})


def body(*events: Event, **style: Any) -> Any:
    renderer = Renderer(templates=Templates(metrics=Metrics()), zone=SHANGHAI)
    items = [Merged(event) for event in events]
    chosen = Style(**style)
    if len(items) == 1:
        return json.loads(renderer.render(events[0], template=None, style=chosen).body)
    return json.loads(renderer.digest(items, template=None, style=chosen).body)


def content(*events: Event, msgtype: str = "text", **style: Any) -> str:
    found: str = body(*events, msgtype=msgtype, **style)[msgtype]["content"]
    return found


def test_text() -> None:
    """The first line says what, where, and that it fires; then since when, and what the labels say."""
    assert content(FIRES, cluster="prod-1") == (
        "🔥 告警 HighLatency · Deployment payments/checkout\n"
        "级别：critical\n"
        "开始：2026-11-20 18:00:00 CST\n"
        "集群：prod-1\n"
        "其他标签：container=app，team=b\n"
        "手册：https://runbooks/latency\n"
        "p99 is above 2 s"
    )
    assert content(OVER, lang="en") == (
        "✅ Resolved (after 12m) HighLatency · Deployment payments/checkout\n"
        "Severity: critical\n"
        "Since: 2026-11-20 18:00:00 CST\n"
        "Until: 2026-11-20 18:12:00 CST\n"
        "Labels: container=app, team=b\n"
        "Runbook: https://runbooks/latency\n"
        "p99 is above 2 s"
    )


def test_markdown() -> None:
    """Orange while it fires, grey where it is no warning, green when it is over."""
    fires, info, over = (content(event, msgtype="markdown").split("\n")[0] for event in (FIRES, INFO, OVER))
    assert fires == '**<font color="warning">🔥 告警 HighLatency</font>** · Deployment payments/checkout'
    assert info.startswith('**<font color="comment">🔥 告警 ')
    assert over == '**<font color="info">✅ 已恢复 (持续 12m) HighLatency</font>** · Deployment payments/checkout'


def test_markdown_v2() -> None:
    """The same as a list."""
    lines = content(OVER, msgtype="markdown_v2").split("\n")
    assert lines[0] == "### ✅ 已恢复 (持续 12m) HighLatency · Deployment payments/checkout"
    assert lines[1:4] == [
        "- **级别**：critical",
        "- **开始**：2026-11-20 18:00:00 CST",
        "- **恢复**：2026-11-20 18:12:00 CST",
    ]


def test_a_card() -> None:
    """A tap on it leads to where the alert comes from: the rule in Prometheus, else Alertmanager."""
    card = body(FIRES, msgtype="template_card")["template_card"]
    assert card["main_title"] == {"title": "🔥 告警 HighLatency", "desc": "Deployment checkout"}
    assert card["card_action"]["url"] == "http://prometheus:9090/graph?g0.expr=up"
    group = AlertGroup(external_url="http://am:9093")
    help_page = "https://kubernetes.io/zh-cn/docs/tasks/debug/"
    links = [
        (make_alert_event(group=group), "http://am:9093"),
        (make_alert_event(generator_url="javascript:alert(1)"), help_page),
        (make_alert_event(generator_url="http://x/" + "y" * 2000), help_page),
    ]
    for event, url in links:
        assert body(event, msgtype="template_card")["template_card"]["card_action"]["url"] == url


@pytest.mark.parametrize(
    ("msgtype", "lines"),
    [
        (
            "text",
            [
                "🔥 2 组告警 ×2 · prod",
                "• 🔥 HighLatency · Deployment payments/checkout：p99 is above 2 s",
                "• ✅ 已恢复 (持续 12m) HighLatency · Deployment payments/checkout：p99 is above 2 s",
            ],
        ),
        (
            "markdown",
            [
                '**<font color="warning">🔥 2 组告警 ×2 · prod</font>**',
                '>**<font color="warning">🔥 HighLatency</font>** · Deployment payments/checkout <font color="comment">'
                "p99 is above 2 s</font>",
                '>**<font color="info">✅ 已恢复 (持续 12m) HighLatency</font>** · Deployment payments/checkout '
                '<font color="comment">p99 is above 2 s</font>',
            ],
        ),
        (
            "markdown_v2",
            [
                "### 🔥 2 组告警 ×2 · prod",
                "- **🔥 HighLatency** · Deployment payments/checkout：p99 is above 2 s",
                "- **✅ 已恢复 (持续 12m) HighLatency** · Deployment payments/checkout：p99 is above 2 s",
            ],
        ),
    ],
)
def test_a_digest(msgtype: str, lines: list[str]) -> None:
    """Each line says for itself whether it fires."""
    assert content(FIRES, OVER, msgtype=msgtype, cluster="prod").split("\n") == lines


def test_a_digest_of_what_is_over_is_green() -> None:
    """And one of alerts that are no warnings, of which one fires, is not."""
    assert content(OVER, OVER, msgtype="markdown").startswith('**<font color="info">✅ 2 组告警 ×2')
    assert content(OVER, INFO, msgtype="markdown").startswith('**<font color="comment">🔥 2 组告警 ×2')


def test_sums_say_what_is_over() -> None:
    """Where there is no room for a line of each."""
    events = [make_alert_event(labels={"deployment": f"d-{n}", "alertname": "A" * 60}) for n in range(40)]
    over = [
        make_alert_event(labels={"deployment": f"d-{n}", "alertname": "A" * 60}, lasted=timedelta(1)) for n in range(5)
    ]
    last = content(*events, *over).split("\n")[-1]
    assert last.startswith(f"其余：payments {'A' * 60} ×")
    assert last.endswith(f"，payments {'A' * 60} 已恢复 ×5")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.9, "0s"),
        (45, "45s"),
        (60, "1m"),
        (90, "1m30s"),
        (599, "9m59s"),
        (600, "10m"),
        (754, "12m"),
        (3600, "1h"),
        (3900, "1h5m"),
        (86399, "23h59m"),
        (86400, "1d"),
        (97200, "1d3h"),
        (31536000, "365d"),
    ],
)
def test_a_duration_is_said_in_short(seconds: float, text: str) -> None:
    """Its two largest units; seconds only of what was short."""
    assert lasting(timedelta(seconds=seconds)) == text


CHATS = [
    pytest.param(bodies, msgtype, id=f"{name}-{msgtype}")
    for name, bodies in (("robot", ROBOT), ("application", APPLICATION), ("dingtalk", DINGTALK))
    for msgtype in (*bodies.types, *(["template_card"] if bodies is not DINGTALK else []))
]


@pytest.mark.parametrize(("bodies", "msgtype"), CHATS)
def test_each_chat_says_whether_it_fires(bodies: Bodies, msgtype: str) -> None:
    """In each type of message, alone and in a digest, within the chat's limits."""
    renderer = Renderer(templates=Templates(metrics=Metrics()), zone=SHANGHAI, bodies=bodies)
    style = Style(msgtype=msgtype)
    for event, words in ((FIRES, "🔥 告警 HighLatency"), (OVER, "✅ 已恢复 (持续 12m) HighLatency")):
        payload = json.loads(renderer.render(event, template=None, style=style).body)
        assert words[:14] in json.dumps(payload, ensure_ascii=False)
        assert bodies.overflow(payload) == 0
    payload = json.loads(renderer.digest([Merged(FIRES), Merged(OVER)], template=None, style=style).body)
    text = bodies.text_of(payload) or ""
    assert "🔥 2 组告警 ×2" in text
    assert "✅ 已恢复 (持续 12m) HighLatency" in text


def test_a_tap_on_an_applications_card_leads_to_the_alert() -> None:
    """As on a robot's."""
    renderer = Renderer(templates=Templates(metrics=Metrics()), zone=SHANGHAI, bodies=APPLICATION)
    payload = json.loads(renderer.render(FIRES, template=None, style=Style(msgtype="textcard")).body)
    assert payload["textcard"]["url"] == "http://prometheus:9090/graph?g0.expr=up"


_TEXT = st.text(st.characters(codec="utf-8"), max_size=400) | st.sampled_from(
    ['"\\', "<@all>", "</font>", "```", "**", "[x](http://y)", "\n> **a**\n", "错" * 900, "\x00" * 50, "<"]
)


@settings(max_examples=120, deadline=None, derandomize=True)
@given(
    labels=st.dictionaries(st.sampled_from(["alertname", "severity", "pod", "team", "x\ny", "<@all>"]), _TEXT),
    annotations=st.dictionaries(st.sampled_from(["summary", "description", "runbook_url"]), _TEXT),
    lasted=st.none() | st.timedeltas(timedelta(0), timedelta(days=400)),
    msgtype=st.sampled_from(["text", "markdown", "markdown_v2", "template_card"]),
    several=st.booleans(),
)
def test_whatever_an_alert_holds_its_message_is_valid(
    labels: dict[str, str], annotations: dict[str, str], lasted: timedelta | None, msgtype: str, several: bool
) -> None:
    """JSON within WeCom's limits that mentions nobody and leaves no tag open."""
    event = make_alert_event(labels=labels, annotations=annotations, lasted=lasted, generator_url="http://p/" + "é")
    message = body(event, event, msgtype=msgtype) if several else body(event, msgtype=msgtype)
    kind = message["msgtype"]
    text = message[kind].get("content", "")
    assert len(text.encode()) <= {"text": 2048, "markdown": 4096, "markdown_v2": 4096}.get(kind, 0)
    assert "<@" not in json.dumps(message, ensure_ascii=False)
    if kind == "markdown":
        assert text.count("<font") == text.count("</font>")
