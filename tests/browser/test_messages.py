"""Each kind of message looks in the page as in a WeCom group, whatever it holds."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import RunningDemo


def shown(page: Page, demo: RunningDemo, body: dict[str, Any], *, group: int = 1) -> Locator:
    """Let a robot post the message, and return its bubble."""
    messages = page.locator(f"[data-group='{group}'] .message.accepted")
    before = messages.count()
    assert demo.post(body, group=group) == 0
    expect(messages).to_have_count(before + 1)
    return messages.last.locator(".bubble")


def lines(place: Locator) -> list[str]:
    """The lines that it shows, the empty ones left out."""
    return [line for line in place.inner_text().split("\n") if line]


def test_a_text_is_a_bubble_with_its_mentions(page: Page, demo: RunningDemo) -> None:
    """Lines stay lines; people of the list stand at the end, those in the content where they are; links act."""
    content = "BackOff payments/api\n<@lina> see https://example.com/runbook"
    body = {"msgtype": "text", "text": {"content": content, "mentioned_list": ["wangqing", "@all"]}}

    bubble = shown(page, demo, body)

    assert bubble.inner_text() == "BackOff payments/api\n@lina see https://example.com/runbook\n@wangqing @all"
    assert bubble.locator(".mention").all_inner_texts() == ["@lina", "@wangqing", "@all"]
    link = bubble.locator("a")
    assert link.get_attribute("href") == "https://example.com/runbook"
    assert link.get_attribute("rel") == "noopener noreferrer"


def test_markdown_shows_what_wecom_renders_and_nothing_else(page: Page, demo: RunningDemo) -> None:
    """Headings, bold, links, code, quotes, three colours, mentions; lists, tables and fences stay as written."""
    content = (
        "# Title\n**bold** `code` [docs](https://example.com/)\n> quoted\n"
        '<font color="info">green</font> <font color="comment">grey</font> <font color="warning">orange</font> '
        '<font color="red">red</font>\n- item\n|a|b|\n```\n<@wangqing> <@all>'
    )

    bubble = shown(page, demo, {"msgtype": "markdown", "markdown": {"content": content}})

    assert bubble.locator(".heading.level-1").inner_text() == "Title"
    assert bubble.locator("strong").inner_text() == "bold"
    assert bubble.locator("code").inner_text() == "code"
    assert bubble.locator("a").get_attribute("href") == "https://example.com/"
    assert bubble.locator("blockquote").inner_text() == "quoted"
    colours = {name: bubble.locator(f".colour-{name}").inner_text() for name in ("info", "comment", "warning")}
    assert colours == {"info": "green", "comment": "grey", "warning": "orange"}
    assert bubble.locator(".mention").all_inner_texts() == ["@wangqing"]
    assert bubble.locator("ul, ol, table, pre").count() == 0
    for literal in ('<font color="red">red</font>', "- item", "|a|b|", "```", "<@all>"):
        assert literal in bubble.inner_text()


def test_the_three_colours_are_green_grey_and_orange(page: Page, demo: RunningDemo) -> None:
    """The colours differ from each other and from the text's own."""
    content = " ".join(f'<font color="{name}">x</font>' for name in ("info", "comment", "warning"))

    bubble = shown(page, demo, {"msgtype": "markdown", "markdown": {"content": content}})

    def colour(name: str) -> list[int]:
        found: str = bubble.locator(f".colour-{name}").evaluate("each => getComputedStyle(each).color")
        return [int(part) for part in found.removeprefix("rgb(").removesuffix(")").split(",")]

    red, green, blue = colour("info")
    assert green > max(red, blue)
    assert max(colour("comment")) - min(colour("comment")) < 40
    red, green, blue = colour("warning")
    assert red > green > blue


