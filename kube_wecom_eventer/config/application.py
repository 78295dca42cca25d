"""``wechat:``, kube-eventer's name for it: messages of a WeCom application to members of the company.

Source: https://developer.work.weixin.qq.com/document/path/90236
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from kube_wecom_eventer.config.credential import Credential, credential_parameters, read_credential
from kube_wecom_eventer.config.http_options import (
    Headers,
    doubt_method,
    read_ca_file,
    read_headers,
    shown,
    shown_base,
    without_content_type,
)
from kube_wecom_eventer.config.parameter import WECHAT, Parameter, doubt_unknown, names
from kube_wecom_eventer.config.secret import Secret
from kube_wecom_eventer.config.shown import shown_address
from kube_wecom_eventer.config.uri import OptionUri, http_address

SCHEME = "wechat"
WECOM = "https://qyapi.weixin.qq.com"
SECRET = "corp_secret"  # noqa: S105 the parameter's name

APPLICATION_PARAMETERS = (
    Parameter("corp_id", "The company's ID.", sinks=(WECHAT,)),
    Parameter("agent_id", "The application's number.", sinks=(WECHAT,)),
    *credential_parameters(SECRET, "secret", "The application's secret", (WECHAT,)),
    Parameter(
        "to_user",
        "Comma list of userids, or `@all`: everybody whom the application may see. `@all` holds where no receiver is "
        "named at all.",
        sinks=(WECHAT,),
    ),
    Parameter("to_party", "Comma list of departments, by their numbers.", sinks=(WECHAT,)),
    Parameter("to_tag", "Comma list of tags, by their numbers.", sinks=(WECHAT,)),
    Parameter(
        "label",
        "A text in each built-in message, and in the first line of each digest; up to three, repeatable.",
        sinks=(WECHAT,),
    ),
    Parameter("api", "A proxy before WeCom, as `https://proxy.example.com`.", WECOM, (WECHAT,)),
)

SEND_PATH = "/cgi-bin/message/send"
EVERYBODY = "@all"
"""As a receiver: all members whom the application's visibility includes."""

_CORP_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NUMBER = re.compile(r"[0-9]{1,10}")
_USERID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.@-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationTarget:
    """A WeCom application, and whom it tells. ``endpoint`` is the API's address without a path of the API.

    ``users``: userids, or just `EVERYBODY`; ``parties`` and ``tags``: numbers of departments and of tags. ``tenant``:
    the namespace whose routes tell by it, if it is not theirs: one's mistakes must not keep another's messages waiting.
    """

    endpoint: Secret
    corp_id: str
    agent_id: int
    corp_secret: Credential
    shown: str
    users: tuple[str, ...] = ()
    parties: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    headers: Headers = ()
    ca_file: str | None = None
    tenant: str = ""

    @property
    def destination(self) -> str:
        """Name the destination, without giving the secret away: sinks of one application share its pace."""
        name = self.account(self.corp_secret.value) if self.corp_secret.place is None else self._named()
        return f"{name}@{self.tenant}" if self.tenant else name

    def account(self, secret: Secret) -> str:
        """Name what WeCom counts messages by: the application, for whoever has its secret."""
        return f"{SCHEME}-{self.corp_id}-{self.agent_id}-{secret.fingerprint()}"

    def _named(self) -> str:
        return f"{SCHEME}-{self.corp_id}-{self.agent_id}-{self.corp_secret.name}"

    def by_way_of(self, api: str) -> ApplicationTarget:
        """Return the application as reached through ``api``, a proxy before WeCom; one at another address stays."""
        if self.endpoint.reveal() != WECOM:
            return self
        return replace(self, endpoint=Secret(api), shown=shown_base(api) + SEND_PATH)

    @property
    def written_secret(self) -> str:
        """The parameter that holds a secret in plain text; empty where none does."""
        return "" if self.corp_secret.place else SECRET


def parse_application(
    uri: OptionUri, *, known: frozenset[str], namespace: str, problems: list[str], warnings: list[str]
) -> ApplicationTarget | None:
    """Read a ``wechat:`` sink. ``known``: the parameters that all sinks share."""
    before = len(problems)
    doubt_unknown(uri, known | names(APPLICATION_PARAMETERS), sink=f"{SCHEME}:", warnings=warnings)
    doubt_method(uri, sink=f"{SCHEME}:", warnings=warnings)
    if uri.url.strip("/"):
        problems.append(f"{SCHEME}: takes no URL; write {SCHEME}:?corp_id=..., and api=URL for a proxy before WeCom")
    base = (uri.first("api") or WECOM).rstrip("/").removesuffix(SEND_PATH)
    address = http_address(base)
    if address is None:
        problems.append(f"{SCHEME}: api={shown_address(base)}: no address; write api=https://HOST[:PORT][/PATH]")
    corp_id = _matching(uri, "corp_id", _CORP_ID, "the company's ID, as corp_id=ww0123456789abcdef", problems)
    agent_id = _matching(uri, "agent_id", _NUMBER, "the application's number, as agent_id=1000002", problems)
    secret = read_credential(
        uri, SECRET, namespace=namespace, problems=problems, missing="the application has no secret"
    )
    users, parties, tags = _receivers(uri, problems, warnings)
    ca_file = read_ca_file(uri, problems)
    if len(problems) > before or address is None or secret is None:
        return None
    return ApplicationTarget(
        endpoint=Secret(base),
        corp_id=corp_id,
        agent_id=int(agent_id),
        corp_secret=secret,
        shown=shown(address) + SEND_PATH,
        users=users,
        parties=parties,
        tags=tags,
        headers=without_content_type(read_headers(uri, warnings)),
        ca_file=ca_file,
    )


def _matching(uri: OptionUri, name: str, pattern: re.Pattern[str], what: str, problems: list[str]) -> str:
    text = (uri.first(name) or "").strip()
    if not text:
        problems.append(f"{SCHEME}: has no {name}=; write {what}")
    elif not pattern.fullmatch(text):
        problems.append(f"{SCHEME}: {name}={text}: write {what}")
    return text


Receivers = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]
"""Users, parties and tags."""


def receivers_of(uri: OptionUri, problems: list[str]) -> Receivers:
    """Return the receivers that are named, `EVERYBODY` among the users."""
    users = _list(uri, "to_user", _USERID, "userids", problems, also=EVERYBODY)
    parties = _list(uri, "to_party", _NUMBER, "numbers of departments", problems)
    tags = _list(uri, "to_tag", _NUMBER, "numbers of tags", problems)
    return users, parties, tags


def _receivers(uri: OptionUri, problems: list[str], warnings: list[str]) -> Receivers:
    """Return the receivers; where nobody is named, all members."""
    users, parties, tags = receivers_of(uri, problems)
    if EVERYBODY not in users and (users or parties or tags):
        return users, parties, tags
    if len(users) > 1 or parties or tags:
        warnings.append(f"to_user={EVERYBODY} tells all members, so the other receivers are ignored")
    return (EVERYBODY,), (), ()


def _list(
    uri: OptionUri, name: str, pattern: re.Pattern[str], what: str, problems: list[str], *, also: str = ""
) -> tuple[str, ...]:
    """Return the values of a list, each once; ``|`` separates them as well, as in WeCom's own API."""
    written = ",".join(uri.every(name)).replace("|", ",").split(",")
    values = tuple(dict.fromkeys(value.strip() for value in written if value.strip()))
    problems += [
        f"{SCHEME}: {name}={value}: write {what}, with commas between them"
        for value in values
        if value != also and not pattern.fullmatch(value)
    ]
    return values
