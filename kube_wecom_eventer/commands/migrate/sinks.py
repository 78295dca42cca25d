"""From a ``--sink`` of kube-eventer's to one of ours that means the same, with a note at each difference.

The daemon's own reader decides what a sink means and whether it can run; here is only how it is written anew.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote, urlsplit

from kube_wecom_eventer.commands.migrate import argument_notes as notes
from kube_wecom_eventer.commands.migrate.environment import MARKS, UNKNOWN_URL, Environment, written
from kube_wecom_eventer.commands.migrate.notes import Note
from kube_wecom_eventer.commands.migrate.secrecy import SecretFields, holds_secret, redacted
from kube_wecom_eventer.commands.migrate.secret_parts import hide_key, hide_option, hide_url
from kube_wecom_eventer.config import ChatTarget, ObjectName, RobotTarget, SinkSettings, WebhookTarget
from kube_wecom_eventer.config.application import WECOM
from kube_wecom_eventer.config.filter import FILTER_PARAMETERS, LEVELS, negated_class
from kube_wecom_eventer.config.parameter import names
from kube_wecom_eventer.config.sink import SHARED, read_sink
from kube_wecom_eventer.config.target import KUBE_EVENTERS_SCHEMES, robot_base
from kube_wecom_eventer.config.uri import NO_QUESTION_MARK, OptionUri, parse_uri

_KUBE_EVENTERS = {
    "level", "namespaces", "kinds", "reason", "method", "header", "custom_body_configmap",
    "custom_body_configmap_namespace",
}  # fmt: skip
"""The parameters of kube-eventer's ``webhook:``."""
_FIRST = ("key", "key_secret", "key_file", "access_token")
"""Parameters that say which robot it is, before what it tells."""
_LISTS = ("namespaces", "kinds", "reason")
_SPACE_IN_LIST = re.compile(r"^\s|\s$|\s,|,\s")

# What the grammar of a sink would take for its own, and what no plain YAML text may hold.
_ENCODED = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\ufeff%&#+;]|\$(?=[A-Za-z_{$(\ue000])")
_ENCODED_IN_NAME = re.compile(_ENCODED.pattern + "|=")


@dataclass(frozen=True, slots=True)
class Option:
    """A parameter. ``value`` has marks for the variables in it, ``real`` their values."""

    name: str
    value: str
    real: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MigratedSink:
    """``arg``: what follows ``--sink=``; empty where it can't run here. ``shown``: what a comment may say of it.

    ``problems``: why not. ``checked``: False where its meaning depends on values that are not in the Deployment.
    ``settings``: what the daemon's reader makes of it; of one that is not checked, with values made up.
    """

    arg: str
    shown: str
    notes: tuple[Note, ...]
    checked: bool = True
    problems: tuple[str, ...] = ()
    settings: SinkSettings | None = None

    @property
    def template(self) -> ObjectName | None:
        """The ConfigMap with its template."""
        return self.settings.template if self.settings else None


def migrate_sink(text: str, *, environ: Environment, secrets: SecretFields, ours: bool) -> MigratedSink:
    """Write one sink anew. ``ours``: it was written for this program already, so all its parameters count."""
    marked = environ.marked(text)
    shown = f"--sink={redacted(written(marked))}"
    try:
        symbolic = parse_uri(marked, environ=MARKS)
        real = parse_uri(environ.daemons(marked, environ.values()), environ=environ.values())
    except ValueError as error:
        return _refused(shown, [str(error)])
    found: list[Note] = []
    options = _aligned(symbolic, real)
    if options is None:
        new = marked
        options = [Option(name, value, value) for name, value in real.options]
    else:
        options = _changed(symbolic, real, options, found, ours=ours)
        if not any(option.name == "level" and environ.unknown(option.value) for option in options):
            options = _with_level(options, found, symbolic.scheme, ours=ours)
        new = joined(symbolic.scheme, symbolic.url, options)
        found += [_ignored(warning) for warning in symbolic.warnings]
    sink, problems, doubts = _read(new, environ, environ.values())
    if sink is None:
        unchecked = _unchecked(marked, symbolic, environ, secrets, problems=problems)
        return replace(unchecked, shown=shown) if unchecked else _refused(shown, problems, symbolic)
    found += [] if ours else _differences(real, options, sink)
    found += [notes.negated_class(each, letters) for each in sink.filter.reasons if (letters := negated_class(each))]
    found += [notes.daemon_says(doubt) for doubt in doubts if not _has_a_note(doubt, sink)]
    if new is marked:
        _hide_variables(marked, environ, secrets)
        new = _hidden_as_written(marked, environ, secrets)
    else:
        new = _rewritten(symbolic, options, sink, environ, secrets)
    return MigratedSink(arg=written(new), shown=shown, notes=tuple(found), settings=sink)


