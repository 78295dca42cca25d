"""Alerts by mail and by chats of Apprise's: what fires and what is over are told apart at a glance."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.render import Merged, Templates
from tests.sinks.test_apprise_chats import FEISHU, TOKEN, tell
from tests.sinks.test_apprise_mail import TO
from tests.support.alerts import ANNOTATIONS, make_alert_event
from tests.support.chat_server import ChatServer
from tests.support.mail_server import Mail, MailServer

FIRING = make_alert_event()
OVER = make_alert_event(lasted=timedelta(minutes=12), labels={"deployment": "cart"})
SLACK = f"slack://T1JJ3T3L2/A1BRTD4JD/{TOKEN}/#alerts?lang=en"
ORANGE, GREEN, GREY = "#d9480f", "#2f6f4f", "#656d76"


def templates(content: str) -> Templates:
    made = Templates(metrics=Metrics())
    made.update("words", {"alert_content": content})
    return made


async def mailed(mail: MailServer, *items: Merged, words: Templates | None = None, lang: str = "en") -> Mail:
    """Send a mail about these, and return it."""
    outcome = await tell(f"{mail.url(TO)}&lang={lang}&cluster=prod-1", *items, templates=words)
    assert outcome.detail == ""
    return mail.mails[-1]


async def test_a_mail_of_an_alert_that_fires_says_so_in_orange(mail: MailServer) -> None:
    """In the subject, too; the title leads to where the alert comes from, the runbook's URL to the runbook."""
    alert = make_alert_event(
        annotations={**ANNOTATIONS, "runbook_url": "https://runbooks.example.com/latency?a=1&b=2"},
        generator_url='https://prometheus.example.com/graph?g0.expr=up"&g0.tab=1',
    )
    got = await mailed(mail, Merged(alert, 1))
    assert got.subject == "🔥 Firing HighLatency · Deployment payments/checkout · prod-1"
    html = got.part("html")
    assert f"border-left:4px solid {ORANGE}" in html
    assert re.findall('<a href="([^"]*)"', html) == [
        "https://prometheus.example.com/graph?g0.expr=up&quot;&amp;g0.tab=1",
        "https://runbooks.example.com/latency?a=1&amp;b=2",
    ]
    assert got.part("plain").strip() == (
        "🔥 Firing HighLatency\nDeployment payments/checkout\n\n"
        "Severity: critical\nSince: 2026-11-20 18:00:00 CST\nCluster: prod-1\n"
        "Runbook: https://runbooks.example.com/latency?a=1&b=2\n\n"
        "p99 is above 2 s\np99 of checkout is 2.5 s for 5 minutes"
    )


async def test_a_mail_of_an_alert_that_is_over_is_green_and_says_how_long_it_lasted(mail: MailServer) -> None:
    """However bad it was while it fired."""
    got = await mailed(mail, Merged(OVER, 1))
    assert got.subject == "✅ Resolved (after 12m) HighLatency · Deployment payments/cart · prod-1"
    assert f"border-left:4px solid {GREEN}" in got.part("html")
    assert "Until: 2026-11-20 18:12:00 CST" in got.part("plain")


async def test_an_alert_that_fires_is_never_green(mail: MailServer) -> None:
    """One without urgency is grey."""
    got = await mailed(mail, Merged(make_alert_event(labels={"severity": "info"}), 1))
    assert f"border-left:4px solid {GREY}" in got.part("html")


