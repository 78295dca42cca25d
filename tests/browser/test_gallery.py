"""The gallery shows every built-in message in both languages."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from tests.browser.conftest import Opened, RunningDemo

CASES = {
    "text": ("single", "mentions", "digest"),
    "markdown": ("single", "mentions", "digest"),
    "markdown_v2": ("single", "digest"),
    "template_card": ("single",),
}


def test_every_built_in_message_is_there(opened: Opened) -> None:
    """Each type, in each of its cases, in Chinese and in English, in a bubble of its own."""
    page = opened("/gallery")
    expect(page.locator(".sample").first).to_be_visible()

    names = page.locator(".sample").evaluate_all("all => all.map((each) => each.id)")

    assert sorted(names) == sorted(
        f"{kind}-{case}-{lang}" for kind, cases in CASES.items() for case in cases for lang in ("zh", "en")
    )
    assert page.locator(".sample .bubble").count() == len(names)
    assert page.locator(".kind-unknown").count() == 0


def test_the_messages_are_rendered(opened: Opened) -> None:
    """Labels in their language, colours, mentions, a fence, a card's rows, and what a digest stands for."""
    page = opened("/gallery?lang=en")

    expect(page.locator("#text-single-zh")).to_contain_text("发生次数：3 次")
    expect(page.locator("#text-single-en")).to_contain_text("Happened: 3 times")
    expect(page.locator("#markdown-single-zh .colour-warning")).to_contain_text("BackOff")
    assert page.locator("#text-mentions-en .mention").all_inner_texts() == ["@wangqing", "@all"]
    assert page.locator("#markdown-mentions-en .mention").all_inner_texts() == ["@wangqing", "@lina"]
    expect(page.locator("#markdown_v2-single-en pre")).to_have_text("Back-off restarting failed container")
    assert page.locator("#template_card-single-zh dt").all_inner_texts()[0] == "命名空间"
    for kind in ("text", "markdown", "markdown_v2"):
        expect(page.locator(f"#{kind}-digest-en .times")).to_have_text("×33")


def test_the_language_of_the_gallery_can_be_switched(opened: Opened) -> None:
    """Its headings follow, the samples stay."""
    page = opened("/gallery?lang=en")
    expect(page.get_by_role("heading", name="A digest").first).to_be_visible()

    page.get_by_role("button", name="中文").click()

    expect(page.get_by_role("heading", name="摘要").first).to_be_visible()
    expect(page.locator("#text-single-en")).to_contain_text("Happened: 3 times")


def test_the_gallery_counts_as_an_open_page(demo: RunningDemo, browser: Browser) -> None:
    """It reads the stream, too, so that a demo does not end under somebody who looks at it."""
    context = browser.new_context()
    page = context.new_page()

    with page.expect_request("**/stream"):
        page.goto(f"{demo.page}/gallery")

    context.close()
