"""The parameters that shape a sink's built-in messages."""

from __future__ import annotations

from dataclasses import dataclass

from kube_wecom_eventer.config.parameter import ROBOTS, Parameter
from kube_wecom_eventer.config.uri import OptionUri

MSGTYPES = ("text", "markdown", "markdown_v2", "template_card")
LANGUAGES = ("zh", "en")

STYLE_PARAMETERS = (
    Parameter("msgtype", f"Of the built-in body: {', '.join(f'`{each}`' for each in MSGTYPES)}.", "text", (ROBOTS,)),
    Parameter("lang", "Language of the built-in body: `zh` or `en`.", "zh", (ROBOTS,)),
    Parameter("cluster", "A name for the cluster, shown in the built-in body.", sinks=(ROBOTS,)),
    Parameter("mentioned_list", "Comma list of userids, or `@all`, whom the built-in body mentions.", sinks=(ROBOTS,)),
    Parameter("mentioned_mobile_list", "The same, by telephone numbers.", sinks=(ROBOTS,)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StyleSettings:
    """What ``msgtype=``, ``lang=``, ``cluster=``, ``mentioned_list=`` and ``mentioned_mobile_list=`` say."""

    msgtype: str = "text"
    lang: str = "zh"
    cluster: str = ""
    mentioned_list: tuple[str, ...] = ()
    mentioned_mobile_list: tuple[str, ...] = ()


def parse_style(uri: OptionUri, *, problems: list[str]) -> StyleSettings:
    """Read the style of a sink; what is wrong is added to ``problems``."""
    return StyleSettings(
        msgtype=_one_of(uri, "msgtype", MSGTYPES, problems),
        lang=_one_of(uri, "lang", LANGUAGES, problems),
        cluster=uri.first("cluster") or "",
        mentioned_list=_list(uri, "mentioned_list"),
        mentioned_mobile_list=_list(uri, "mentioned_mobile_list"),
    )


def _one_of(uri: OptionUri, name: str, choices: tuple[str, ...], problems: list[str]) -> str:
    value = uri.first(name) or choices[0]
    if value not in choices:
        problems.append(f"{name}={value}: unknown; write one of {', '.join(choices)}")
    return value


def _list(uri: OptionUri, name: str) -> tuple[str, ...]:
    return tuple(part.strip() for text in uri.every(name) for part in text.split(",") if part.strip())
