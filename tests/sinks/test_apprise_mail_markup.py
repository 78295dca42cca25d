"""What an event's text may not become in a mail that a template makes of markdown or text."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from kube_wecom_eventer.building import build_wording
from kube_wecom_eventer.config import AppriseTarget
from kube_wecom_eventer.config.sink import parse_sink
from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.render import Merged, Templates
from kube_wecom_eventer.sinks import AppriseService, Threads, Verdict
from kube_wecom_eventer.sinks.keys import reading
from tests.support.events import make_event
from tests.support.mail_server import Mail, MailServer

MARKDOWN = '{"msgtype":"markdown","markdown":{"content":"# Hello\\n> {{.Message}}"}}'


async def mailed(mail: MailServer, text: str, *, template: str) -> Mail:
    """Send a mail of an event that says ``text``."""
    problems: list[str] = []
    url = mail.url("to=lihua@example.com")
    sink = parse_sink(f"apprise:{url}", number=1, environ={}, problems=problems, warnings=[])
    assert sink is not None, problems
    templates = Templates(metrics=Metrics())
    templates.update("t", {"content": template})
    wording = build_wording(sink, "t", templates, ZoneInfo("UTC"))
    target = sink.target
    assert isinstance(target, AppriseTarget)
    service = AppriseService(
        target=target, read_url=reading(target.url, lambda place: pytest.fail(str(place))), threads=Threads()
    )
    assert await service.ready() is None
    outcome = await service.send(wording.message([Merged(make_event(message=text), 1)]))
    assert outcome.verdict is Verdict.ACCEPTED
    (got,) = mail.mails
    return got


@pytest.mark.parametrize(
    "evil",
    [
        "![x](http://evil.example.com/seen.png)",
        "[log in](http://evil.example.com)",
        "see ![x][a]\n\n[a]: http://evil.example.com/seen.png",
        "see ![x][a]\n\n  [a]:\n  http://evil.example.com/seen.png",
        "<img src=http://evil.example.com/seen.png>",
    ],
)
async def test_an_events_text_is_no_link_and_no_image_in_a_mail(mail: MailServer, evil: str) -> None:
    """A picture tells whoever made the event who reads it; a link leads where its words do not say."""
    html = (await mailed(mail, evil, template=MARKDOWN)).part("html")
    assert "<h1>Hello</h1>" in html
    assert "evil.example.com" in html
    assert "<img" not in html
    assert "<a " not in html


async def test_an_events_text_does_not_decide_that_a_mail_is_html(mail: MailServer) -> None:
    """The template is a text, and its quotes stay quotes."""
    got = await mailed(mail, '<nil> is not "a" & b', template="{{.Message}}")
    assert got.parsed.get_content_type() == "text/plain"
    assert got.part("plain").replace("\u200b", "").strip() == '<nil> is not "a" & b'
