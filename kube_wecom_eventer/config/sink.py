"""``--sink=SCHEME:URI``: which events go where, in which words.

Compatibility with kube-eventer's parameters is decided here; docs/kube-eventer.md lists each decision.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from kube_wecom_eventer.config.filter import CLUSTER_SCOPE, FilterSettings, parse_filter
from kube_wecom_eventer.config.secret import Secret
from kube_wecom_eventer.config.uri import OptionUri, http_address, parse_uri

__all__ = ["CLUSTER_SCOPE", "FilterSettings", "ObjectName", "RobotAddress", "SinkSettings", "parse_sink"]

ROBOT_PATH = "/cgi-bin/webhook/send"
"""What marks the URL of a WeCom robot: companies reach it through proxies of any host name."""

_KUBE_EVENTERS = (
    "log", "wechat", "dingtalk", "sls", "elasticsearch", "kafka", "influxdb", "mysql", "mongo", "honeycomb",
    "riemann", "eventbridge",
)  # fmt: skip
_KNOWN_OPTIONS = {
    "key", "level", "namespaces", "kinds", "reason", "exclude_reason", "header", "method", "custom_body_configmap",
    "custom_body_configmap_namespace",
}  # fmt: skip


@dataclass(frozen=True, slots=True, order=True)
class ObjectName:
    """The namespace and name of an object in the cluster."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotAddress:
    """A WeCom group robot. ``endpoint`` is the whole URL with its key; ``shown`` is what may be printed."""

    endpoint: Secret
    key: Secret
    shown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkSettings:
    """One ``--sink``: a robot, a filter, and the ConfigMap with the body's template (None: the built-in body).

    ``name`` tells the sinks apart in logs and metrics. ``headers`` are sent with each message.
    """

    name: str
    robot: RobotAddress
    filter: FilterSettings
    template: ObjectName | None = None
    headers: tuple[tuple[str, Secret], ...] = ()


def parse_sink(
    text: str, *, number: int, environ: Mapping[str, str], problems: list[str], warnings: list[str]
) -> SinkSettings | None:
    """Read the ``number``-th ``--sink`` (from 1).

    What is wrong or doubtful is added to ``problems`` and ``warnings``, without the text itself: it holds the key.
    Returns None where there is a problem.
    """
    where = f"--sink {number}"
    try:
        uri = parse_uri(text, environ=environ)
    except ValueError as error:
        problems.append(f"{where}: {error}")
        return None
    found: list[str] = []
    doubts = list(uri.warnings)
    robot = _robot(uri, found, doubts)
    filter_settings = parse_filter(uri, problems=found, warnings=doubts)
    headers = _headers(uri, doubts)
    warnings += [f"{where}: {doubt}" for doubt in doubts]
    problems += [f"{where}: {problem}" for problem in found]
    if found or robot is None:
        return None
    return SinkSettings(
        name=f"sink-{number}", robot=robot, filter=filter_settings, template=_template(uri), headers=headers
    )


def _robot(uri: OptionUri, problems: list[str], warnings: list[str]) -> RobotAddress | None:
    if uri.scheme in _KUBE_EVENTERS:
        problems.append(f"{uri.scheme}: is kube-eventer's, not supported here; write webhook: and a robot's URL")
        return None
    if uri.scheme != "webhook":
        problems.append(f"{uri.scheme}: unknown scheme; write webhook:https://HOST{ROBOT_PATH}?key=KEY")
        return None
    parts = http_address(uri.url)
    if parts is None:
        problems.append(f"webhook: has no usable URL; write webhook:https://HOST{ROBOT_PATH}?key=KEY")
        return None
    if parts.path.rstrip("/") != ROBOT_PATH:
        problems.append(f"webhook: only WeCom robots are supported, URLs whose path is {ROBOT_PATH}")
        return None
    key = uri.first("key")
    if not key:
        problems.append(f"webhook: the robot's URL has no key; write ...{ROBOT_PATH}?key=KEY")
        return None
    _doubt_robot_options(uri, warnings)
    return RobotAddress(
        endpoint=Secret(f"{parts.scheme}://{parts.netloc}{ROBOT_PATH}?key={quote(key, safe='')}"),
        key=Secret(key),
        shown=f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{ROBOT_PATH}",
    )


def _doubt_robot_options(uri: OptionUri, warnings: list[str]) -> None:
    unknown = sorted({name for name, _ in uri.options} - _KNOWN_OPTIONS)
    warnings += [f"{name}= is no parameter of a robot and is ignored" for name in unknown]
    method = uri.first("method")
    if method and method.upper() != "POST":
        warnings.append(f"method={method}: a robot takes POST only, so POST is used")
    if uri.first("custom_body_configmap_namespace") and not uri.first("custom_body_configmap"):
        warnings.append("custom_body_configmap_namespace= has no custom_body_configmap= beside it")


def _template(uri: OptionUri) -> ObjectName | None:
    name = uri.first("custom_body_configmap")
    if not name:
        return None
    return ObjectName(uri.first("custom_body_configmap_namespace") or "default", name)


def _headers(uri: OptionUri, warnings: list[str]) -> tuple[tuple[str, Secret], ...]:
    headers = []
    for text in uri.every("header"):
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            warnings.append("header= holds no name and value and is ignored; write header=NAME=VALUE")
        elif name.strip().lower() != "content-type":  # a robot takes JSON only, and we say so ourselves
            headers.append((name.strip(), Secret(value)))
    return tuple(headers)
