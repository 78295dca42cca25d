"""Chats by Apprise: local servers stand for them, at the address that the library has for each."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from kube_wecom_eventer.building import build_wording
from kube_wecom_eventer.config import AppriseTarget, SinkSettings
from kube_wecom_eventer.config.sink import parse_sink
from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.render import Merged, Templates
from kube_wecom_eventer.sinks import AppriseService, Outcome, Threads, Verdict
from kube_wecom_eventer.sinks.keys import reading
from tests.support.chat_server import ChatServer, chat_server
from tests.support.events import make_event

TOKEN = "hush3hush4hush5hush6hush7"
FEISHU = f"feishu://{TOKEN}"


def settings(url: str) -> SinkSettings:
    problems: list[str] = []
    sink = parse_sink(f"apprise:{url}", number=1, environ={}, problems=problems, warnings=[])
    assert sink is not None, problems
    return sink


async def tell(url: str, *items: Merged, templates: Templates | None = None) -> Outcome:
    """Tell an event, or several, by a sink with this URL and its built-in words, or a template."""
    sink = settings(url)
    target = sink.target
    assert isinstance(target, AppriseTarget)
    service = AppriseService(
        target=target, read_url=reading(target.url, lambda place: pytest.fail(str(place))), threads=Threads()
    )
    wording = build_wording(
        sink, "words" if templates else None, templates or Templates(metrics=Metrics()), ZoneInfo("Asia/Shanghai")
    )
    return await service.ready() or await service.send(wording.message(items or [Merged(make_event(), 3)]))


def template(content: str) -> Templates:
    templates = Templates(metrics=Metrics())
    templates.update("words", {"content": content})
    return templates


async def test_a_service_for_texts_gets_the_headline_as_title_and_the_facts_as_text(chat: ChatServer) -> None:
    """The text does not say the first line again."""
    assert await tell(f"json://{chat.place}/hook?lang=en&cluster=prod-1") == Outcome(verdict=Verdict.ACCEPTED)
    (told,) = chat.told
    assert told["title"] == "⚠️ BackOff · Pod payments/checkout-7d9f ×3 · prod-1"
    assert told["message"] == (
        "Time: 2026-11-20 09:02:03 CST\nHappened: 3 times\nSource: kubelet@node-1\nCluster: prod-1\n\n"
        "Back-off restarting failed container"
    )
    assert told["type"] == "warning"


async def test_a_service_for_markdown_gets_markdown_in_its_own_dialect(chat: ChatServer) -> None:
    """A list of facts and a quote; Slack writes bold with one asterisk."""
    url = f"slack://T1JJ3T3L2/A1BRTD4JD/{TOKEN}/#alerts?lang=en"
    assert (await tell(url)).verdict is Verdict.ACCEPTED
    (told,) = chat.told
    (attachment,) = told["attachments"]
    assert attachment["title"] == "⚠️ BackOff · Pod payments/checkout-7d9f ×3"
    assert "*Time*: 2026-11-20 09:02:03 CST" in attachment["text"]
    assert told["channel"] == "#alerts"
    assert "github.com" not in str(told)


async def test_the_url_chooses_the_format(chat: ChatServer) -> None:
    """Feishu takes a text, or with Apprise's own ``format=markdown`` a card with the level's colour."""
    for options in ("", "?format=markdown"):
        assert (await tell(FEISHU + options)).verdict is Verdict.ACCEPTED
    text, card = chat.told
    assert text["msg_type"] == "text"
    assert text["content"]["text"].startswith("⚠️ BackOff · Pod payments/checkout-7d9f ×3\r\n时间：")
    assert card["card"]["header"]["template"] == "orange"


async def test_a_digest_is_one_message_within_the_services_limit(chat: ChatServer) -> None:
    """The rest is summed; the library splits nothing."""
    items = [Merged(make_event(reason=f"R{number}", message="x" * 300), 2) for number in range(500)]
    assert (await tell(f"mmost://{chat.place}/{TOKEN}?lang=en&overflow=split", *items)).verdict is Verdict.ACCEPTED
    (told,) = chat.told
    text = told["text"]
    assert len(text) < 4000
    assert text.startswith("⚠️ 500 groups of events ×1000\r\n• R0 · Pod payments/checkout-7d9f ×2：")
    assert text.split("\n")[-1].startswith("The rest: payments R")


@pytest.mark.parametrize(
    ("url", "evil", "shown"),
    [
        (f"json://PLACE/{TOKEN}", "@everyone @here <@U1> <!channel> <at id=all>", "@\u200beveryone @\u200bhere"),
        (f"mmost://PLACE/{TOKEN}", "@all @channel [a](http://b) **c** # d", "@\u200ball @\u200bchannel"),
        (f"slack://T1JJ3T3L2/A1BRTD4JD/{TOKEN}", "<!channel> <@U1> @here", "@\u200bhere"),
    ],
)
async def test_text_from_an_event_mentions_nobody_anywhere(chat: ChatServer, url: str, evil: str, shown: str) -> None:
    """Each chat has signs of its own for that, in a message and in a digest."""
    event = make_event(message=evil, reason="@all")
    for items in ([Merged(event)], [Merged(event), Merged(make_event(reason="B", message=evil))]):
        assert (await tell(url.replace("PLACE", chat.place), *items)).verdict is Verdict.ACCEPTED
    for told in map(str, chat.told):
        assert shown.replace("\u200b", "\\u200b") in told
        for sign in ("@all", "@everyone", "@here", "@channel", "<@U1>", "<!channel>", "<at ", "](http"):
            assert sign not in told


async def test_an_images_digest_can_still_be_copied(chat: ChatServer) -> None:
    """Its ``@`` mentions nobody."""
    image = "registry.example.com/shop@sha256:0123456789abcdef"
    await tell(f"json://{chat.place}/hook", Merged(make_event(message=f"Failed to pull image {image}")))
    assert image in chat.told[0]["message"]


async def test_a_template_may_be_a_text(chat: ChatServer) -> None:
    """What it makes is the message; the title stays ours."""
    words = template("{{ .Reason }} of {{ .InvolvedObject.Name }}:\n{{ .Message }}")
    assert (await tell(f"json://{chat.place}/hook", templates=words)).verdict is Verdict.ACCEPTED
    (told,) = chat.told
    assert told["message"] == "BackOff of checkout-7d9f: ×3\nBack-off restarting failed container"
    assert told["title"] == "⚠️ BackOff · Pod payments/checkout-7d9f ×3"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ('{"msgtype":"text","text":{"content":"{{ .Reason }}","mentioned_list":["@all"]}}', "BackOff ×3"),
        (
            '{"msgtype":"markdown","markdown":{"content":"<font color=\\"warning\\">{{ .Reason }}</font>"}}',
            "BackOff ×3",
        ),
    ],
)
async def test_a_template_may_be_that_of_a_wecom_robot(chat: ChatServer, body: str, text: str) -> None:
    """Its text is sent; WeCom's colours and lists of people are nobody else's."""
    assert (await tell(f"mmost://{chat.place}/{TOKEN}", templates=template(body))).verdict is Verdict.ACCEPTED
    assert chat.told[0]["text"].split("\n")[1] == text


async def test_a_template_may_have_a_title_of_its_own(chat: ChatServer) -> None:
    """Beside its ``msgtype``."""
    words = template('{"title":"{{ .InvolvedObject.Name }}","msgtype":"text","text":{"content":"x"}}')
    assert (await tell(f"json://{chat.place}/hook", templates=words)).verdict is Verdict.ACCEPTED
    assert chat.told[0]["title"] == "checkout-7d9f ×3"


async def test_a_template_for_a_card_costs_its_layout_not_the_event(chat: ChatServer) -> None:
    """No other service knows WeCom's cards."""
    words = template('{"msgtype":"news","news":{"articles":[]}}')
    assert (await tell(f"json://{chat.place}/hook?lang=en", templates=words)).verdict is Verdict.ACCEPTED
    assert "Back-off restarting failed container" in chat.told[0]["message"]
    assert '"news" can\'t be sent by Apprise' in words.trouble("words")


