from __future__ import annotations

import json
import re
from datetime import UTC

from hypothesis import given, settings
from hypothesis import strategies as st

from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.render import Merged, Renderer, Style, Templates
from kube_wecom_eventer.render.wecom_body import ROBOT
from tests.support.events import make_event

_TEXTS = st.text(st.characters(codec="utf-8"), max_size=200) | st.sampled_from(
    ["<@all>", "</font>", "**", "```", "\n> x", "[a](http://b)", "错" * 500, "\x00", "BackOff", "", "`", "| a | b |"]
)
_EVENTS = st.builds(
    lambda texts, kind, count: Merged(
        make_event(
            reason=texts[0],
            message=texts[1],
            type=kind,
            involvedObject={"kind": texts[2], "namespace": texts[3], "name": texts[4]},
        ),
        count,
    ),
    st.tuples(_TEXTS, _TEXTS, _TEXTS, _TEXTS, _TEXTS),
    st.sampled_from(["Warning", "Normal", "Odd"]),
    st.integers(1, 9),
)


def renderer(template: str | None = None) -> Renderer:
    templates = Templates(metrics=Metrics())
    if template:
        templates.update("ns/cm", {"content": template})
    return Renderer(templates=templates, zone=UTC)


def many(count: int) -> list[Merged]:
    """Return as many groups, of three namespaces and four reasons."""
    return [
        Merged(
            make_event(
                reason=f"Reason{number % 4}",
                message=f"something about {number} that takes some room in a line",
                involvedObject={"kind": "Pod", "namespace": f"team{number % 3}", "name": f"pod-{number}"},
            ),
            1 + number % 5,
        )
        for number in range(count)
    ]


def test_a_digest_in_text() -> None:
    """A header with the number of groups and ×N; a line each with its ×n; the style's people."""
    items = [
        Merged(make_event(), 12, "checkout"),
        Merged(make_event(reason="OOMKilling", involvedObject={"kind": "Node", "name": "node-1"}, message="java")),
    ]
    body = json.loads(renderer().digest(items, template=None, style=Style(mentioned_list=("wangqing",))).body)
    assert body["text"] == {
        "content": "⚠️ 2 组事件 ×13\n"
        "• BackOff · Pod payments/checkout ×12：Back-off restarting failed container\n"
        "• OOMKilling · Node node-1：java",
        "mentioned_list": ["wangqing"],
    }


def test_a_digest_in_markdown() -> None:
    """The level's colour, a quote for each group, the mentions at the end."""
    style = Style(msgtype="markdown", lang="en", cluster="prod", mentioned_list=("wangqing",))
    body = json.loads(
        renderer().digest([Merged(make_event(), 3), Merged(make_event())], template=None, style=style).body
    )
    line = (
        '>**BackOff** · Pod payments/checkout-7d9f{} <font color="comment">Back-off restarting failed container</font>'
    )
    assert body["markdown"]["content"] == (
        '**<font color="warning">⚠️ 2 groups of events ×4 · prod</font>**\n'
        + line.format(" ×3")
        + "\n"
        + line.format("")
        + "\n\n<@wangqing>"
    )


def test_what_does_not_fit_is_summed_and_still_adds_up() -> None:
    """The last line has the largest sums by namespace and reason, then `other`."""
    items = many(300)
    for msgtype in ("text", "markdown", "markdown_v2", "template_card"):
        style = Style(msgtype=msgtype, lang="en", mentioned_list=("wangqing",))
        body = json.loads(renderer().digest(items, template=None, style=style).body)
        kind = body["msgtype"]
        content = body[kind]["content"]
        assert len(content.encode()) <= ROBOT.types[kind].limit
        first, *lines = [line for line in content.split("\n") if line and not line.startswith("<@")]
        found = re.search(r"×(\d+)", first)
        assert found is not None
        assert int(found[1]) == sum(item.count for item in items)
        assert "The rest: team" in lines[-1]
        assert "other ×" in lines[-1]
        assert sum(sum(int(each) for each in re.findall(r"×(\d+)", line) or ["1"]) for line in lines) == int(found[1])


@settings(max_examples=150, derandomize=True, deadline=None)
@given(
    items=st.lists(_EVENTS, min_size=2, max_size=40),
    msgtype=st.sampled_from(["text", "markdown", "markdown_v2", "template_card"]),
    template=st.sampled_from(
        [
            None,
            '{"msgtype":"text","text":{"content":"a {{ .Reason }}\\n{{ .Message }}"}}',
            '{"msgtype":"markdown","markdown":{"content":"<font color=\\"info\\">{{ .Reason }}</font>{{ .Message }}"}}',
        ]
    ),
)
def test_any_events_give_a_valid_digest(items: list[Merged], msgtype: str, template: str | None) -> None:
    """It parses, is within its limit, mentions nobody, leaves no font open, and says how many it stands for."""
    message = renderer(template).digest(items, template="ns/cm" if template else None, style=Style(msgtype=msgtype))
    body = json.loads(message.body)
    content = body[body["msgtype"]]["content"]
    assert len(content.encode()) <= ROBOT.types[body["msgtype"]].limit
    assert "<@" not in content
    assert f"×{sum(item.count for item in items)}" in content.partition("\n")[0]
    if body["msgtype"] == "markdown":
        assert content.count("<font") == content.count("</font>")


def test_a_template_whose_list_of_people_is_none_costs_its_layout() -> None:
    """A digest joins the lists; what is no list can't be joined, and WeCom would refuse it."""
    for people in ("5", '"@all"', '{"a": 1}', "[[]]"):
        template = '{"msgtype":"text","text":{"content":"{{ .Reason }}","mentioned_list":' + people + "}}"
        message = renderer(template).digest(many(2), template="ns/cm")
        assert message.built_in
