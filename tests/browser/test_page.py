"""The page itself: languages, narrow screens, the keyboard, and demos that come and go."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Opened, RunningDemo, running_demo, watch


def test_the_language_can_be_switched(page: Page, demo: RunningDemo) -> None:
    """All that the page and the demo say is in the other language at once, what came before too; it is kept."""
    assert demo.post({"msgtype": "text", "text": {"content": " "}}) == 44004
    expect(page.locator(".refusal").last).to_contain_text("empty content")

    page.get_by_role("button", name="中文").click()

    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(page.get_by_role("heading", name="集群事件")).to_be_visible()
    expect(page.locator(".refusal").last).to_contain_text("内容为空")
    expect(page.get_by_role("heading", name="支付值班群")).to_be_visible()
    assert page.title() == "kube-wecom-eventer · 演示"
    page.reload()
    expect(page.get_by_role("heading", name="支付值班群")).to_be_visible()


def test_nothing_is_said_in_the_wrong_language(opened: Opened) -> None:
    """A Chinese page holds no English sentence of its own, an English one no Chinese sign."""
    english = opened("/?lang=en")
    english.wait_for_selector(".chat")
    names = english.locator("body").inner_text().replace("中文", "")
    assert not [sign for sign in names if "一" <= sign <= "鿿"]
    chinese = opened("/?lang=zh")
    chinese.wait_for_selector(".chat")
    assert "Try it" not in chinese.locator("body").inner_text()
    assert "waiting" not in chinese.locator("body").inner_text()


def test_the_browsers_language_is_followed(browser: Browser, tmp_path: Path) -> None:
    """Where neither the address nor the command says otherwise, a Chinese browser reads Chinese."""
    with running_demo(tmp_path, lang=None) as demo:
        for locale, heading in (("zh-CN", "动手试"), ("de-DE", "Try it")):
            context = browser.new_context(locale=locale)
            page = context.new_page()
            page.goto(demo.page)
            expect(page.get_by_role("heading", name=heading)).to_be_visible()
            context.close()


def test_the_commands_language_comes_before_the_browsers(opened: Opened) -> None:
    """Who wrote --lang wants that; the reader's own choice comes before both."""
    page = opened(locale="zh-CN")
    expect(page.get_by_role("heading", name="Try it")).to_be_visible()
    page.get_by_role("button", name="中文").click()
    page.reload()
    expect(page.get_by_role("heading", name="动手试")).to_be_visible()


@pytest.mark.parametrize("path", ["/", "/gallery"])
@pytest.mark.parametrize(("width", "lang"), [(360, "zh"), (360, "en"), (800, "zh"), (1440, "en")])
def test_nothing_is_wider_than_the_screen(opened: Opened, path: str, width: int, lang: str) -> None:
    """No screen scrolls sideways."""
    page = opened(f"{path}?lang={lang}", viewport={"width": width, "height": 740})
    page.wait_for_selector(".chat, .sample")

    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_narrow_screen_shows_one_view_at_a_time(opened: Opened) -> None:
    """Groups, buttons, events and warnings are views of their own, chosen above them."""
    page = opened(viewport={"width": 390, "height": 844})

    for view in ("group-1", "try", "events", "daemon", "group-0"):
        page.locator(f"#views [data-view={view}]").click()
        shown = [each for each in page.locator("[data-panel]").all() if each.is_visible()]
        assert [each.get_attribute("data-panel") for each in shown] == [view]


def test_the_keyboard_reaches_all_buttons(page: Page) -> None:
    """Tab goes through links, languages and actions; Enter presses; the focused one says what to look for."""
    expect(page.locator("[data-action=one_event]")).to_be_enabled()
    reached = []
    for _ in range(14):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.dataset.action ?? document.activeElement.textContent"))
    assert reached[:4] == ["Skip to the group chats", "All built-in messages", "中文", "EN"]
    actions = "one_event nasty_event crash_loop storm wecom_down api_restart key_revoked template_broken"
    assert [each for each in reached if "_" in each or each == "storm"] == actions.split()
    page.locator("[data-action=one_event]").focus()
    expect(page.locator("#hint")).to_contain_text("how soon the group knows")
    before = page.locator(".event").count()
    page.keyboard.press("Enter")
    expect(page.locator(".event")).to_have_count(before + 1)


