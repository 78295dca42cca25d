"""The parameters that shape a sink's built-in messages."""

from __future__ import annotations

from dataclasses import dataclass

from kube_wecom_eventer.config.application import ApplicationTarget
from kube_wecom_eventer.config.apprise import AppriseTarget
from kube_wecom_eventer.config.dingtalk import DingTalkTarget
from kube_wecom_eventer.config.parameter import CHATS, DINGTALK, MERGING, ROBOTS, WECHAT, Parameter
from kube_wecom_eventer.config.target import Target
from kube_wecom_eventer.config.uri import OptionUri

MSGTYPES: tuple[str, ...] = ("text", "markdown", "markdown_v2", "template_card")
APPLICATION_MSGTYPES = ("text", "markdown", "textcard", "template_card")
DINGTALK_MSGTYPES = ("text", "markdown")
LANGUAGES = ("zh", "en")


def _listed(msgtypes: tuple[str, ...]) -> str:
    return ", ".join(f"`{each}`" for each in msgtypes)


STYLE_PARAMETERS = (
    Parameter(
        "msgtype",
        f"Of the built-in body: {_listed(MSGTYPES)} for WeCom robots; {_listed(APPLICATION_MSGTYPES)} for `wechat:`; "
        f"{_listed(DINGTALK_MSGTYPES)} for `dingtalk:`.",
        "text",
        CHATS,
    ),
    Parameter("lang", "Language of the built-in body: `zh` or `en`.", "zh", MERGING),
    Parameter("cluster", "A name for the cluster, shown in the built-in body.", sinks=MERGING),
    Parameter(
        "mentioned_list",
        "Comma list of userids, or `@all`, whom the built-in body mentions.",
        sinks=(ROBOTS, DINGTALK),
    ),
    Parameter("mentioned_mobile_list", "The same, by telephone numbers.", sinks=(ROBOTS, DINGTALK)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StyleSettings:
    """What ``msgtype=``, ``lang=``, ``cluster=``, ``mentioned_list=``, ``mentioned_mobile_list=`` and each ``label=``
    say."""

    msgtype: str = "text"
    lang: str = "zh"
    cluster: str = ""
    mentioned_list: tuple[str, ...] = ()
    mentioned_mobile_list: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


def parse_style(uri: OptionUri, target: Target | None, *, problems: list[str]) -> StyleSettings:
    """Read the style of a sink with this target; what is wrong is added to ``problems``."""
    msgtypes, msgtype, cluster, labels = MSGTYPES, "msgtype", uri.first("cluster"), uri.every("label")
    kind = f"{uri.scheme}:"
    if isinstance(target, ApplicationTarget) or kind == WECHAT:
        msgtypes = APPLICATION_MSGTYPES
    elif isinstance(target, DingTalkTarget) or kind == DINGTALK:
        msgtypes, cluster = DINGTALK_MSGTYPES, cluster or uri.first("cluster_id")
        # kube-eventer's name, which counts where both are written.
        msgtype = "msg_type" if uri.first("msg_type") else msgtype
    else:
        # A robot has none, and in the URL of a webhook it is the URL's own.
        labels = ()
    return StyleSettings(
        # Of a service of Apprise's its URL decides.
        msgtype="" if isinstance(target, AppriseTarget) else _one_of(uri, msgtype, msgtypes, problems),
        lang=_one_of(uri, "lang", LANGUAGES, problems),
        cluster=cluster or "",
        mentioned_list=uri.listed("mentioned_list"),
        mentioned_mobile_list=uri.listed("mentioned_mobile_list"),
        labels=tuple(label for label in labels if label.strip()),
    )


def _one_of(uri: OptionUri, name: str, choices: tuple[str, ...], problems: list[str]) -> str:
    value = uri.first(name) or choices[0]
    if value not in choices:
        problems.append(f"{name}={value}: unknown; write one of {', '.join(choices)}")
    return value
