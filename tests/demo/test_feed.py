"""What a page gets: the last of everything, then what is new, within bounds, in both languages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from kube_wecom_eventer.demo.feed import EVENTS_AT_ONCE, EVENTS_KEPT, MESSAGE_LIMIT, MESSAGES_KEPT, Feed
from kube_wecom_eventer.demo.ledger import Ledger
from kube_wecom_eventer.demo.log_lines import read_log_line
from kube_wecom_eventer.demo.options import parse
from kube_wecom_eventer.demo.records import Note, Told
from kube_wecom_eventer.demo.robots import robots
from kube_wecom_eventer.demo.texts import ENGLISH
from kube_wecom_eventer.demo.wecom import Received

NOW = datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)
MILLISECONDS = 1_795_136_523_000


class Fed:
    """A feed, and the means to fill it."""

    def __init__(self) -> None:
        own = robots(ENGLISH)
        self.ledger = Ledger(own)
        options = parse(["--lang", "zh"], {})
        self.feed = Feed(options=options, robots=own, ledger=self.ledger, clock=lambda: NOW, run="1")

    def event(self, name: str, **fields: Any) -> None:
        """An event of the cluster."""
        event = {"involvedObject": {"kind": "Pod", "namespace": "payments", "name": name}, "type": "Warning"}
        self.feed.happened(self.ledger.created_event({**event, "reason": "BackOff", **fields}, NOW))

    def message(self, body: Any, errcode: int | None = 0) -> None:
        """A message to the first group."""
        received = Received(
            at=NOW, key="demo-payments-robot", body=body, errcode=errcode, errmsg="e", accepted=errcode == 0
        )
        self.feed.told(Told(received=received, group=0, stands_for=1, delay=0.0123))


def test_a_new_page_gets_the_setting_and_all_that_is_kept() -> None:
    """Groups with their names in both languages, the language that was asked for, and the last entries."""
    fed = Fed()
    fed.event("api-1", count=7, message="Back-off")
    fed.message({"msgtype": "text", "text": {"content": "x", "mentioned_list": ["lina"]}})
    fed.message(None, errcode=40008)

    news, position = fed.feed.news(None)

    assert news["run"] == "1"
    assert news["setting"]["lang"] == "zh"
    assert [group["name"] for group in news["setting"]["groups"]] == [
        {"en": "Payments on call", "zh": "支付值班群"},
        {"en": "Platform on call", "zh": "平台值班群"},
    ]
    assert news["events"] == [
        {
            "id": 0, "at": MILLISECONDS, "type": "Warning", "reason": "BackOff", "kind": "Pod", "namespace": "payments",
            "name": "api-1", "count": 7, "message": "Back-off", "group": 0,
        }
    ]  # fmt: skip
    accepted, refused = news["messages"]
    assert (accepted["delay_ms"], accepted["mentions"], accepted["accepted"]) == (12, ["lina"], True)
    assert refused["meaning"] == {"en": "broken JSON or unknown msgtype", "zh": "JSON 不合法，或 msgtype 无效"}
    assert position == {"events": 1, "messages": 2, "warnings": 0, "notes": 0}


def test_an_old_page_gets_what_is_new() -> None:
    """Entries after its position, and the state as it is now."""
    fed = Fed()
    fed.event("api-1")
    _, position = fed.feed.news(None)
    fed.event("api-2")
    fed.feed.said(Note(name="key_revoked", values={"group": 0}))
    fed.feed.warned(read_log_line('{"level": "error", "event": "destination_broken", "detail": "d", "waiting": 1}'))

    news, position = fed.feed.news(position)

    assert [event["name"] for event in news["events"]] == ["api-2"]
    assert news["notes"][0]["words"]["zh"] == "支付值班群的机器人被移出群：它的 key 得到 errcode 93000。"
    assert news["warnings"][0]["words"]["en"].startswith("A robot is broken: d")
    assert news["state"]["totals"]["created"] == 2
    assert "setting" not in news
    assert fed.feed.news(position)[0]["events"] == []


def test_a_storm_is_a_few_rows_and_a_number() -> None:
    """An update brings the newest events and says how many it leaves out; a new page gets no more than is kept."""
    fed = Fed()
    _, position = fed.feed.news(None)
    for number in range(5000):
        fed.event(f"api-{number}")

    news, _ = fed.feed.news(position)
    assert [event["name"] for event in news["events"]] == [f"api-{n}" for n in range(5000 - EVENTS_AT_ONCE, 5000)]
    assert news["left_out"] == 5000 - EVENTS_AT_ONCE
    news, _ = fed.feed.news(None)
    assert (len(news["events"]), news["left_out"]) == (EVENTS_KEPT, 5000 - EVENTS_KEPT)


def test_what_is_kept_is_bounded() -> None:
    """Long texts are cut, bodies that are too large are named only, and old messages go."""
    fed = Fed()
    fed.event("n" * 10_000, message="m" * 1_000_000, reason="r" * 5_000)
    for _ in range(MESSAGES_KEPT + 50):
        fed.message({"msgtype": "image", "image": {"base64": "A" * 100_000, "md5": "x"}})

    news, _ = fed.feed.news(None)

    assert all(len(news["events"][0][name]) == MESSAGE_LIMIT for name in ("name", "message", "reason"))
    assert len(news["messages"]) == MESSAGES_KEPT
    assert news["messages"][0]["body"] == {"msgtype": "image", "too_large": True}
    assert len(msgspec.json.encode(news)) < 200_000


def test_listeners_hear_of_each_change() -> None:
    """Until they end that."""
    fed, heard = Fed(), []
    end = fed.feed.subscribe(lambda: heard.append(1))

    fed.event("api-1")
    fed.feed.enter("staying")
    end()
    fed.event("api-2")

    assert heard == [1, 1]
    assert fed.feed.news(None)[0]["state"]["phase"] == {"name": "staying", "since": MILLISECONDS, "until": None}