def _refused(shown: str, problems: Sequence[str], uri: OptionUri | None = None) -> MigratedSink:
    """Return a sink that can't run here, with what to do about it."""
    about = tuple(notes.left_out(problem) for problem in problems)
    if uri and uri.scheme in KUBE_EVENTERS_SCHEMES:
        about = (notes.unsupported(uri.scheme),)
    return MigratedSink(arg="", shown=shown, notes=about, problems=tuple(problems))


def _unchecked(
    marked: str, symbolic: OptionUri, environ: Environment, secrets: SecretFields, *, problems: Sequence[str]
) -> MigratedSink | None:
    """Keep a sink that depends on values that are not here; None where it could not run whatever they are.

    What it is when they are what they should be counts.
    """
    unknown = environ.unknown(marked)
    sink, others, _ = _read(marked, environ, environ.values(unknown=UNKNOWN_URL))
    if not unknown or set(problems) & set(others):
        return None
    if NO_QUESTION_MARK in symbolic.warnings:  # it may be in the value
        new = _hidden_as_written(marked, environ, secrets)
    else:
        options = [Option(name, value, value) for name, value in symbolic.options]
        robot = robot_base(symbolic.url) is not None
        new = _hidden(symbolic.scheme, symbolic.url, options, environ, secrets, robot=robot)
    return MigratedSink(arg=written(new), shown="", notes=(notes.not_checked(unknown),), checked=False, settings=sink)


def _aligned(symbolic: OptionUri, real: OptionUri) -> list[Option] | None:
    """Return the options with their variables and their values; None where a value holds a part of the grammar."""
    if symbolic.scheme != real.scheme or [name for name, _ in symbolic.options] != [name for name, _ in real.options]:
        return None
    if (NO_QUESTION_MARK in symbolic.warnings) != (NO_QUESTION_MARK in real.warnings):
        return None
    return [
        Option(name, value, known) for (name, value), (_, known) in zip(symbolic.options, real.options, strict=True)
    ]


def _read(
    text: str, environ: Environment, values: Mapping[str, str]
) -> tuple[SinkSettings | None, list[str], list[str]]:
    """Let the daemon's reader read a sink: return what it is, its problems and its doubts."""
    problems: list[str] = []
    try:
        uri = parse_uri(environ.daemons(text, values), environ=values)
    except ValueError as error:
        return None, [str(error)], []
    doubts = list(uri.warnings)
    return read_sink(uri, name="sink", problems=problems, warnings=doubts), problems, doubts


def _ignored(warning: str) -> Note:
    return notes.options_in_path() if warning == NO_QUESTION_MARK else notes.not_carried_over(warning)


def _changed(
    symbolic: OptionUri, real: OptionUri, options: list[Option], found: list[Note], *, ours: bool
) -> list[Option]:
    """Return the options that say to our reader what they said to kube-eventer; add a note for each difference."""
    robot = symbolic.scheme == "wecom" or (symbolic.scheme == "webhook" and robot_base(real.url) is not None)
    if not ours and symbolic.scheme == "webhook":
        if robot:
            options = _split_key(options, found)
        options = [new for option in options if (new := _foreign(option, found, robot=robot))]
    if symbolic.scheme == "log" and not ours and any(option.name in names(FILTER_PARAMETERS) for option in options):
        found.append(notes.LOG_FILTERS)
    for name in _LISTS:
        given = [option.real for option in options if option.name == name]
        if given and not any(value.strip(" ,") for value in given):
            options = [option for option in options if option.name != name]
            found.append(notes.empty_filter(name))
    if robot:
        options = [option for option in options if not _needless(option)]
    return options


def _split_key(options: list[Option], found: list[Note]) -> list[Option]:
    """Part ``KEY?level=Warning``, which was meant as two parameters."""
    parted: list[Option] = []
    for option in options:
        key, question, rest = option.value.partition("?")
        name, equals, value = rest.partition("=")
        if option.name == "key" and question and equals and name in _KUBE_EVENTERS:
            found.append(notes.key_with_question_mark())
            parted += [replace(option, value=key, real=option.real.partition("?")[0]), Option(name, value, value)]
        else:
            parted.append(option)
    return parted


def _foreign(option: Option, found: list[Note], *, robot: bool) -> Option | None:
    """Return a parameter that kube-eventer left in the URL as one that stays there; None where that does nothing."""
    if option.name in _KUBE_EVENTERS or (robot and option.name == "key"):
        return option
    if robot:
        found.append(notes.no_effect(option.name))
        return None
    if option.name in SHARED:
        found.append(notes.own_parameter(option.name))
        return Option("query", f"{option.name}={option.value}", f"{option.name}={option.real}")
    return option


def _needless(option: Option) -> bool:
    """Return whether a robot's parameter says what holds for each robot anyway."""
    header = option.real.partition("=")[0].strip().lower() if option.name == "header" else ""
    return option.name == "method" or header == "content-type"


