"""A company on WeCom with an application, and a group on DingTalk with a robot, for tests of the whole daemon."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from kube_wecom_eventer.demo.dingtalk import DingTalkGroup, Robot
from kube_wecom_eventer.demo.serving import serve
from kube_wecom_eventer.demo.wecom_application import Application, WeComApplications

CORP, AGENT = "ww0123456789abcdef", 1000002
SECRET = "nBnT2e8rNwxoEy6Uf5Uy2f5Zw1aQ3s"
TOKEN, SIGN = "a5c19f3e02feba7bd5dfc22bfb04afa2", "SEC4801ebab0fe924909668e5979f7d"
MEMBERS = ("wangqing", "lina", "zhaoli")


@dataclass(frozen=True, kw_only=True)
class Office:
    """A company on WeCom with an application, and a group on DingTalk with a robot."""

    company: WeComApplications
    company_url: str
    ding: DingTalkGroup
    ding_url: str

    def application(self, options: str = "", *, secret: str = f"corp_secret={SECRET}") -> str:
        """Return a sink by the application; repeats are not held back."""
        return f"wechat:?corp_id={CORP}&{secret}&agent_id={AGENT}&api={self.company_url}&repeat_interval=0{options}"

    def robot(self, options: str = f"&sign={SIGN}", *, token: str = f"access_token={TOKEN}") -> str:
        """Return a sink by the robot, written as kube-eventer's users do."""
        return f"dingtalk:{self.ding_url}/robot/send?{token}&repeat_interval=0{options}"


@asynccontextmanager
async def open_office() -> AsyncIterator[Office]:
    """Serve both chats."""
    company = WeComApplications(corp_id=CORP, clock=lambda: datetime.now(UTC))
    company.add(AGENT, Application(secret=SECRET, members=MEMBERS, parties={"2": ("zhaoli",)}))
    ding = DingTalkGroup(robots={TOKEN: Robot(secret=SIGN)}, clock=lambda: datetime.now(UTC))
    async with serve(company) as company_url, serve(ding) as ding_url:
        yield Office(company=company, company_url=company_url, ding=ding, ding_url=ding_url)
