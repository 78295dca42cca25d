"""All chats of a simulated run: WeCom's group, an application there, and a DingTalk group."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from kube_wecom_eventer.demo.asgi import Receive, Scope, Send
from kube_wecom_eventer.demo.chat import Chat, Received
from kube_wecom_eventer.demo.dingtalk import PATH as DINGTALK_PATH
from kube_wecom_eventer.demo.dingtalk import DingTalkGroup, Robot
from kube_wecom_eventer.demo.wecom import WeComGroup
from kube_wecom_eventer.demo.wecom_application import GETTOKEN, SEND, Application, WeComApplications
from tests.simulation.plan import AGENT, CORP, CORP_SECRET, DING_SIGN, DING_TOKEN, KEYS


class Chats:
    """An ASGI app: they stand behind one card, told apart by the path that is asked for. ``reached`` hears of each
    request."""

    def __init__(self, *, clock: Callable[[], datetime], reached: Callable[[Received], None]) -> None:
        self.wecom = WeComGroup(keys=KEYS, clock=clock)
        self.company = WeComApplications(corp_id=CORP, clock=clock)
        self.ding = DingTalkGroup(robots={}, clock=clock)
        self._others: dict[str, Chat] = {GETTOKEN: self.company, SEND: self.company, DINGTALK_PATH: self.ding}
        self.add_others()
        for chat in (self.wecom, self.company, self.ding):
            chat.on_request(reached)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the chat does that is asked."""
        await self._others.get(scope["path"], self.wecom)(scope, receive, send)

    def shut_down(self) -> None:
        """Nothing stays open by itself here."""

    def add_others(self) -> None:
        """Let there be the application, and DingTalk's robot; tokens of before are worth nothing then."""
        self.company.add(AGENT, Application(secret=CORP_SECRET, members=("lina", "wangqing")))
        self.ding.add_robot(DING_TOKEN, Robot(secret=DING_SIGN))

    def remove_others(self) -> None:
        """Let there be neither."""
        self.company.remove(AGENT)
        self.ding.remove_robot(DING_TOKEN)
