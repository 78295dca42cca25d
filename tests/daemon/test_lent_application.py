"""Two teams that name only their people; the application and the mail server are the platform's, and stay so."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from uuid import uuid4

import pytest

from kube_wecom_eventer.demo.serving import serve
from kube_wecom_eventer.demo.wecom import WeComGroup
from tests.daemon.conftest import Pipeline, until
from tests.daemon.office import AGENT, CORP, SECRET, Office, open_office
from tests.daemon.test_chats import write
from tests.daemon.test_check import run
from tests.support.daemon import DaemonProcess
from tests.support.mail_server import PASSWORD, MailServer, mail_server

LABELS = {"kube-wecom-eventer.io/route": "true"}


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    """The platform's application."""
    async with open_office() as both:
        yield both


@pytest.fixture
async def mail() -> AsyncIterator[MailServer]:
    """The platform's mail server."""
    async with mail_server() as server:
        yield server


class Team:
    """A team with a namespace, which is not the daemon's own."""

    def __init__(self, pipeline: Pipeline, namespace: str) -> None:
        self.pipeline = replace(pipeline, server=replace(pipeline.server, namespace=namespace))
        self.namespace = namespace

    async def route(self, sink: str, name: str = "people") -> None:
        """Declare a route, or replace it."""
        data = {"sink": f"{sink}&repeat_interval=0"}
        await write(self.pipeline, "configmaps", name, metadata={"labels": LABELS}, data=data)

    async def happens(self, reason: str) -> None:
        """Let something happen to the team."""
        await self.pipeline.event(f"e-{uuid4().hex[:8]}", reason=reason)


@pytest.fixture
async def teams(pipeline: Pipeline) -> tuple[Team, Team]:
    """Payments and shop."""
    made = []
    for name in ("payments", "shop"):
        namespace = f"test-{name}-{uuid4().hex[:6]}"
        answer = await pipeline.server.client.post("/api/v1/namespaces", json={"metadata": {"name": namespace}})
        assert answer.is_success
        made.append(Team(pipeline, namespace))
    return made[0], made[1]


def arguments(office: Office, mail: MailServer, *allowed: str) -> tuple[str, ...]:
    """Return the daemon's args: what it lends, and to whom."""
    application = f"wechat:?corp_id={CORP}&agent_id={AGENT}&corp_secret={SECRET}&api={office.company_url}"
    server = f"apprise:{mail.url()}allow_domains=example.com"
    lent = (f"--route-default={application}{''.join(allowed)}", f"--route-default={server}")
    return ("--namespace-routes", "--checkpoint=none", *lent)


async def declared(daemon: DaemonProcess, *teams: Team, routes: Sequence[str] = ("people",)) -> None:
    """Wait until the teams' routes are there, and events are watched."""
    await (await daemon.ready()).aclose()
    for team in teams:
        for route in routes:
            await daemon.log("route_declared", route=f"{team.namespace}/{route}")


def said(daemon: DaemonProcess, event: str, team: Team) -> bool:
    """Whether the log says so of a destination of a team's."""
    return any(line["event"] == event and line["destination"].endswith(f"@{team.namespace}") for line in daemon.logs)


def told(office: Office, member: str) -> list[str]:
    """Return the first lines of what a member has on the screen."""
    return [text.split("\n")[0].strip("\u200b\u200c") for text in office.company.inboxes[member]]


async def test_each_teams_people_get_its_own_events_by_the_platforms_application(
    pipeline: Pipeline,
    teams: tuple[Team, Team],
    office: Office,
    mail: MailServer,
) -> None:
    """They write neither a secret nor a host; nothing of the platform's is shown to anybody."""
    payments, shop = teams
    await payments.route("wechat:?to_user=wangqing&lang=en")
    await shop.route("apprise:?to=shop@example.com&lang=en")
    async with pipeline.daemon(*arguments(office, mail)) as daemon, await daemon.ready() as http:
        await declared(daemon, *teams)
        await payments.happens("OfPayments")
        await shop.happens("OfShop")
        await until(lambda: bool(office.company.inboxes["wangqing"] and mail.mails))
        assert "OfPayments" in told(office, "wangqing")[0]
        assert [(each.receiver, "OfShop" in each.subject) for each in mail.mails] == [("shop@example.com", True)]
        assert not office.company.inboxes["lina"]
        assert len(office.company.messages) == 1
        pages = [(await http.get(path)).text for path in ("/routes", "/metrics", "/readyz")]
        for text in (daemon.output, *pages):
            for hidden in (SECRET[:8], PASSWORD, "hush-hush"):
                assert hidden not in text