async def test_a_services_limit_leaves_room_for_the_events_message(chat: ChatServer) -> None:
    """A short text has no room for facts."""
    event = make_event(message="m" * 5000)
    assert (await tell(f"json://{chat.place}/hook", Merged(event))).verdict is Verdict.ACCEPTED
    assert len(chat.told[0]["message"].encode()) <= 8000


@pytest.mark.parametrize(
    ("status", "verdict", "reason"),
    [
        (401, Verdict.BROKEN, "http_401"),
        (404, Verdict.BROKEN, "http_404"),
        (302, Verdict.BROKEN, "http_3xx"),
        (400, Verdict.REFUSED, "http_400"),
        (413, Verdict.REFUSED, "http_413"),
        (418, Verdict.UNKNOWN, "http_4xx"),
        (429, Verdict.RETRY, "http_429"),
        (503, Verdict.RETRY, "http_5xx"),
    ],
)
async def test_a_status_is_classified_as_a_webhooks(
    chat: ChatServer, status: int, verdict: Verdict, reason: str
) -> None:
    """Plugins say it in their log; redirects are not followed."""
    chat.answers.append((status, "no"))
    outcome = await tell(FEISHU)
    assert (outcome.verdict, outcome.reason) == (verdict, reason)
    assert TOKEN not in repr(outcome)
    assert len(chat.requests) == 1


