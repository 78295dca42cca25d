"""The buttons that play a fault do to the end what they promise, with the real daemon.

The tests share a demo and its robots' minute, so each looks at what is new since it began.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pressing import all_told, messages, play, press, settled, total


@pytest.fixture(autouse=True)
def _settled(page: Page) -> None:
    settled(page)


def test_an_api_server_restart_loses_nothing(page: Page) -> None:
    """Of six events while it was away each is told, and none twice."""
    before = total(page, "told-events")

    play(page, "api_restart")

    all_told(page, more=6, before=before)
    page.wait_for_timeout(500)
    assert total(page, "told-events") == before + 6
    expect(page.locator(".log", has_text="The watch broke").first).to_be_visible()


def test_a_broken_template_costs_its_layout_only(page: Page) -> None:
    """The event is told in the built-in words, the log names the line; mended, the next one has its layout again."""
    told = messages(page, "accepted")
    before = total(page, "told-events")

    press(page, "template_broken")
    all_told(page, more=1, before=before)
    (built_in,) = told()
    assert "Source: kubelet" in built_in or "Source: default-scheduler" in built_in
    expect(page.locator(".log", has_text="failed: line 1")).to_contain_text("Raeson")

    press(page, "template_broken")
    all_told(page, more=2, before=before)
    assert "Namespace: " in told()[-1]
    assert "Source: " not in told()[-1]


def test_a_revoked_key_is_said_and_mended(page: Page) -> None:
    """93000 stands in red in the chat and in the daemon's words; with the key back the event is told."""
    before = total(page, "told-events")

    press(page, "key_revoked")
    expect(page.locator(".message.refused[data-errcode='93000']").first).to_contain_text("no robot has this key")
    expect(page.locator(".log.error")).to_contain_text("A robot is broken: errcode 93000")
    expect(page.locator("[data-group='0'] .probe")).to_contain_text("The daemon asks again in about")
    expect(page.locator("[data-action=key_revoked]")).to_contain_text("Restore the key")
    assert total(page, "told-events") == before

    press(page, "key_revoked")
    all_told(page, more=1, before=before)
    expect(page.locator("[data-group='0'] .probe")).to_be_hidden()


def test_wecom_down_keeps_what_waits_until_it_is_up(page: Page) -> None:
    """While it answers 502 nothing is told, and the attempts are shown; afterwards all six events arrive."""
    refused = messages(page, "refused")
    before = total(page, "told-events")

    play(page, "wecom_down")
    expect(page.locator("[data-total=waiting] dd")).to_have_text("6")
    expect(page.locator("[data-action=wecom_down]")).to_have_attribute("aria-pressed", "true")
    assert any("HTTP 502" in each for each in refused())
    assert total(page, "told-events") == before
    expect(page.locator(".log", has_text="HTTP 502").first).to_be_visible()

    press(page, "wecom_down")
    all_told(page, more=6, before=before)