def test_old_messages_leave_the_page(page: Page, demo: RunningDemo) -> None:
    """However many come, a chat keeps a bounded number of rows; who reads above is not pulled to the end."""
    for number in range(100):  # two kinds of refusal in turn, so that none counts up the one before it
        demo.post(b"{" if number % 2 else b'{"msgtype": "text", "text": {}}', group=0)
    expect(page.locator("[data-group='0'] .messages > li")).to_have_count(80)

    chat = page.locator("[data-group='0'] .messages")
    chat.evaluate("each => { each.scrollTop = 0; }")
    demo.post(b"[]", group=0)
    below = page.locator("[data-group='0'] .below")
    expect(below).to_be_visible()
    assert chat.evaluate("each => each.scrollTop") == 0
    below.click()
    expect(below).to_be_hidden()
    assert chat.evaluate("each => each.scrollHeight - each.scrollTop - each.clientHeight") < 2


CONTRASTS = """() => {
  const parts = (colour) => colour.match(/[0-9.]+/g).map(Number);
  const light = (colour) => parts(colour).slice(0, 3).map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  const ground = (each) => {
    const colour = getComputedStyle(each).backgroundColor;
    return (parts(colour)[3] ?? 1) > 0 || !each.parentElement ? colour : ground(each.parentElement);
  };
  const low = [];
  for (const each of document.querySelectorAll("body *")) {
    const own = [...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || !each.getClientRects().length || each.closest(":disabled")) continue;
    const [darker, lighter] = [light(getComputedStyle(each).color), light(ground(each))].sort((a, b) => a - b);
    const contrast = (lighter + 0.05) / (darker + 0.05);
    if (contrast < 4.5) low.push([each.className, each.tagName, each.textContent.slice(0, 20), contrast]);
  }
  return low;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", "/gallery"])
def test_all_texts_have_enough_contrast(opened: Opened, demo: RunningDemo, path: str, scheme: str) -> None:
    """At least 4.5 to what is behind them, as WCAG asks for; buttons that can't be pressed excepted."""
    name = f"contrast-{path.strip('/') or 'demo'}-{scheme}"
    demo.event(name, count=3)
    demo.event(f"{name}-normal", type="Normal")
    demo.post({"msgtype": "text", "text": {"content": " "}}, group=1)
    page = opened(path, color_scheme=scheme, reduced_motion="reduce")
    page.wait_for_selector(".event.ignored, .sample")

    assert page.evaluate(CONTRASTS) == []


def test_dark_and_light_differ(opened: Opened) -> None:
    """The page follows the system's colours."""

    def ground(scheme: str) -> str:
        page = opened(color_scheme=scheme)
        found: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return found

    assert ground("dark") != ground("light")


def test_nothing_moves_for_who_wants_no_motion(opened: Opened) -> None:
    """With prefers-reduced-motion nothing is animated."""
    page = opened(reduced_motion="reduce")
    page.wait_for_selector(".chat")

    moving = (
        "[...document.querySelectorAll('*')].filter((each) => getComputedStyle(each).animationName !== 'none').length"
    )
    assert page.evaluate(moving) == 0


def test_the_page_comes_back_with_the_demo(browser: Browser, tmp_path: Path) -> None:
    """While the demo is away the page says so and offers nothing; a demo on the same port fills it anew."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    context = browser.new_context(locale="en-US")
    page = context.new_page()
    watched = watch(page)
    with running_demo(tmp_path, port=port) as demo:
        page.goto(demo.page)
        demo.post({"msgtype": "text", "text": {"content": "of the first run"}})
        expect(page.locator(".message.accepted")).to_have_count(1)
        first = page.locator("html").get_attribute("data-run")
    expect(page.locator(".phase[data-phase=lost]")).to_contain_text("The demo is gone")
    assert page.locator(".action:enabled").count() == 0

    with running_demo(tmp_path, port=port):
        expect(page.locator(".phase[data-phase=staying]")).to_be_visible(timeout=20_000)
        expect(page.locator(".message")).to_have_count(0)
        expect(page.locator("[data-action=storm]")).to_be_enabled()
        assert page.locator("html").get_attribute("data-run") != first
        assert watched.hosts == {"127.0.0.1"}
        assert [each for each in watched.complaints if "ERR_" not in each] == []
        context.close()
