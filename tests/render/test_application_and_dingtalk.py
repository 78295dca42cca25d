"""The words for WeCom's applications and for DingTalk: what they look like, and that any event gives a valid body."""

from __future__ import annotations

import json
import re
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kube_wecom_eventer.demo import dingtalk as dingtalk_group
from kube_wecom_eventer.demo.wecom_rules import check_application
from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.render import (
    APPLICATION,
    DINGTALK,
    MARK_ROOM,
    Bodies,
    ChatWording,
    Merged,
    Message,
    Renderer,
    Style,
    Templates,
)
from kube_wecom_eventer.render.dingtalk_body import LONGEST_BODY
from tests.render.test_any_event import LONG, events
from tests.support.events import make_event

MSGTYPES = {"application": ("text", "markdown", "textcard", "template_card"), "dingtalk": ("text", "markdown")}
BODIES = {"application": APPLICATION, "dingtalk": DINGTALK}
CASES = [(chat, msgtype) for chat, msgtypes in MSGTYPES.items() for msgtype in msgtypes]
ZONE = ZoneInfo("Asia/Shanghai")
PEOPLE = ("wangqing", "zhaoli")
TAG = re.compile(r"<(?!div class=\"gray\">|/div>|font color=\"(?:info|warning|comment)\">|/font>)[A-Za-z/!?]")


def renderer(bodies: Bodies, template: str | None = None) -> Renderer:
    templates = Templates(metrics=Metrics())
    if template is not None:
        templates.update("ns/cm", {"content": template})
    return Renderer(templates=templates, zone=ZONE, bodies=bodies)


def decoded(message: Message) -> Any:
    return json.loads(message.body)


def built_in(bodies: Bodies, style: Style, count: int = 1, **changes: Any) -> Any:
    return decoded(renderer(bodies).built_in(make_event(**changes), style=style, count=count))


def check(chat: str, message: Message) -> dict[str, Any]:
    """Assert that the chat takes a body, with the room that the sink needs; return it."""
    body: dict[str, Any] = decoded(message)
    if chat == "dingtalk":
        dingtalk_group._check(body, len(message.body))
        assert len(message.body) <= LONGEST_BODY
    else:
        check_application({**body, "agentid": 1})
        text = APPLICATION.text_of(body)
        kind = APPLICATION.type_of(body)
        assert text is None or kind is None or len(text.encode()) <= kind.limit
    return body


def test_a_text_of_an_application() -> None:
    """As a robot's, with the labels; nobody is mentioned, it is for its receivers."""
    style = Style(lang="en", cluster="prod-1", labels=("gz", "c550"), mentioned_list=PEOPLE)
    assert built_in(APPLICATION, style, 3) == {
        "msgtype": "text",
        "text": {
            "content": "⚠️ BackOff · Pod payments/checkout-7d9f ×3\n"
            "Time: 2026-11-20 09:02:03 CST\n"
            "Happened: 3 times\n"
            "Source: kubelet@node-1\n"
            "Cluster: prod-1\n"
            "Label: gz\n"
            "Label: c550\n"
            "Back-off restarting failed container"
        },
    }


def test_a_textcard() -> None:
    """The title says what and where, the facts are grey; a tap leads to Kubernetes' own page on finding faults."""
    body = built_in(APPLICATION, Style(msgtype="textcard", lang="en"), 3)
    assert body == {
        "msgtype": "textcard",
        "textcard": {
            "title": "⚠️ BackOff · Pod payments/checkout-7d9f ×3",
            "description": '<div class="gray">Time: 2026-11-20 09:02:03 CST</div>'
            '<div class="gray">Happened: 3 times</div><div class="gray">Source: kubelet@node-1</div>'
            "Back-off restarting failed container",
            "url": "https://kubernetes.io/docs/tasks/debug/",
        },
    }


@pytest.mark.parametrize("msgtype", ["textcard", "template_card"])
def test_cards_have_no_room_for_all_but_show_what_the_user_has_written(msgtype: str) -> None:
    """The cluster, and each label: of the event's facts the last ones are left out."""
    about = {"kind": "Pod", "namespace": "payments", "name": "checkout", "fieldPath": "spec.containers{checkout}"}
    for labels in (("gz", "k8s", "c550"), ("g" * 128, "k" * 128, "c" * 128)):
        style = Style(msgtype=msgtype, lang="en", cluster="prod-1", labels=labels)
        body = built_in(APPLICATION, style, 3, message="错" * 900, involvedObject=about)
        shown = json.dumps(body)
        assert [each for each in ("prod-1", *(label[:8] for label in labels)) if each not in shown] == []
        assert "2026-11-20" in shown or len(labels[0]) > 8


