"""The parameters that shape a sink's built-in messages."""

from __future__ import annotations

from dataclasses import dataclass

from kube_wecom_eventer.config.uri import OptionUri

MSGTYPES = ("text", "markdown", "markdown_v2", "template_card")
LANGUAGES = ("zh", "en")
STYLE_OPTIONS = frozenset({"msgtype", "lang", "cluster", "mentioned_list", "mentioned_mobile_list"})


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
