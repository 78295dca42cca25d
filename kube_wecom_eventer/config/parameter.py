"""What may stand in the URI of a sink or a source: a record for each parameter, declared beside the code that reads it.

`kube_wecom_eventer.config.sink.PARAMETER_GROUPS` collects those of sinks. The sets of known names, the help and
docs/reference.md are made of these records.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from kube_wecom_eventer.config.shown import shown_name
from kube_wecom_eventer.config.uri import OptionUri
from kube_wecom_eventer.suggestion import did_you_mean, near

ROBOTS, WEBHOOK = "WeCom robots", "webhook:"
WECHAT, DINGTALK, APPRISE = "wechat:", "dingtalk:", "apprise:"
"""What `Parameter.sinks` may name: robots of WeCom and of DingTalk, however their URI begins; URLs of other services;
schemes."""
CHATS = (ROBOTS, WECHAT, DINGTALK)
MERGING = (*CHATS, APPRISE)
"""Sinks that people read: events are merged there."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """``name=value`` in a URI.

    ``help``: sentences for a person; code in backquotes, a page as ``docs/NAME.md``. ``default``: the value that holds
    where none is written, empty: none does. ``sinks``: those on which it has an effect, empty: all.
    """

    name: str
    help: str
    default: str = ""
    sinks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ParameterGroup:
    """Parameters that are shown together. ``help``: what holds for all of them."""

    title: str
    parameters: tuple[Parameter, ...]
    help: str = ""


@dataclass(frozen=True, slots=True)
class Scheme:
    """A kind of URI. ``form``: how it is written. ``help``: where it leads."""

    form: str
    help: str


def names(parameters: Iterable[Parameter]) -> frozenset[str]:
    """Return the names of parameters."""
    return frozenset(parameter.name for parameter in parameters)


def doubt_unknown(uri: OptionUri, known: Collection[str], *, sink: str, warnings: list[str]) -> None:
    """Doubt each option of a sink that is none of the ``known`` ones, and say which one may have been meant."""
    warnings += [
        f"{shown_name(name)}= is no parameter of {sink} and is ignored{did_you_mean(name, known)}"
        for name in _unknown(uri, known)
    ]


def doubt_near_misses(uri: OptionUri, known: Collection[str], *, warnings: list[str]) -> None:
    """Doubt the options of a URL of the user's own that look like one of the ``known`` ones; they stay in the URL."""
    warnings += [
        f"{name}= is left in the URL{did_you_mean(name, known)} If it is the URL's own, write query={name}=VALUE"
        for name in _unknown(uri, known)
        if near(name, known)
    ]


def _unknown(uri: OptionUri, known: Collection[str]) -> Iterable[str]:
    return dict.fromkeys(name for name, _ in uri.options if name not in known)