def test_a_long_textcard_keeps_its_count_and_says_that_it_was_cut() -> None:
    """128 bytes of title, 512 of description; the event's message gets at least half of them."""
    about = {"kind": "Pod", "namespace": "n" * 63, "name": "p" * 253, "fieldPath": "f" * 500}
    body = built_in(
        APPLICATION, Style(msgtype="textcard", cluster="c" * 300), 12, message="错" * 900, involvedObject=about
    )
    card = body["textcard"]
    assert card["title"].endswith("… ×12")
    assert len(card["title"].encode()) <= 128
    assert card["description"].endswith("…(truncated)")
    assert card["description"].count("错") >= 70
    assert card["description"].count("<div") == card["description"].count("</div>")


def test_a_text_of_dingtalk() -> None:
    """People are mentioned in ``at``, and named at the end; labels, as the robot's keyword, stand in it."""
    style = Style(
        lang="en", labels=("Kubernetes",), mentioned_list=("wangqing",), mentioned_mobile_list=("13800001111", "@all")
    )
    assert built_in(DINGTALK, style) == {
        "msgtype": "text",
        "text": {
            "content": "⚠️ BackOff · Pod payments/checkout-7d9f\n"
            "Time: 2026-11-20 09:02:03 CST\n"
            "Happened: 3 times\n"
            "Source: kubelet@node-1\n"
            "Label: Kubernetes\n"
            "Back-off restarting failed container\n"
            "@13800001111 @wangqing"
        },
        "at": {"atMobiles": ["13800001111"], "atUserIds": ["wangqing"], "isAtAll": True},
    }


def test_a_markdown_of_dingtalk() -> None:
    """A heading, a list, the message as a quote whose lines stay lines; the title is what the notification shows."""
    body = built_in(
        DINGTALK,
        Style(msgtype="markdown", lang="zh", cluster="prod_1", mentioned_list=("wangqing",)),
        message="one *two*\n- three\n2. four ![x](http://evil/x.png) <b>",
    )
    assert body == {
        "msgtype": "markdown",
        "markdown": {
            "title": "⚠️ BackOff · Pod payments/checkout-7d9f",
            "text": "### ⚠️ BackOff · Pod payments/checkout-7d9f\n"
            "- **时间**：2026-11-20 09:02:03 CST\n"
            "- **发生次数**：3 次\n"
            "- **来源**：kubelet@node-1\n"
            "- **集群**：prod_1\n\n"
            "> one ∗two∗  \n"
            "> \u200b- three  \n"
            "> \u200b2. four ![x]\u200b(http://evil/x.png) <\u200bb>\n\n"
            "@wangqing",
        },
        "at": {"atUserIds": ["wangqing"]},
    }


@pytest.mark.parametrize(
    ("chat", "style", "header", "line"),
    [
        ("application", Style(labels=("gz",)), "⚠️ 2 组事件 ×5 · gz", "• BackOff · Pod payments/checkout ×3："),
        ("application", Style(msgtype="textcard"), "⚠️ 2 组事件 ×5", "• BackOff · Pod payments/checkout ×3："),
        (
            "application",
            Style(msgtype="markdown"),
            '**<font color="warning">⚠️ 2 组事件 ×5</font>**',
            ">**BackOff** · Pod payments/checkout ×3 <font",
        ),
        ("dingtalk", Style(cluster="prod", labels=("k8s",)), "⚠️ 2 组事件 ×5 · prod · k8s", "• BackOff · Pod payments/"),
        ("dingtalk", Style(msgtype="markdown"), "### ⚠️ 2 组事件 ×5", "- **BackOff** · Pod payments/checkout ×3："),
    ],
)
def test_a_digest(chat: str, style: Style, header: str, line: str) -> None:
    """A line for each group; a card has no room for one and becomes a text. Labels stand in the header."""
    items = [Merged(make_event(), 3, "checkout"), Merged(make_event(reason="Failed"), 2)]
    message = renderer(BODIES[chat]).digest(items, template=None, style=style)
    body = check(chat, message)
    first, second, *_ = (BODIES[chat].text_of(body) or "").split("\n")
    assert first == header
    assert second.startswith(line)