async def test_a_route_leads_the_platforms_credentials_nowhere_else(
    pipeline: Pipeline,
    teams: tuple[Team, Team],
    office: Office,
    mail: MailServer,
) -> None:
    """Neither to a host of the team's, nor to a file, a header or another sender."""
    payments, _ = teams
    elsewhere = WeComGroup(keys=["any"], clock=office.company._clock)
    async with serve(elsewhere) as url, mail_server() as other:
        # Even where the platform allows that host for other routes.
        allowed = f"--route-allowed-hosts={url.removeprefix('http://')},127.0.0.1:{other.port}"
        for number, sink in enumerate(
            (
                f"wechat:?to_user=wangqing&api={url}",
                "wechat:?to_user=wangqing&header=X-Forwarded-Host=evil",
                "wechat:?to_user=wangqing&corp_secret_file=/etc/hostname",
                f"apprise:?to=a@example.com&smtp=127.0.0.1&query=smtp=127.0.0.1:{other.port}",
                "apprise:?to=a@example.com&from=ceo@example.com",
                "apprise:?to=a@evil.com",
                "wechat:?to_user=@all",
                "wechat:?to_party=2",
            )
        ):
            await payments.route(sink, f"people-{number}")
        async with pipeline.daemon(*arguments(office, mail), allowed) as daemon, await daemon.ready() as http:
            await daemon.log("route_refused", route=f"{payments.namespace}/people-7")
            await payments.happens("OfPayments")
            routes = (await http.get("/routes")).json()["routes"]
            own = [each for each in routes if each["route"].startswith(payments.namespace)]
            assert [each["state"] for each in own] == ["refused"] * 8
            await asyncio.sleep(0.5)
        assert ([*elsewhere.requests], [*office.company.requests], mail.sessions, other.sessions) == ([], [], 0, 0)


async def test_the_platform_may_allow_more_people(
    pipeline: Pipeline,
    teams: tuple[Team, Team],
    office: Office,
    mail: MailServer,
) -> None:
    """Everybody, say."""
    payments, _ = teams
    await payments.route("wechat:?to_user=@all&lang=en")
    async with pipeline.daemon(*arguments(office, mail, "&allow_receivers=users,all")) as daemon:
        await declared(daemon, payments)
        await payments.happens("OfPayments")
        await until(lambda: all(office.company.inboxes[member] for member in ("wangqing", "lina", "zhaoli")))


async def test_one_teams_wrong_people_keep_the_other_team_waiting_for_nothing(
    pipeline: Pipeline,
    teams: tuple[Team, Team],
    office: Office,
    mail: MailServer,
) -> None:
    """A message that nobody can get is tried again for an hour; each team's wait in a place of their own."""
    payments, shop = teams
    mail.receivers["typo@example.com"] = "450 4.2.0 greylisted"
    await payments.route("wechat:?to_user=nobody")
    await payments.route("apprise:?to=typo@example.com", "mail")
    await shop.route("wechat:?to_user=lina&lang=en")
    await shop.route("apprise:?to=shop@example.com&lang=en", "mail")
    async with pipeline.daemon(*arguments(office, mail)) as daemon, await daemon.ready() as http:
        await declared(daemon, *teams, routes=("people", "mail"))
        await payments.happens("OfPayments")
        # Other tests' namespaces on a shared server have routes, too.
        for event in ("destination_broken", "destination_retry"):
            await until(lambda event=event: said(daemon, event, payments))  # type: ignore[misc]
        await shop.happens("OfShop")
        await until(lambda: bool(office.company.inboxes["lina"] and mail.mails))
        assert mail.mails[0].receiver == "shop@example.com"
        states = {each["route"]: each["state"] for each in (await http.get("/routes")).json()["routes"]}
        assert states[f"{shop.namespace}/people"] == "ok"
        assert states[f"{payments.namespace}/people"] == "broken"


async def test_all_teams_share_one_access_token(
    pipeline: Pipeline,
    teams: tuple[Team, Team],
    office: Office,
    mail: MailServer,
) -> None:
    """WeCom gives an application one at a time."""
    payments, shop = teams
    await payments.route("wechat:?to_user=wangqing")
    await shop.route("wechat:?to_user=lina")
    async with pipeline.daemon(*arguments(office, mail)) as daemon:
        await declared(daemon, *teams)
        for team in teams:
            await team.happens("BackOff")
        await until(lambda: bool(office.company.inboxes["wangqing"] and office.company.inboxes["lina"]))
        assert len(office.company.asked) == 1


async def test_check_shows_what_is_lent_and_the_rights_that_it_needs(
    pipeline: Pipeline,
    teams: tuple[Team, Team],
    office: Office,
    mail: MailServer,
) -> None:
    """Before a route uses it."""
    namespace = pipeline.server.namespace
    place = f"corp_secret_secret={namespace}/application"
    application = f"wechat:?corp_id={CORP}&agent_id={AGENT}&{place}&api={office.company_url}"
    checked = await run(
        pipeline.server.environ,
        f"--source={pipeline.server.source}",
        "--namespace-routes",
        "--checkpoint=none",
        f"--route-default={application}",
    )
    (shown,) = checked.about("--route-default wechat:", "✓")
    assert "allow_receivers=users" in shown.replace("[", "").replace("'", "")
    assert checked.about(f"get secrets application in {namespace}") == ["granted"]
    assert SECRET[:8] not in json.dumps(checked.findings)