def _with_level(options: list[Option], found: list[Note], scheme: str, *, ours: bool) -> list[Option]:
    level = next((option.real for option in options if option.name == "level"), "")
    if level in LEVELS or (ours and level):
        return options
    if not ours:
        # Of all others kube-eventer's default is Warning, too.
        missing = {"log": notes.LOG_LEVEL, "webhook": notes.level_default()}.get(scheme)
        said = notes.level_unknown(level) if level else missing
        found += [said] if said else []
    chosen = Option("level", "Warning", "Warning")
    if any(option.name == "level" for option in options):
        first = next(index for index, option in enumerate(options) if option.name == "level")
        return [*options[:first], chosen, *(each for each in options[first + 1 :] if each.name != "level")]
    at = 1 if options and options[0].name in _FIRST else 0
    return [*options[:at], chosen, *options[at:]]


def _differences(real: OptionUri, options: Sequence[Option], sink: SinkSettings) -> list[Note]:
    """Return what differs from kube-eventer though it is written as it was. ``real``: as it was."""
    found, webhook = [], real.scheme == "webhook"
    chat = isinstance(sink.target, ChatTarget)
    if webhook and chat and (real.first("method") or "GET").upper() != "POST":
        found.append(notes.get_to_a_robot())
    if sum(option.name == "reason" for option in options) > 1:
        found.append(notes.first_reason_only())
    lists = [option for option in options if option.name in _LISTS]
    found += [notes.spaces_in_list(option.name) for option in lists if _SPACE_IN_LIST.search(option.real)]
    if any(option.name == "header" and option.real.count("=") > 1 for option in options):
        found.append(notes.header_sent_now())
    if isinstance(sink.target, WebhookTarget):
        found.append(notes.options_not_sent(urlsplit(sink.target.shown).netloc))
    if chat and sink.template is None:
        found.append(notes.built_in_body() if webhook else notes.own_words(real.scheme))
    return found


def _has_a_note(doubt: str, sink: SinkSettings) -> bool:
    """Return whether a doubt of the daemon's is said by a note of ours already."""
    return any(doubt.startswith(f"reason={each} means") for each in sink.filter.reasons if negated_class(each))


def _rewritten(
    symbolic: OptionUri, options: list[Option], sink: SinkSettings, environ: Environment, secrets: SecretFields
) -> str:
    """Return the sink without its secrets; a robot's in our own, shorter form."""
    scheme, url = symbolic.scheme, symbolic.url
    base = robot_base(url) if scheme == "webhook" and isinstance(sink.target, RobotTarget) else None
    if base is not None:
        scheme, url = "wecom", ""
        api = [] if base == WECOM else [Option("api", base, base)]
        options = sorted([*api, *options], key=lambda option: option.name != "key")
    return _hidden(scheme, url, options, environ, secrets, robot=isinstance(sink.target, RobotTarget))


def _hidden(
    scheme: str, url: str, options: Sequence[Option], environ: Environment, secrets: SecretFields, *, robot: bool
) -> str:
    """Return a sink's text with variables in the place of its secrets."""
    hidden = []
    for option in options:
        if option.name == "key" and robot:
            value = hide_key(option.value, encoded(option.real), environ=environ, secrets=secrets)
        elif option.name == "api":
            value = hide_url(option.value, environ=environ, secrets=secrets)
        else:
            value = hide_option(scheme, option.name, option.value, encode=encoded, environ=environ, secrets=secrets)
        hidden.append(replace(option, value=value))
    return joined(scheme, hide_url(url, environ=environ, secrets=secrets), hidden)


def _hidden_as_written(marked: str, environ: Environment, secrets: SecretFields) -> str:
    """Return a sink whose parts are not known, with variables in the place of the secrets that it shows."""
    scheme = marked.partition(":")[0]
    head, *parts = re.split(r"([?&])", marked)
    for index in range(1, len(parts), 2):
        name, equals, value = parts[index].partition("=")
        # Not decoded, so what goes into the Secret is as it must be.
        hidden = hide_option(scheme, name, value, encode=str, environ=environ, secrets=secrets) if equals else value
        parts[index] = f"{name}{equals}{hidden}"
    return head + "".join(parts)


def _hide_variables(marked: str, environ: Environment, secrets: SecretFields) -> None:
    """Move the variables that hold a whole sink, or much of it, where they hold a secret."""
    for name in environ.marked_names(marked):
        value = environ.literal.get(name)
        if value and holds_secret(value):
            secrets.keep(name, value)


def joined(scheme: str, url: str, options: Sequence[Option]) -> str:
    """Return a sink's text with marks, in the grammar of config/uri.py."""
    pairs = "&".join(f"{encoded(each.name, _ENCODED_IN_NAME)}={encoded(each.value)}" for each in options)
    return f"{scheme}:{url}?{pairs}" if pairs else f"{scheme}:{url}"


def encoded(text: str, signs: re.Pattern[str] = _ENCODED) -> str:
    """Encode as little of a value as the grammar asks for: a person reads it."""
    return signs.sub(lambda match: quote(match[0], safe=""), text)
