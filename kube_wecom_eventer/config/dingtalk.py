"""``dingtalk:``, as kube-eventer has it: a custom robot of a DingTalk group.

Source: https://open.dingtalk.com/document/orgapp/custom-robots-send-group-messages
"""

from __future__ import annotations

from dataclasses import dataclass

from kube_wecom_eventer.config.credential import Credential, credential_parameters, holds_address, read_credential
from kube_wecom_eventer.config.http_options import (
    Headers,
    doubt_method,
    read_ca_file,
    read_headers,
    shown,
    without_content_type,
)
from kube_wecom_eventer.config.parameter import DINGTALK, Parameter, doubt_unknown, names
from kube_wecom_eventer.config.secret import Secret
from kube_wecom_eventer.config.uri import OptionUri, http_address

SCHEME = "dingtalk"
TOKEN = "access_token"  # noqa: S105 the parameter's name
SIGN = "sign"

DINGTALK_PARAMETERS = (
    *credential_parameters(TOKEN, "token", "The robot's token", (DINGTALK,)),
    *credential_parameters(
        SIGN, "secret", "The secret, `SEC...`, of a robot that wants signed requests (加签)", (DINGTALK,)
    ),
    Parameter("msg_type", "As `msgtype`, which it overrides; kube-eventer's name.", sinks=(DINGTALK,)),
    Parameter(
        "label",
        "A text in each built-in message, and in the first line of each digest; up to three, repeatable. A robot "
        "that is secured by a keyword (自定义关键词) needs it here.",
        sinks=(DINGTALK,),
    ),
    Parameter("cluster_id", "As `cluster`, which overrides it; kube-eventer's name.", sinks=(DINGTALK,)),
    Parameter("region", "Has no effect: messages hold no links to a cloud's console.", sinks=(DINGTALK,)),
)

DINGTALK_PATH = "/robot/send"
ADDRESS = f"https://oapi.dingtalk.com{DINGTALK_PATH}"

_SECRETS_BEGIN = "SEC"


@dataclass(frozen=True, slots=True, kw_only=True)
class DingTalkTarget:
    """A robot of a DingTalk group. ``endpoint`` is its URL without the token. ``sign``: the secret that signs its
    requests, if one does."""

    endpoint: Secret
    access_token: Credential
    shown: str
    sign: Credential | None = None
    headers: Headers = ()
    ca_file: str | None = None

    @property
    def destination(self) -> str:
        """Name the destination, without giving the token away: sinks with one token share its pace."""
        return f"{SCHEME}-{self.access_token.name}"

    @staticmethod
    def account(token: Secret) -> str:
        """Name what DingTalk counts messages by: the robot's token."""
        return f"{SCHEME}-{token.fingerprint()}"

    @property
    def written_secret(self) -> str:
        """The parameter that holds a secret in plain text; empty where none does."""
        if self.access_token.place is None:
            return TOKEN
        return SIGN if self.sign and self.sign.place is None else ""


def parse_dingtalk(
    uri: OptionUri, *, known: frozenset[str], namespace: str, problems: list[str], warnings: list[str]
) -> DingTalkTarget | None:
    """Read a ``dingtalk:`` sink. ``known``: the parameters that all sinks share."""
    before = len(problems)
    doubt_unknown(uri, known | names(DINGTALK_PARAMETERS), sink="a DingTalk robot", warnings=warnings)
    doubt_method(uri, sink="a DingTalk robot", warnings=warnings)
    if uri.first("region"):
        warnings.append("region= has no effect: messages hold no links to a cloud's console")
    url = uri.url.rstrip("/") or ADDRESS
    address = http_address(url)
    if address is None:
        problems.append(f"{uri.scheme}: has no usable URL; write dingtalk:{ADDRESS}?{TOKEN}=TOKEN")
    elif not address.path:
        url, address = url + DINGTALK_PATH, address._replace(path=DINGTALK_PATH)
    token = read_credential(uri, TOKEN, namespace=namespace, problems=problems, missing="the robot has no token")
    holds_address(uri, TOKEN, token, problems)
    sign = read_credential(uri, SIGN, namespace=namespace, problems=problems)
    if sign and sign.place is None and not sign.value.reveal().startswith(_SECRETS_BEGIN):
        warnings.append(
            f"{SIGN}= does not begin with {_SECRETS_BEGIN}: it is the secret that the robot's settings show under "
            "加签, not a signature made with it, which holds for an hour only"
        )
    ca_file = read_ca_file(uri, problems)
    if len(problems) > before or address is None or token is None:
        return None
    return DingTalkTarget(
        endpoint=Secret(url),
        access_token=token,
        shown=shown(address),
        sign=sign,
        headers=without_content_type(read_headers(uri, warnings)),
        ca_file=ca_file,
    )