def test_a_digest_of_dingtalk_mentions_in_its_way() -> None:
    """And its title is the header without markup."""
    items = [Merged(make_event()), Merged(make_event(reason="Failed"))]
    style = Style(msgtype="markdown", mentioned_mobile_list=("138-0000",))
    body = decoded(renderer(DINGTALK).digest(items, template=None, style=style))
    assert body["markdown"]["title"] == "⚠️ 2 组事件 ×2"
    assert body["markdown"]["text"].endswith("\n\n@138-0000")
    assert body["at"] == {"atMobiles": ["138-0000"]}


DING_TEMPLATE = (
    '{"msgtype":"markdown","markdown":{"title":"{{ .Reason }}","text":"**{{ .Reason }}**\\n{{ .Message }}"},'
    '"at":{"atUserIds":["{{ .Reason }}"]}}'
)


def test_a_digest_of_a_template_joins_whom_each_of_its_texts_mentions() -> None:
    """Its other fields are the first one's."""
    items = [Merged(make_event(reason="One")), Merged(make_event(reason="Two"), 4)]
    body = decoded(renderer(DINGTALK, DING_TEMPLATE).digest(items, template="ns/cm"))
    assert body["markdown"]["text"].split("\n")[0] == "### ⚠️ 2 组事件 ×5"
    assert "**Two** ×4" in body["markdown"]["text"]
    assert body["markdown"]["title"] == "One"
    assert body["at"] == {"atUserIds": ["One", "Two"]}


def test_the_people_in_charge_are_mentioned_by_dingtalk_too() -> None:
    """Behind a template's text, and in its list."""
    wording = ChatWording(
        renderer=renderer(DINGTALK, DING_TEMPLATE), template="ns/cm", style=Style(), owners=lambda _namespace: ("lina",)
    )
    body = decoded(wording.message([Merged(make_event(reason="One"))]))
    assert body["markdown"]["text"].endswith("\n@lina")
    assert body["at"] == {"atUserIds": ["One", "lina"]}


def test_a_template_of_an_application_may_have_links_and_an_event_may_not() -> None:
    """In its texts ``<a href>`` is a link."""
    template = '{"msgtype":"text","text":{"content":"<a href=\\"https://x\\">log</a> {{ .Message }} `x`"}}'
    message = renderer(APPLICATION, template).render(
        make_event(message='<a href="http://evil">here</a> `y` </a>'), template="ns/cm"
    )
    assert decoded(message)["text"]["content"] == (
        '<a href="https://x">log</a> <\u200ba href="http://evil">here<\u200b/a> `y` <\u200b/a> `x`'
    )


def test_a_textcard_of_a_template_is_counted_in_its_title_and_cut_to_its_limits() -> None:
    """As a text is in its first line."""
    card = '"title":"{{ .Message }}","description":"<div class=\\"gray\\">{{ .Message }}</div>","url":"https://x"'
    template = f'{{"msgtype":"textcard","textcard":{{{card}}}}}'
    message = renderer(APPLICATION, template).render(make_event(message="错" * 500), template="ns/cm", count=7)
    assert not message.built_in
    made = check("application", message)["textcard"]
    assert made["title"].endswith("… ×7")
    assert len(made["description"].encode()) <= 512 - MARK_ROOM


@pytest.mark.parametrize(
    ("chat", "template"),
    [
        ("dingtalk", '{"msgtype":"markdown","markdown":{"content":"x"}}'),
        ("dingtalk", '{"msgtype":"markdown","markdown":{"text":"x"}}'),
        ("dingtalk", '{"msgtype":"text","text":{"content":"x"},"at":{"atUserIds":["' + "x" * 20_000 + '"]}}'),
        ("application", '{"msgtype":"textcard","textcard":{"title":"x"}}'),
    ],
)
def test_a_template_that_the_chat_would_refuse_costs_its_own_layout(chat: str, template: str) -> None:
    """A robot's markdown for DingTalk, a title that is missing, a body that is too long."""
    message = renderer(BODIES[chat], template).render(make_event(), template="ns/cm")
    assert message.built_in
    check(chat, message)


