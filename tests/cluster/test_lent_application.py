"""What the platform lends, on the real API server with RBAC: the daemon with the rights of examples/tenants, and teams
that have a namespace each and nothing else. Each test names the guard that it is about.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from kube_wecom_eventer.demo.serving import serve
from kube_wecom_eventer.demo.wecom import WeComGroup
from kube_wecom_eventer.demo.wecom_application import Application, WeComApplications
from tests.cluster.applying import applied, started
from tests.cluster.tenants import LABELS, Tenant, tenant
from tests.daemon.conftest import until
from tests.support.daemon import DaemonProcess
from tests.support.envtest import RealCluster
from tests.support.mail_server import MailServer, mail_server

ROOT = Path(__file__).parents[2]
OWN = "kube-wecom-eventer"
CORP, AGENT, SECRET = "ww0123456789abcdef", 1000002, "nBnT2e8rNwxoEy6Uf5Uy2f5Zw1aQ3s"
"""The company's ID and the number are those of the example."""

pytestmark = pytest.mark.cluster


@dataclass(frozen=True, kw_only=True)
class Lender:
    """The platform's application and mail server, and two teams."""

    cluster: RealCluster
    objects: list[dict[str, Any]]
    folder: Path
    company: WeComApplications
    url: str
    mail: MailServer
    payments: Tenant
    shop: Tenant

    def daemon(self) -> AbstractAsyncContextManager[DaemonProcess]:
        """Run the daemon as its ServiceAccount."""
        keys = {"WECOM_ROBOT_KEY": "unused"}
        return started(self.cluster, self.objects, self.folder, program=OWN, keys=keys, wecom_url=self.url)


@pytest.fixture
def objects(real_cluster: RealCluster) -> Iterator[list[dict[str, Any]]]:
    """The platform's side, applied."""
    yield applied(real_cluster, ROOT / "examples" / "tenants")
    for kind in ("clusterrolebinding", "clusterrole"):
        real_cluster.kubectl("delete", kind, OWN, f"{OWN}-routes", "--ignore-not-found")
    for kind in ("rolebinding", "role"):
        real_cluster.kubectl("-n", OWN, "delete", kind, f"{OWN}-lent", "--ignore-not-found")
    for kind, name in (("configmap", f"{OWN}-checkpoint"), ("secret", "wecom-application"), ("secret", "mail-server")):
        real_cluster.kubectl("-n", OWN, "delete", kind, name, "--ignore-not-found")


@pytest.fixture
async def lender(real_cluster: RealCluster, objects: list[dict[str, Any]], tmp_path: Path) -> AsyncIterator[Lender]:
    """See `Lender`."""
    company = WeComApplications(corp_id=CORP, clock=lambda: datetime.now(UTC))
    company.add(AGENT, Application(secret=SECRET, members=("lihua", "wangqing")))
    group = WeComGroup(keys=[], clock=lambda: datetime.now(UTC))
    async with (
        serve(company) as url,
        mail_server() as mail,
        tenant(real_cluster, "payments", group, url) as payments,
        tenant(real_cluster, "shop", group, url) as shop,
    ):
        for name, field, value in (
            ("wecom-application", "corp_secret", SECRET),
            ("mail-server", "url", mail.url()),
        ):
            data = {field: base64.b64encode(value.encode()).decode()}
            body = {"metadata": {"name": name}, "data": data}
            real_cluster.request("POST", f"/api/v1/namespaces/{OWN}/secrets", body).raise_for_status()
        yield Lender(
            cluster=real_cluster,
            objects=objects,
            folder=tmp_path,
            company=company,
            url=url,
            mail=mail,
            payments=payments,
            shop=shop,
        )


def broken(daemon: DaemonProcess, team: Tenant) -> list[str]:
    """Return which of a team's destinations take nothing, as the log says."""
    lines = [line for line in daemon.logs if line["event"] == "destination_broken"]
    return [line["destination"] for line in lines if team.namespace in line["destination"]]


async def declare(team: Tenant, **sinks: str) -> None:
    """Declare a team's routes, with its own account."""
    data = {f"sink.{name}": f"{sink}&repeat_interval=0" for name, sink in sinks.items()}
    await team.write("configmaps", {"metadata": {"name": "wecom", "labels": LABELS}, "data": data})