def test_markdown_v2_has_lists_tables_fences_and_rules(page: Page, demo: RunningDemo) -> None:
    """What markdown lacks acts here; colours and mentions do not."""
    content = (
        "### Title\n- one\n  - inner\n- two\n1. first\n2. second\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n\n---\n"
        '```\n<b>raw</b> **not bold**\n```\n> quoted *slanted*\n\n<font color="info">x</font> <@wangqing>'
    )

    bubble = shown(page, demo, {"msgtype": "markdown_v2", "markdown_v2": {"content": content}})

    assert bubble.locator(".heading.level-3").inner_text() == "Title"
    assert [each.split("\n") for each in bubble.locator(".v2 > ul > li").all_inner_texts()] == [
        ["one", "inner"],
        ["two"],
    ]
    assert bubble.locator("ul ul li").all_inner_texts() == ["inner"]
    assert bubble.locator("ol li").all_inner_texts() == ["first", "second"]
    assert bubble.locator("th").all_inner_texts() == ["a", "b"]
    assert bubble.locator("td").all_inner_texts() == ["1", "2"]
    assert bubble.locator("td").last.get_attribute("class") == "to-right"
    assert bubble.locator("hr").count() == 1
    assert bubble.locator("pre").inner_text() == "<b>raw</b> **not bold**"
    assert bubble.locator("blockquote em").inner_text() == "slanted"
    assert bubble.locator(".mention, [class^=colour]").count() == 0
    assert '<font color="info">x</font> <@wangqing>' in bubble.inner_text()


def test_a_card_of_text_shows_its_parts_in_order(page: Page, demo: RunningDemo) -> None:
    """Source, titles, the large figure, the quote, the text, rows and links."""
    card = {
        "card_type": "text_notice",
        "source": {"desc": "prod-1"},
        "main_title": {"title": "BackOff ×3", "desc": "Pod api"},
        "emphasis_content": {"title": "100", "desc": "restarts"},
        "quote_area": {"title": "kubelet", "quote_text": "Back-off"},
        "sub_title_text": "restarting failed container",
        "horizontal_content_list": [
            {"keyname": "Namespace", "value": "payments"},
            {"keyname": "Runbook", "value": "open", "type": 1, "url": "https://example.com/run"},
        ],
        "jump_list": [{"type": 1, "title": "Dashboard", "url": "https://example.com/board"}],
        "card_action": {"type": 1, "url": "https://example.com/"},
    }

    bubble = shown(page, demo, {"msgtype": "template_card", "template_card": card})

    assert lines(bubble) == [
        "prod-1", "BackOff ×3", "Pod api", "100", "restarts", "kubelet", "Back-off", "restarting failed container",
        "Namespace", "payments", "Runbook", "open", "Dashboard", "Details",
    ]  # fmt: skip
    assert [each.get_attribute("href") for each in bubble.locator("a").all()] == [
        "https://example.com/run",
        "https://example.com/board",
        "https://example.com/",
    ]
    assert page.locator("[data-group='1'] .message").last.get_attribute("data-stands-for") == "3"


def test_a_card_with_a_picture_fetches_none(page: Page, demo: RunningDemo) -> None:
    """A news_notice shows where its picture would be: the page asks nobody for it."""
    card = {
        "card_type": "news_notice",
        "main_title": {"title": "Release"},
        "card_image": {"url": "https://example.com/picture.png"},
        "image_text_area": {"title": "v12", "desc": "is out", "image_url": "https://example.com/small.png"},
        "vertical_content_list": [{"title": "Change", "desc": "faster"}],
        "card_action": {"type": 1, "url": "https://example.com/"},
    }

    bubble = shown(page, demo, {"msgtype": "template_card", "template_card": card})

    assert bubble.locator(".card-picture, .thumb").all_inner_texts() == ["picture", "picture"]
    assert lines(bubble.locator(".card-vertical")) == ["Change", "faster"]
    assert bubble.locator("img").count() == 0


def test_news_are_articles(page: Page, demo: RunningDemo) -> None:
    """The first article is large; a title leads to its page, unless that is no web address."""
    articles = [
        {
            "title": "First",
            "description": "about",
            "url": "https://example.com/1",
            "picurl": "https://example.com/p.png",
        },
        {"title": "Second", "url": "javascript:alert(1)"},
    ]

    bubble = shown(page, demo, {"msgtype": "news", "news": {"articles": articles}})

    assert bubble.locator(".article-title").all_inner_texts() == ["First", "Second"]
    assert [each.get_attribute("href") for each in bubble.locator("a").all()] == ["https://example.com/1"]
    assert bubble.locator("img").count() == 0


