"""What ``render`` renders: templates from files and ConfigMaps, or the built-in messages, each for a sink."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TextIO

from kube_wecom_eventer.apprise_library import MAIL
from kube_wecom_eventer.building import bodies_of
from kube_wecom_eventer.building import doubts as style_doubts
from kube_wecom_eventer.commands.manifests import FoundConfigMap, config_maps, looks_like_manifest
from kube_wecom_eventer.commands.texts import STDIN, read_text
from kube_wecom_eventer.config import (
    ApplicationTarget,
    AppriseTarget,
    Credential,
    RobotTarget,
    RouteDefault,
    Secret,
    SinkSettings,
    parse_declared_sink,
)
from kube_wecom_eventer.config.application import WECOM
from kube_wecom_eventer.config.sink import parse_sink
from kube_wecom_eventer.config.target import ROBOT_PATH
from kube_wecom_eventer.declared_routes import LIMITS, ROUTE_LABEL
from kube_wecom_eventer.errors import ConfigError
from kube_wecom_eventer.render import Bodies, Limits
from kube_wecom_eventer.render.alert_templates import ALERT_CONTENT
from kube_wecom_eventer.render.lint import Language
from kube_wecom_eventer.render.template import Template
from kube_wecom_eventer.render.templates import CONTENT, CONTENT_J2, parse_template

_JINJA_FILES = (".j2", ".jinja", ".jinja2")
_YAML_FILES = (".yaml", ".yml")
_A_ROBOT = "wecom:?key=none"
_SINK = "sink"
_FILES = re.compile(r"(?<=[?&])(?:(?:key|corp_secret|access_token|sign|url)_file|ca_file)=[^&#]*&?")
_KEYS = (
    (re.compile(rf"wecom:|webhook:[^?&#]*{ROBOT_PATH}"), "key"),
    (re.compile("wechat:"), "corp_secret"),
    (re.compile("dingtalk:"), "access_token"),
)
"""What a sink of these needs."""
_ELSEWHERE = re.compile(r"^apprise:(?:\$\{?\w+\}?)?(?:[?&]|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A template as it was found. ``first_line``: where it begins in its file, from 1; 0 where that is not known.

    ``limits``: what it may cost, where that is other than usual.
    """

    name: str
    source: str
    language: Language
    first_line: int = 0
    limits: Limits | None = None

    @property
    def key(self) -> str:
        """The key of a ConfigMap under which the daemon reads it as what it is."""
        return CONTENT_J2 if self.language == "jinja" else CONTENT

    def parsed(self) -> Template:
        """Return it, ready to run. Raises TemplateError."""
        return parse_template(self.source, key=self.key, limits=self.limits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is rendered, for which sink; ``template`` is None for the built-in messages. ``doubts``: of the sink.

    ``assumed``: nobody named a sink.
    """

    name: str
    sink: SinkSettings
    template: Written | None = None
    doubts: tuple[str, ...] = ()
    assumed: bool = False

    @property
    def robot(self) -> bool:
        """Whether its messages are for a robot of WeCom."""
        return isinstance(self.sink.target, RobotTarget)

    @property
    def bodies(self) -> Bodies | None:
        """What its chat takes; None where its messages are for none."""
        return bodies_of(self.sink.target)


def read_sinks(texts: Sequence[str], *, environ: Mapping[str, str], problems: list[str]) -> list[Subject]:
    """Return a subject without a template for each ``--sink``; one for a WeCom robot where there is none.

    A variable that is not set has its own name for a value: a robot's key is not needed here.
    """
    subjects = []
    for number, text in enumerate(texts or (_A_ROBOT,), start=1):
        doubts: list[str] = []
        shown = _without_the_daemons_own(text)
        sink = parse_sink(shown, number=number, environ=_Named(environ), problems=problems, warnings=doubts)
        if sink:
            doubts += [f"{sink.name}: {doubt}" for doubt in style_doubts(sink)]
            subjects.append(Subject(name=sink.name, sink=sink, doubts=tuple(doubts), assumed=not texts))
    return subjects


def _without_the_daemons_own(text: str) -> str:
    """Return a sink without the files of the daemon's pod, with a key where a chat has none: nothing is sent."""
    text = _FILES.sub("", text)
    if not re.search(r"[?&]url(?:_secret)?=", text):
        # A URL that stands elsewhere: nobody knows what service it is.
        text = _ELSEWHERE.sub("apprise:?url_secret=none/none&", text)
    for sink, key in _KEYS:
        if sink.match(text) and not re.search(rf"[?&]{key}(?:_secret)?=[^&]", text):
            text += ("&" if "?" in text else "?") + f"{key}=none"
    return text


class _Named(dict[str, str]):
    """An environment in which everything is set, if to its own name."""

    def __contains__(self, name: object) -> bool:
        return True

    def get(self, name: str, default: object = None) -> str:  # noqa: ARG002 nothing is unset
        return super().get(name, name)


def read_file(place: str, *, stdin: TextIO, key: str | None) -> list[Written | FoundConfigMap]:
    """Return what a file holds (``-``: stdin): one template, or what `read_config_maps` returns for a manifest.

    key: of the ConfigMaps' data, instead of all that hold templates. Raises ConfigError.
    """
    text = read_text(place, stdin=stdin, where=place, instead="write a template, or a ConfigMap's manifest")
    if not looks_like_manifest(text) and not place.endswith(_YAML_FILES):
        jinja = place.endswith(_JINJA_FILES) or (key or "").endswith(".j2")
        name = "stdin" if place == STDIN else place
        return [Written(name=name, source=text, language="jinja" if jinja else "go", first_line=1)]
    try:
        found = config_maps(text)
    except ValueError as error:
        raise ConfigError([f"{place}: is no YAML: {error}"]) from None
    return read_config_maps(found, where=place, key=key)


def read_config_maps(found: Sequence[FoundConfigMap], *, where: str, key: str | None) -> list[Written | FoundConfigMap]:
    """Return the templates of ConfigMaps; one that declares routes is returned as it is. Raises ConfigError."""
    read: list[Written | FoundConfigMap] = []
    for each in found:
        if each.labels.get(ROUTE_LABEL) == "true":
            read.append(each)
        else:
            read += _templates(each, f"{where}, {each.name}" if len(found) > 1 else where, key)
    if key and key.startswith(ALERT_CONTENT):
        raise ConfigError([f"{where}: {key} is a template of alerts; `kube-wecom-eventer check` tries that on samples"])
    if not read:
        keys = ", ".join(sorted({name for each in found for name in each.data})) or "none"
        wanted = key or f"{CONTENT} or {CONTENT_J2}"
        raise ConfigError([f"{where}: no ConfigMap with a key {wanted} is in it (keys: {keys}); write one"])
    return read


def _templates(found: FoundConfigMap, where: str, key: str | None) -> Iterator[Written]:
    for name, source in found.data.items():
        if name == key or (key is None and (name == CONTENT or name.startswith(f"{CONTENT}."))):
            yield Written(
                name=f"{where}, {name}",
                source=source,
                language="jinja" if name.endswith(".j2") else "go",
                first_line=found.lines.get(name, 0),
            )


def subjects_of(
    read: Sequence[Written | FoundConfigMap], sinks: Sequence[Subject], *, where: str, key: str | None
) -> list[Subject]:
    """Return each template with each sink, and the routes that ConfigMaps declare, with their own sinks.

    Raises ConfigError.
    """
    subjects: list[Subject] = []
    for each in read:
        if isinstance(each, Written):
            subjects += [replace(sink, name=_both(each.name, sink, sinks), template=each) for sink in sinks]
        else:
            subjects += _declared(each, where, key)
    return subjects


def _both(name: str, sink: Subject, sinks: Sequence[Subject]) -> str:
    return f"{name}, {sink.name}" if len(sinks) > 1 else name


class _AnyHost(tuple[str, ...]):
    """Where declared routes may send, and mail to, is the daemon's to say."""

    __slots__ = ()

    def __contains__(self, host: object) -> bool:
        return True


_ANY_DEFAULTS = {
    "wechat": RouteDefault(
        target=ApplicationTarget(
            endpoint=Secret(WECOM), corp_id="none", agent_id=0, corp_secret=Credential(Secret("none")), shown=WECOM
        ),
        receivers=frozenset(("users", "parties", "tags", "all")),
        most=1000,
    ),
    "apprise": RouteDefault(
        target=AppriseTarget(url=Credential(Secret("none")), shown="apprise:mailto://***", service="mailto", form=MAIL),
        domains=_AnyHost(),
        most=1000,
    ),
}
"""What the platform's way is, and what it allows, is the daemon's to say, too."""


def _declared(found: FoundConfigMap, where: str, key: str | None) -> Iterator[Subject]:
    namespace = found.namespace or "default"
    for name in sorted(name for name in found.data if name == _SINK or name.startswith(f"{_SINK}.")):
        content = CONTENT + name.removeprefix(_SINK)
        if key not in (None, content, name):
            continue
        problems: list[str] = []
        doubts: list[str] = []
        sink = parse_declared_sink(
            found.data[name],
            name=f"{namespace}/{found.name}{name.removeprefix(_SINK).replace('.', '/', 1)}",
            namespace=namespace,
            allowed_hosts=_AnyHost(),
            everywhere=True,
            defaults=_ANY_DEFAULTS,
            problems=problems,
            warnings=doubts,
        )
        if sink is None:
            raise ConfigError([f"{where}, {name}: {problem}" for problem in problems])
        template = None
        if (source := found.data.get(content)) is not None:
            template = Written(
                name=f"{where}, {content}",
                source=source,
                language="go",
                first_line=found.lines.get(content, 0),
                limits=LIMITS,
            )
        doubts += style_doubts(sink)
        yield Subject(name=f"route {sink.name}", sink=sink, template=template, doubts=tuple(doubts))