async def test_a_service_that_refuses_in_a_200_is_not_content(chat: ChatServer) -> None:
    """Feishu does that. Nobody knows all services' codes: once more, then as refused."""
    chat.answers.append((200, '{"code":19001,"msg":"param invalid: incoming webhook access token invalid"}'))
    outcome = await tell(FEISHU)
    assert (outcome.verdict, outcome.reason) == (Verdict.UNKNOWN, "apprise_other")
    assert "code=19001" in outcome.detail


async def test_a_url_with_several_receivers_is_told_once_to_those_whom_it_reaches(chat: ChatServer) -> None:
    """The library can't send to the others alone, so they are named as missed."""
    chat.answers += [(200, "ok"), (404, "channel_not_found")]
    outcome = await tell(f"slack://T1JJ3T3L2/A1BRTD4JD/{TOKEN}/#one/#two")
    assert outcome.verdict is Verdict.ACCEPTED
    (missed,) = outcome.missed
    assert missed.startswith("one of its receivers (")
    assert "404" in missed


async def test_a_service_that_is_not_there_is_tried_again(chat: ChatServer) -> None:
    """Nothing has been sent."""
    async with chat_server() as gone:
        place = gone.place
    outcome = await tell(f"json://{place}/{TOKEN}?cto=1")
    assert (outcome.verdict, outcome.reason) == (Verdict.RETRY, "network")
    assert TOKEN not in repr(outcome)
    assert place not in repr(outcome)


@pytest.mark.parametrize(
    "text",
    [
        "GET /healthz failed, error=400",
        "Socket Exception: (554, b'no')",
        "SSLError: CERTIFICATE_VERIFY_FAILED",
    ],
)
@pytest.mark.parametrize("scheme", ["gotify", "mmost", "workflow"])
async def test_what_an_event_says_is_no_answer_of_the_services(chat: ChatServer, scheme: str, text: str) -> None:
    """The library logs messages, too, and those of events are full of others' errors."""
    async with chat_server() as gone:
        place = gone.place
    path = "token123/signature123" if scheme == "workflow" else "token123"
    outcome = await tell(f"{scheme}://{place}/{path}?cto=1", Merged(make_event(message=text), 1))
    assert (outcome.verdict, outcome.reason) == (Verdict.RETRY, "network")