@pytest.mark.parametrize(
    ("items", "sign", "colour"),
    [([FIRING, OVER], "🔥", ORANGE), ([OVER, OVER], "✅", GREEN)],
    ids=["one fires", "none"],
)
async def test_a_digest_by_mail_tells_them_apart_line_by_line(
    mail: MailServer, items: list[Any], sign: str, colour: str
) -> None:
    """Its own sign and colour are those of the worst."""
    got = await mailed(mail, *(Merged(each, 1) for each in items))
    assert got.subject == f"{sign} 2 groups of alerts ×2 · prod-1"
    html = got.part("html")
    assert f"border-left:4px solid {colour}" in html
    over = f'<span style="color:{GREEN}">✅ Resolved (after 12m) HighLatency</span>'
    fires = f'<span style="color:{ORANGE}">🔥 HighLatency</span>'
    assert (html.count(over), html.count(fires)) == (items.count(OVER), items.count(FIRING))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (SLACK, lambda told: told["attachments"][0]["color"]),
        (f"{FEISHU}?format=markdown", lambda told: told["card"]["header"]["template"]),
        ("json://{place}/x?lang=en", lambda told: told["type"]),
    ],
)
async def test_chats_that_have_colours_show_which_it_is(chat: ChatServer, url: str, shown: Any) -> None:
    """Three things look differently: it fires, it fires and is not urgent, it is over."""
    for event in (FIRING, make_alert_event(labels={"severity": "none"}), OVER):
        assert (await tell(url.replace("{place}", chat.place), Merged(event, 1))).detail == ""
    seen = [shown(told) for told in chat.told]
    assert len(set(seen)) == 3, seen


async def test_a_chat_has_the_headline_as_title_and_the_facts_below(chat: ChatServer) -> None:
    """Nothing stands there twice."""
    assert (await tell(SLACK, Merged(OVER, 1))).detail == ""
    (attachment,) = chat.told[0]["attachments"]
    assert attachment["title"] == "✅ Resolved (after 12m) HighLatency · Deployment payments/cart"
    assert attachment["text"].startswith("- *Severity*: critical\n- *Since*:")
    assert "Resolved" not in attachment["text"]


async def test_a_template_that_makes_a_text_makes_no_html_in_a_mail(mail: MailServer) -> None:
    """A newline stays one, a sign stays itself, and the subject is ours."""
    words = templates("{{ .Status }} & <{{ len .Alerts }}>\n{{ range .Alerts }}{{ .Labels.deployment }}\n{{ end }}")
    got = await mailed(mail, Merged(FIRING, 1), Merged(OVER, 1), words=words)
    assert got.subject == "🔥 2 groups of alerts ×2 · prod-1"
    assert got.part("plain").strip() == "firing & <2>\ncheckout\ncart"


async def test_a_template_may_make_html_for_a_mail(mail: MailServer) -> None:
    """What an alert holds becomes no element there."""
    evil = make_alert_event(labels={"deployment": "<script>x</script>"})
    got = await mailed(mail, Merged(evil, 1), words=templates("<p>{{ .CommonLabels.deployment }}</p>"))
    assert "<p>&lt;script&gt;x&lt;/script&gt;</p>" in got.part("html")


async def test_a_template_of_a_wecom_robot_works_in_a_chat(chat: ChatServer) -> None:
    """Without the tags of its colours, which nobody else knows; what an alert holds mentions nobody."""
    content = '<font color=\\"warning\\">{{ .CommonAnnotations.summary }}</font>'
    body = f'{{"msgtype":"markdown","markdown":{{"content":"{content}"}}}}'
    alert = make_alert_event(annotations={"summary": "<!channel> @all"})
    assert (await tell(SLACK, Merged(alert, 1), templates=templates(body))).detail == ""
    (attachment,) = chat.told[0]["attachments"]
    assert attachment["title"] == "🔥 Firing HighLatency · Deployment payments/checkout"
    assert "font" not in attachment["text"]
    assert "<!channel>" not in attachment["text"]
    assert "@all" not in attachment["text"]


async def test_a_template_that_fails_costs_its_layout_not_the_alert(mail: MailServer) -> None:
    """As everywhere; the log says why."""
    with capture_logs() as said:
        got = await mailed(mail, Merged(FIRING, 1), words=templates('{{ template "nowhere" }}'))
    assert got.subject.startswith("🔥 Firing HighLatency")
    assert "<pre" in got.part("html")
    assert said[-1]["event"] == "template_failed"
