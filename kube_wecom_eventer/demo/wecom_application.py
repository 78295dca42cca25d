"""The applications of a company on WeCom: an ASGI app for ``gettoken`` and ``message/send``.

Owns secrets, access tokens, who is reached, and what each member has received. What makes a message valid:
wecom_rules.py. Sources: https://developer.work.weixin.qq.com/document/path/91039 (token), path/90236 (messages),
path/90454 (limits).
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec

from kube_wecom_eventer.demo.asgi import Exchange, Request
from kube_wecom_eventer.demo.chat import RECORD_LIMIT, Chat, Received, Taken, answer
from kube_wecom_eventer.demo.wecom_rules import METHOD_NOT_POST, Refused, check_application

GETTOKEN, SEND = "/cgi-bin/gettoken", "/cgi-bin/message/send"
TOKEN_LIFE = timedelta(seconds=7200)
LONGEST_CHECK = timedelta(hours=4)

# What a member takes from one application; the rest is dropped without a word.
MINUTE_LIMIT, HOUR_LIMIT = 30, 1000
_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)

WRONG_SECRET, WRONG_CORP = 40001, 40013
BAD_TOKEN, NO_TOKEN, EXPIRED_TOKEN = 40014, 41001, 42001
NO_CORP, NO_SECRET = 41002, 41004
TOO_MANY_USERS, BAD_PARTIES, BAD_TAGS = 40032, 40066, 40068
NOBODY, WRONG_APPLICATION = 81013, 301002


class ApplicationReceived(Received):
    """A request to an application; its message pings nobody, it is for whom it names."""

    @property
    def mentions(self) -> tuple[str, ...]:
        """Nobody."""
        return ()


@dataclass(kw_only=True)
class Application:
    """``members``: whom it sees; ``parties`` and ``tags``: who of them is in which."""

    secret: str
    members: tuple[str, ...]
    parties: Mapping[str, Collection[str]] = field(default_factory=dict)
    tags: Mapping[str, Collection[str]] = field(default_factory=dict)
    token: str = ""
    token_ends: datetime | None = None
    seen: dict[bytes, datetime] = field(default_factory=dict)
    received_at: dict[str, deque[datetime]] = field(
        default_factory=lambda: defaultdict(lambda: deque(maxlen=HOUR_LIMIT))
    )


class WeComApplications(Chat):
    """The app. ``inboxes``: what each member has on the screen; ``dropped``: what went over a member's limit.

    ``asked``: when a token was asked for, and what was answered.
    """

    received = ApplicationReceived

    def __init__(self, *, corp_id: str, clock: Callable[[], datetime]) -> None:
        super().__init__(clock=clock)
        self.corp_id = corp_id
        self.inboxes: dict[str, list[str]] = defaultdict(list)
        self.dropped: list[str] = []
        self.duplicates = 0
        self.asked: deque[tuple[datetime, int]] = deque(maxlen=RECORD_LIMIT)
        self._applications: dict[int, Application] = {}
        self._given = 0

    def add(self, agent_id: int, application: Application) -> None:
        """Create an application, or replace it."""
        self._applications[agent_id] = application

    def remove(self, agent_id: int) -> None:
        """Delete an application: its secret and its token are worth nothing from here on."""
        self._applications.pop(agent_id, None)

    def end_tokens(self) -> None:
        """End all tokens before their time, as WeCom may."""
        for application in self._applications.values():
            application.token = ""

    async def serve(self, exchange: Exchange) -> None:
        """Give a token, or take a message."""
        if exchange.request.path == GETTOKEN:
            return await self._gettoken(exchange)
        if exchange.request.path == SEND:
            found = self._by_token(exchange.request.query.get("access_token", ""))
            key = f"{self.corp_id}/{found[0] if found else ''}"
            return await self.take(exchange, key=key, judge=self._judge)
        return await exchange.respond(404, b"", content_type="text/html")

    async def _gettoken(self, exchange: Exchange) -> None:
        if (fault := self.faults.take(exchange.request)) is not None:
            return await fault.play(exchange)
        try:
            application = self._by_secret(exchange.request.query)
        except Refused as refusal:
            self.asked.append((self._clock(), refusal.errcode))
            return await answer(exchange, {"errcode": refusal.errcode, "errmsg": refusal.errmsg})
        now = self._clock()
        self.asked.append((now, 0))
        if not application.token or application.token_ends is None or now >= application.token_ends:
            self._given += 1
            application.token = f"token-{self._given}-{application.secret[::-1]}"
            application.token_ends = now + TOKEN_LIFE
        left = int((application.token_ends - now).total_seconds())
        document = {"errcode": 0, "errmsg": "ok", "access_token": application.token, "expires_in": left}
        return await answer(exchange, document)

    def _by_secret(self, query: Mapping[str, str]) -> Application:
        corp_id, secret = query.get("corpid", ""), query.get("corpsecret", "")
        if not corp_id:
            raise Refused(NO_CORP, "corpid missing")
        if not secret:
            raise Refused(NO_SECRET, "corpsecret missing")
        if corp_id != self.corp_id:
            raise Refused(WRONG_CORP, "invalid corpid")
        for application in self._applications.values():
            if application.secret == secret:
                return application
        raise Refused(WRONG_SECRET, "invalid credential")

    def _by_token(self, token: str) -> tuple[int, Application] | None:
        found = (item for item in self._applications.items() if token and item[1].token == token)
        return next(found, None)

    def _judge(self, request: Request, body: Any) -> Taken:
        """Raise Refused unless the application sends this message now."""
        if request.method != "POST":
            raise Refused(METHOD_NOT_POST, "require POST method")
        token = request.query.get("access_token", "")
        if not token:
            raise Refused(NO_TOKEN, "access_token missing")
        if (found := self._by_token(token)) is None:
            raise Refused(BAD_TOKEN, "invalid access_token")
        agent_id, application = found
        now = self._clock()
        if application.token_ends is None or now >= application.token_ends:
            raise Refused(EXPIRED_TOKEN, "access_token expired")
        check_application(body)
        if body.get("agentid") != agent_id:
            raise Refused(WRONG_APPLICATION, "not allow operate another agent with this accesstoken")
        reached, invalid = _receivers(application, body)
        if not reached:
            raise Refused(NOBODY, "user & party & tag all invalid", extra=invalid)
        if self._had(application, body, now):
            self.duplicates += 1
            return Taken(shown=False, extra=invalid)
        for member in sorted(reached):
            self._deliver(application, member, body, now)
        return Taken(extra=invalid)

    def _had(self, application: Application, body: Any, now: datetime) -> bool:
        if body.get("enable_duplicate_check") != 1:
            return False
        span = min(timedelta(seconds=body.get("duplicate_check_interval", 1800)), LONGEST_CHECK)
        request = msgspec.json.encode(body, order="sorted")
        application.seen = {each: at for each, at in application.seen.items() if now - at < LONGEST_CHECK}
        before = application.seen.get(request)
        if before is not None and now - before < span:
            return True
        application.seen[request] = now
        return False

    def _deliver(self, application: Application, member: str, body: Any, now: datetime) -> None:
        received = application.received_at[member]
        lately = sum(now - at < _MINUTE for at in received)
        if lately >= MINUTE_LIMIT or (len(received) == HOUR_LIMIT and now - received[0] < _HOUR):
            self.dropped.append(member)
            return
        received.append(now)
        payload = body[body["msgtype"]]
        self.inboxes[member].append(str(payload.get("content") or payload.get("title") or body["msgtype"]))


def _receivers(application: Application, body: Any) -> tuple[set[str], dict[str, str]]:
    """Return the members whom a message reaches, and what of its receivers there is not, as WeCom answers it."""
    users = _listed(body, "touser", 1000, TOO_MANY_USERS)
    if users == ["@all"]:
        return set(application.members), {}
    parties, tags = _listed(body, "toparty", 100, BAD_PARTIES), _listed(body, "totag", 100, BAD_TAGS)
    known = {member.lower(): member for member in application.members}
    reached = {known[user.lower()] for user in users if user.lower() in known}
    for names, groups in ((parties, application.parties), (tags, application.tags)):
        reached.update(member for name in names for member in groups.get(name, ()))
    invalid = {
        "invaliduser": _joined(user.lower() for user in users if user.lower() not in known),
        "invalidparty": _joined(party for party in parties if party not in application.parties),
        "invalidtag": _joined(tag for tag in tags if tag not in application.tags),
    }
    return reached, {name: listed for name, listed in invalid.items() if listed}


def _listed(body: Any, name: str, most: int, errcode: int) -> list[str]:
    listed = [each for each in str(body.get(name, "")).split("|") if each]
    if len(listed) > most:
        raise Refused(errcode, f"{name}: more than {most}")
    return listed


def _joined(names: Iterable[str]) -> str:
    return "|".join(names)
