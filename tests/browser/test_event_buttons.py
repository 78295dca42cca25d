"""The buttons that make events do to the end what they promise, with the real daemon.

The tests share a demo and its robots' minute, so each looks at what is new since it began.
"""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE
from tests.browser.pressing import all_told, messages, play, press, total
from tests.browser.quick_demo import QUICK_REPEAT_INTERVAL


def test_one_event_is_one_message(page: Page) -> None:
    """It is told alone, with its delay."""
    told = messages(page, "accepted")
    before = total(page, "told-events")

    press(page, "one_event")

    all_told(page, more=1, before=before)
    (message,) = told()
    assert re.search(r"(ms|s) after the event|one event, merged", message)


def test_a_nasty_event_arrives_as_text(page: Page) -> None:
    """Its quotes, markup and script are text, and it mentions only whom the template mentions."""
    before = total(page, "told-events")

    press(page, "nasty_event")

    all_told(page, more=1, before=before)
    message = page.locator(".message.accepted", has_text="start.cmd")
    assert "<script>alert(1)</script>" in message.inner_text()
    assert "配置错误" in message.inner_text()
    assert message.locator(".mention").all_inner_texts() == ["@oncall-payments"]


def test_a_crash_loop_is_told_once_then_in_one_message(page: Page) -> None:
    """Of twelve versions the first is told, the rest as ×11 when repeat_interval is over."""
    told = messages(page, "accepted")
    before = total(page, "told-events")

    play(page, "crash_loop")
    assert total(page, "told-events") == before + 1
    expect(page.locator(".event .count").last).to_have_text("×12")

    all_told(page, more=12, before=before, timeout=QUICK_REPEAT_INTERVAL + PATIENCE)
    assert len(told()) == 2
    assert "stands for 11 events" in told()[-1]


def test_a_storm_is_told_in_digests_that_add_up(page: Page) -> None:
    """5,000 events are 5,000 in the sum of ×N, in a few messages, none refused; the page stays small."""
    before = total(page, "told-events")

    play(page, "storm")
    all_told(page, more=5000, before=before)

    numbers = page.locator(".message.accepted").evaluate_all("all => all.map((each) => Number(each.dataset.standsFor))")
    assert sum(numbers) == before + 5000
    assert max(numbers) > 500
    assert len(numbers) <= 24
    assert total(page, "refused") == 0
    assert page.locator("#events > li").count() <= 120
    assert page.locator("#events .left-out").count() > 0
    largest = page.locator(f".message.accepted[data-stands-for='{max(numbers)}'] .told")
    assert f"stands for {max(numbers):,} events" in largest.inner_text()
