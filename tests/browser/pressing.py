"""Presses the page's buttons and reads what came of it."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE

MILLISECONDS = 1000


def total(page: Page, name: str) -> int:
    """One of the figures on top."""
    return int(page.locator(f"[data-total={name}] dd").inner_text().replace(",", ""))


def all_told(page: Page, *, more: int, before: int, timeout: float = PATIENCE) -> None:
    """Wait until so many more events are told than before, and none waits."""
    figure = page.locator("[data-total=told-events] dd")
    expect(figure).to_have_text(f"{before + more:,}", timeout=timeout * MILLISECONDS)
    expect(page.locator("[data-total=waiting] dd")).to_have_text("0")


def press(page: Page, name: str) -> None:
    """Press a button, once it can be pressed; its line says what to look for."""
    page.locator(f"[data-action={name}]:enabled").click()
    hint = page.locator("#hint")
    assert len(hint.inner_text()) > 40
    assert page.locator(f"#help-{name}").text_content() == hint.inner_text()


def play(page: Page, name: str) -> None:
    """Press a button whose action takes a while, and wait until it is over."""
    press(page, name)
    button = page.locator(f"[data-action={name}]")
    expect(button).to_have_attribute("aria-busy", "true")
    expect(button).to_be_enabled(timeout=PATIENCE * MILLISECONDS)


def messages(page: Page, kind: str) -> Callable[[], list[str]]:
    """Return a function that gives the texts of messages (accepted or refused) that came since now, in all groups."""
    selector = f".message.{kind}"
    seen = {each.get_attribute("data-id") for each in page.locator(selector).all()}
    return lambda: [
        each.inner_text() for each in page.locator(selector).all() if each.get_attribute("data-id") not in seen
    ]


def settled(page: Page) -> None:
    """Wait until nothing waits."""
    expect(page.locator("[data-total=waiting] dd")).to_have_text("0", timeout=PATIENCE * MILLISECONDS)