def test_hostile_text_stays_text(page: Page, demo: RunningDemo) -> None:
    """Elements, scripts and addresses in a message make no element, run nothing and lead nowhere, in any type."""
    hostile = (
        "<script>window.hacked=1</script><img src=x onerror=window.hacked=1><svg onload=window.hacked=1> "
        "[x](javascript:window.hacked=1) <a href=javascript:1>y</a> </div></li><style>*{display:none}</style>"
    )
    for body in (
        {"msgtype": "text", "text": {"content": hostile, "mentioned_list": [hostile[:60]]}},
        {"msgtype": "markdown", "markdown": {"content": f"# {hostile}\n> {hostile}\n**{hostile}**"}},
        {
            "msgtype": "markdown_v2",
            "markdown_v2": {"content": f"- {hostile}\n\n|{hostile}|b|\n|---|---|\n|{hostile}|c|"},
        },
    ):
        bubble = shown(page, demo, body)
        assert bubble.locator("script, img, svg, style, a").count() == 0
        assert "<script>window.hacked=1</script>" in bubble.inner_text()
    assert page.evaluate("window.hacked") is None


def test_a_hostile_event_stays_text(page: Page, demo: RunningDemo) -> None:
    """The same of an event's fields, in the list of events and in the message that tells it."""
    hostile = '<img src=x onerror="window.hacked=1"> <@all> "quoted"\n\\back'

    demo.event("hostile", message=hostile, reason="Failed<b>")

    row = page.locator(".event", has_text="hostile")
    expect(row).to_have_count(1)
    assert row.locator("strong").inner_text() == "Failed<b>"
    message = page.locator("[data-group='0'] .message.accepted", has_text="Pod/hostile")
    expect(message).to_have_count(1)
    assert '<img src=x onerror="window.hacked=1">' in message.inner_text()
    assert page.locator(".event img, .bubble img").count() == 0
    assert message.locator(".mention").all_inner_texts() == ["@oncall-payments"]
    assert page.evaluate("window.hacked") is None


def test_a_message_says_how_long_after_its_event_it_came(page: Page, demo: RunningDemo) -> None:
    """One event: some milliseconds, below a second on a quiet machine."""
    demo.event("punctual")

    message = page.locator("[data-group='0'] .message.accepted", has_text="Pod/punctual")
    expect(message.locator(".told")).to_contain_text("after the event")


def test_a_refused_message_is_shown_in_red_with_its_meaning(page: Page, demo: RunningDemo) -> None:
    """An errcode in words; the same again counts up instead of filling the chat."""
    refused = page.locator("[data-group='1'] .message.refused")

    assert demo.post({"msgtype": "markdown", "markdown": {"content": " "}}, group=1) == 44004
    expect(refused).to_have_count(1)
    assert "errcode 44004 · empty content" in refused.inner_text()
    assert demo.post({"msgtype": "markdown", "markdown": {"content": " "}}, group=1) == 44004
    expect(refused).to_have_attribute("data-attempts", "2")
    expect(refused).to_have_count(1)
    assert demo.post(b"{not json", group=1) == 40008
    expect(refused).to_have_count(2)
    assert "not JSON" not in refused.last.inner_text()
    red, green, blue = refused.last.locator(".refusal").evaluate("each => getComputedStyle(each).color.match(/\\d+/g)")
    assert int(red) > 2 * max(int(green), int(blue))


def test_the_gauge_counts_a_robots_minute(page: Page, demo: RunningDemo) -> None:
    """Each accepted message fills a slot of its own robot's twenty; refused ones do not."""
    gauge = page.locator("[data-group='1'] .gauge")
    before = int(gauge.get_attribute("aria-valuenow") or "")
    full = 20 - before

    for number in range(full):
        assert demo.post({"msgtype": "text", "text": {"content": f"message {number}"}}, group=1) == 0

    expect(gauge).to_have_attribute("aria-valuenow", "20")
    assert gauge.locator(".used").count() == 20
    assert demo.post({"msgtype": "text", "text": {"content": "one too many"}}, group=1) == 45009
    expect(page.locator("[data-group='1'] .message.refused").last).to_contain_text("over 20 messages a minute")
    expect(gauge).to_have_attribute("aria-valuenow", "20")