def test_wishes_that_cannot_come_true_are_told() -> None:
    """An application mentions nobody; DingTalk only what looks like an id or a number, as far as there is room."""
    style = Style(mentioned_list=("a b",), mentioned_mobile_list=("boss",))
    assert [doubt.partition(" has")[0] for doubt in APPLICATION.doubts(style)] == [
        "mentioned_list",
        "mentioned_mobile_list",
    ]
    assert [doubt.partition(" has")[0] for doubt in DINGTALK.doubts(style)] == [
        "mentioned_mobile_list=boss",
        "mentioned_list=a b",
    ]
    assert list(DINGTALK.doubts(Style(mentioned_list=("@all", "u1"), mentioned_mobile_list=("+86-138",)))) == []
    assert len(list(DINGTALK.doubts(Style(mentioned_list=tuple(f"user{number:060}" for number in range(20)))))) == 5


def harmless(chat: str, body: dict[str, Any]) -> None:
    """Assert that nothing of an event acts in a body: no tag, no link, no picture, nobody mentioned."""
    shown = json.dumps(body[body["msgtype"]], ensure_ascii=False)
    assert "<@" not in shown
    if chat == "application" and body["msgtype"] != "template_card":
        assert not TAG.search(shown.replace('\\"', '"'))
    if chat == "dingtalk":
        assert set(body) <= {"msgtype", body["msgtype"], "at"}
        assert set(body.get("at", {}).get("atUserIds", [])) <= set(PEOPLE)
    if body["msgtype"] == "markdown":
        assert "](" not in shown


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(("chat", "msgtype"), CASES)
def test_any_event_in_each_style(chat: str, msgtype: str, lang: str) -> None:
    """The chat takes the body, and nothing that comes from an event acts in it."""
    labels = ("<a>", "x" * 300, "![", "d")
    style = Style(msgtype=msgtype, lang=lang, cluster="prod <@all> ```", labels=labels, mentioned_list=PEOPLE)
    words = renderer(BODIES[chat])

    @settings(max_examples=80, derandomize=True, deadline=None, database=None)
    @given(events(LONG), st.integers(1, 5000))
    def holds(event: Any, count: int) -> None:
        body = check(chat, words.built_in(event, style=style, count=count))
        harmless(chat, body)
        if count > 1:
            assert f"×{count}" in json.dumps(body, ensure_ascii=False)

    holds()


@pytest.mark.parametrize(("chat", "msgtype"), CASES)
def test_any_events_in_a_digest(chat: str, msgtype: str) -> None:
    """The same, of up to forty groups."""
    style = Style(msgtype=msgtype, labels=("k8s",), mentioned_list=PEOPLE)
    words = renderer(BODIES[chat])

    @settings(max_examples=30, derandomize=True, deadline=None, database=None)
    @given(st.lists(events(LONG), min_size=2, max_size=40))
    def holds(found: list[Any]) -> None:
        items = [Merged(event, 2) for event in found]
        body = check(chat, words.digest(items, template=None, style=style))
        harmless(chat, body)
        text = BODIES[chat].text_of(body)
        assert text is not None
        assert f"×{2 * len(items)} · k8s" in text.split("\n")[0]

    holds()


APPLICATION_TEMPLATES = [
    '{"msgtype":"text","text":{"content":"{{ .Reason }}<{{ .Message }}a href"}}',
    '{"msgtype":"markdown","markdown":{"content":"**{{ .Reason }}** `{{ .Message }}`\\n> {{ .Message }}"}}',
    '{"msgtype":"textcard","textcard":{"title":"{{ .Reason }} x","description":"{{ .Message }} x","url":"https://x"}}',
]
DINGTALK_TEMPLATES = [
    '{"msgtype":"text","text":{"content":"{{ .Reason }} x {{ .Message }}"},"at":{"isAtAll":false}}',
    '{"msgtype":"markdown","markdown":{"title":"{{ .Reason }} x","text":"**{{ .Reason }}**\\n> {{ .Message }}"}}',
]


@pytest.mark.parametrize(
    ("chat", "template"),
    [("application", each) for each in APPLICATION_TEMPLATES] + [("dingtalk", each) for each in DINGTALK_TEMPLATES],
)
def test_any_event_in_each_template(chat: str, template: str) -> None:
    """The chat takes the body, none of the templates fails, and nobody is mentioned."""
    words = renderer(BODIES[chat], template)

    @settings(max_examples=60, derandomize=True, deadline=None, database=None)
    @given(events(LONG))
    def holds(event: Any) -> None:
        message = words.render(event, template="ns/cm", count=2)
        assert not message.built_in
        body = check(chat, message)
        assert "<@" not in json.dumps(body[body["msgtype"]], ensure_ascii=False)
        assert not body.get("at", {}).get("isAtAll")

    holds()