async def test_teams_reach_their_people_by_what_is_lent(lender: Lender) -> None:
    """Guard: the filter of a declared route. A team needs no Secret and no Role, and sees its own events only."""
    await declare(lender.payments, wecom="wechat:?to_user=lihua")
    await declare(lender.shop, wecom="wechat:?to_user=wangqing", mail="apprise:?to=shop@example.com")
    async with lender.daemon() as daemon:
        for team, name in ((lender.payments, "wecom"), (lender.shop, "wecom"), (lender.shop, "mail")):
            await daemon.log("route_declared", route=f"{team.namespace}/wecom/{name}")
        await lender.payments.happens("OfPayments")
        await lender.shop.happens("OfShop")
        await until(lambda: bool(lender.company.inboxes["lihua"] and lender.company.inboxes["wangqing"]))
        await until(lambda: bool(lender.mail.mails))
        assert ["OfPayments" in text for text in lender.company.inboxes["lihua"]] == [True]
        assert ["OfShop" in text for text in lender.company.inboxes["wangqing"]] == [True]
        assert [each.receiver for each in lender.mail.mails] == ["shop@example.com"]
        assert SECRET[:8] not in daemon.output


@pytest.mark.parametrize("name", ["wecom-application", "mail-server"])
async def test_no_team_can_read_what_is_lent(lender: Lender, name: str) -> None:
    """Guard: RBAC. Nor does the daemon read it for a team: a route's Secrets are of its own namespace."""
    answer = await lender.payments.http.get(f"/api/v1/namespaces/{OWN}/secrets/{name}")
    assert answer.status_code == httpx.codes.FORBIDDEN
    application = f"wechat:?corp_id={CORP}&agent_id={AGENT}&to_user=lihua&api={lender.url}"
    await declare(
        lender.payments, a=f"{application}&corp_secret_secret={OWN}/{name}", b=f"apprise:?url_secret={OWN}/{name}"
    )
    async with lender.daemon() as daemon:
        await daemon.log("route_declared", route=f"{lender.payments.namespace}/wecom/a")
        await lender.payments.happens("OfPayments")
        await until(lambda: len(broken(daemon, lender.payments)) >= 2)
        assert (list(lender.company.requests), lender.mail.sessions) == ([], 0)


@pytest.mark.parametrize(
    ("sink", "problem"),
    [
        ("wechat:?to_user=lihua&api=http://127.0.0.1:9", "api= is not for routes that are sent with the platform's"),
        ("wechat:?to_user=lihua&header=X-A=b", "header= is not for routes that are sent with the platform's"),
        ("wechat:?to_user=@all", "ask the platform for allow_receivers=all"),
        ("wechat:?to_party=1", "ask the platform for allow_receivers=parties"),
        ("apprise:?to=lihua@elsewhere.com", "the platform's mail server is for addresses of example.com"),
        (
            "apprise:?to=lihua@example.com&bcc=x@elsewhere.com",
            "bcc= is not for routes that are sent with the platform's",
        ),
        ("apprise:?to=lihua@example.com&smtp=127.0.0.1", "smtp= is not for routes that are sent with the platform's"),
    ],
)
async def test_no_team_changes_how_or_whom_the_platform_tells(lender: Lender, sink: str, problem: str) -> None:
    """Guard: what a route may say that borrows."""
    await declare(lender.payments, x=sink)
    async with lender.daemon() as daemon:
        refused = await daemon.log("route_refused", route=f"{lender.payments.namespace}/wecom/x")
        assert problem in refused["problem"]
        assert not lender.company.requests


async def test_one_teams_wrong_people_stop_nobody_else(lender: Lender) -> None:
    """Guard: a place to wait in for each namespace that borrows."""
    await declare(lender.payments, wecom="wechat:?to_user=nobody")
    await declare(lender.shop, wecom="wechat:?to_user=wangqing")
    async with lender.daemon() as daemon:
        await daemon.log("route_declared", route=f"{lender.shop.namespace}/wecom/wecom")
        await lender.payments.happens("OfPayments")
        await until(lambda: bool(broken(daemon, lender.payments)))
        await lender.shop.happens("OfShop")
        await until(lambda: bool(lender.company.inboxes["wangqing"]))
