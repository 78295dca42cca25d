"""All that the user decides, read once at start."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo

from kube_wecom_eventer.config.alert_filter import EVENTS
from kube_wecom_eventer.config.alert_listener import ALERT_FLAGS, LISTEN, AlertListenerSettings, parse_alert_listener
from kube_wecom_eventer.config.checkpoint import CheckpointSettings, parse_checkpoint
from kube_wecom_eventer.config.declared_routes import (
    ALLOWED_HOSTS,
    NAMESPACE_ROUTES,
    DeclaredRouteSettings,
    parse_declared_routes,
)
from kube_wecom_eventer.config.duration import parse_duration
from kube_wecom_eventer.config.go_flags import Flag, FlagGroup, ParsedFlags, parse_bool, parse_flags
from kube_wecom_eventer.config.leader_election import (
    LEADER_ELECTION_FLAGS,
    LeaderElectionSettings,
    parse_leader_election,
)
from kube_wecom_eventer.config.object_name import NAMESPACE, ObjectName, parse_config_map_name
from kube_wecom_eventer.config.route_default import ROUTE_DEFAULT
from kube_wecom_eventer.config.shown import shown_address
from kube_wecom_eventer.config.sink import SinkSettings, parse_sink
from kube_wecom_eventer.config.source import SourceSettings, parse_source
from kube_wecom_eventer.config.target import api_address
from kube_wecom_eventer.config.time_zone import time_zone
from kube_wecom_eventer.errors import ConfigError

SOURCE = Flag(
    "source",
    "Where events come from: `kubernetes:URL?options`. Unset: the service account in a cluster, else the kubeconfig as "
    "kubectl finds it. `kube-wecom-eventer help source` lists the options.",
    value="URI",
)
WATCHED = Flag(
    "watch-namespaces",
    "Watch only these, with rights in each of them instead of a ClusterRole; see docs/routing.md. Unset: all.",
    value="NAMESPACE,...",
)
OWN_NAMESPACE = Flag(
    "namespace",
    "The daemon's own: of its checkpoint, its Lease, its silences, and of the platform's routes. Unset: its pod's, "
    "else `default`.",
    value="NAMESPACE",
)
SINK = Flag(
    "sink",
    "Where events go, which ones, and in which words; once for each route. `kube-wecom-eventer help sink` lists the "
    "schemes and parameters. At least one is needed, unless there is `--namespace-routes`.",
    repeatable=True,
    value="SCHEME:URL?PARAMETER=VALUE&...",
)
WECOM_API = Flag(
    "wecom-api",
    "A proxy before WeCom, as `http://wecom-proxy:8080`, for all robots and applications whose sink names no other, "
    "those that namespaces declare included; see docs/install.md#no-way-to-the-internet. Unset: none.",
    value="URL",
)
SILENCES = Flag(
    "silence-configmap",
    "A ConfigMap with silences, followed while running: what is not to be told, until when, and why; "
    "see docs/silences.md. Unset: none.",
    value="[NAMESPACE/]NAME",
)
MAX_AGE = Flag("max-age", "An event that could not be told for so long is dropped and counted.", "1h", value="DURATION")
MAX_GROUPS = Flag(
    "max-groups",
    "Groups of like events that may wait for each chat, 1 to 100000; beyond them events are summed.",
    "2000",
    value="N",
)
CHECKPOINT = Flag(
    "checkpoint",
    "Where the daemon keeps how far it has come, so that a restart loses nothing and tells little twice: "
    "`configmap:[NAMESPACE/]NAME`, `file:PATH` or `none`; see docs/configuration.md#across-restarts. Unset: in a "
    "cluster a ConfigMap with the Deployment's name and `-checkpoint`, else none.",
    value="PLACE",
)
SINCE = Flag(
    "since",
    "Where there is no checkpoint yet, also tell what happened so long before the start, as `10m`. An API server keeps "
    "events for an hour.",
    "0",
    value="DURATION",
)
LOG_FORMAT = Flag("log-format", "`json`, `console`, or `auto`: console on a terminal.", "auto", value="FORMAT")
VERBOSITY = Flag("v", "1 and more logs each accepted message, too.", "0", value="N")
HEALTHZ_IP = Flag(
    "healthz-ip",
    "Address of `/healthz`, `/readyz`, `/metrics` and `/routes`.",
    "0.0.0.0",  # noqa: S104 kube-eventer's
    value="ADDRESS",
)
HEALTHZ_PORT = Flag("healthz-port", "Their port; 0 takes a free one and logs it.", "8084", value="PORT")
EVENT_METRICS = Flag(
    "event-metrics",
    "Leave out kube-eventer's metrics by reason, namespace and kind. If then no sink wants Normal events, and there is "
    "no `--namespace-routes`, the API server is asked for Warnings only.",
    "true",
    is_bool=True,
)
FREQUENCY = Flag("frequency", "Has no effect: events are told at once.", value="DURATION")
MAX_PROCS = Flag("max_procs", "Has no effect: the daemon is one process.", value="N")

_KLOG = ("stderrthreshold", "log_dir", "log-dir", "log_file", "log-file", "log_file_max_size", "log-file-max-size",
         "log_backtrace_at", "log-backtrace-at", "vmodule")  # fmt: skip
_KLOG_BOOLS = ("logtostderr", "alsologtostderr", "skip_headers", "skip-headers", "skip_log_headers",
               "skip-log-headers", "add_dir_header", "add-dir-header", "one_output", "one-output")  # fmt: skip

_EVENTS_LAST = 3600.0
"""Seconds that an API server keeps events, unless its ``--event-ttl`` says else."""
_LONGEST_SINCE = 366 * 86400.0
"""Seconds; no API server keeps events for longer, and dates in any past can't be counted."""

FLAG_GROUPS = (
    FlagGroup("What to watch", (SOURCE, WATCHED, OWN_NAMESPACE)),
    FlagGroup(
        "Where to", (SINK, WECOM_API, NAMESPACE_ROUTES, ALLOWED_HOSTS, ROUTE_DEFAULT, SILENCES, MAX_AGE, MAX_GROUPS)
    ),
    FlagGroup("Alerts", ALERT_FLAGS),
    FlagGroup("Across restarts", (CHECKPOINT, SINCE)),
    FlagGroup("High availability", LEADER_ELECTION_FLAGS),
    FlagGroup("Logs and web", (LOG_FORMAT, VERBOSITY, HEALTHZ_IP, HEALTHZ_PORT, EVENT_METRICS)),
    FlagGroup("Accepted for compatibility", (FREQUENCY, MAX_PROCS)),
)
"""The flags, as they are shown; klog's are accepted, too."""

KLOG_FLAGS = (
    *(Flag(name, "Has no effect.") for name in _KLOG),
    *(Flag(name, "Has no effect.", is_bool=True) for name in _KLOG_BOOLS),
)

FLAGS: Mapping[str, Flag] = {
    flag.name: flag for flag in (*(each for group in FLAG_GROUPS for each in group.flags), *KLOG_FLAGS)
}


def without_effect(name: str) -> bool:
    """Return whether a flag is accepted only because kube-eventer has it."""
    return name in (FREQUENCY.name, MAX_PROCS.name, *_KLOG, *_KLOG_BOOLS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the daemon runs with. ``warnings``: a line each for what was accepted but may not be what was meant.

    ``silences``: the ConfigMap with the silences; without a namespace it is in the daemon's own. ``since``: seconds
    before a start without a checkpoint whose events are told, too. ``max_age``: seconds after which an event that
    could not be told is dropped. ``max_groups``: groups that may wait for each destination.
    ``leader_election``: None where this process is the only one. ``declared_routes``: None where there are none.
    ``watched``: the namespaces that are watched; empty: all. ``wecom_api``: a proxy before WeCom, for declared routes;
    the ``sinks`` have it already.
    ``alerts``: where alerts are taken; None: nowhere.
    """

    source: SourceSettings
    sinks: tuple[SinkSettings, ...]
    web_host: str = "127.0.0.1"
    web_port: int = 0
    log_format: str = "auto"
    debug: bool = False
    event_metrics: bool = True
    silences: ObjectName | None = None
    checkpoint: CheckpointSettings = field(default_factory=CheckpointSettings)
    since: float = 0.0
    max_age: float = 3600.0
    max_groups: int = 2000
    leader_election: LeaderElectionSettings | None = None
    declared_routes: DeclaredRouteSettings | None = None
    watched: tuple[str, ...] = ()
    wecom_api: str | None = None
    alerts: AlertListenerSettings | None = None
    zone: tzinfo = UTC
    warnings: tuple[str, ...] = ()


def load_settings(argv: Sequence[str], *, environ: Mapping[str, str], known: Mapping[str, Flag] = FLAGS) -> Settings:
    """Read the daemon's args (without the program's name). ``known``: the flags that may stand among them.

    Raises:
        ConfigError: with every problem found, each a line that names the flag, the value and what to write.
    """
    flags = parse_flags(argv, known)
    problems, warnings = flags.problems, flags.warnings
    declared_routes = parse_declared_routes(flags, environ)
    wecom_api = _wecom_api(flags)
    alerts = parse_alert_listener(flags)
    source = _source(flags, environ)
    sinks = tuple(sink.by_way_of(wecom_api) for sink in _sinks(flags, environ, needed=declared_routes is None))
    if alerts is None:
        warnings += _in_vain(sinks)
    settings = Settings(
        source=source,
        sinks=sinks,
        wecom_api=wecom_api,
        web_host=flags.last(HEALTHZ_IP) or "",
        web_port=_number(flags, HEALTHZ_PORT, 65535),
        log_format=_log_format(flags),
        debug=_number(flags, VERBOSITY, 100) > 0,
        event_metrics=parse_bool(flags.last(EVENT_METRICS) or "") is not False,
        silences=_silences(flags),
        checkpoint=_checkpoint(flags),
        since=_since(flags),
        max_age=_max_age(flags),
        max_groups=_number(flags, MAX_GROUPS, 100_000, lowest=1),
        leader_election=parse_leader_election(flags),
        declared_routes=declared_routes,
        watched=_watched(flags),
        alerts=alerts,
        zone=time_zone(environ, warnings=warnings),
        warnings=(*warnings, *_ignored(flags)),
    )
    if problems:
        raise ConfigError(problems, doubts=settings.warnings)
    return settings


def _source(flags: ParsedFlags, environ: Mapping[str, str]) -> SourceSettings:
    text, namespace = flags.last(SOURCE), flags.last(OWN_NAMESPACE) or ""
    if namespace and not NAMESPACE.fullmatch(namespace):
        flags.problems.append(f"--{OWN_NAMESPACE.name}={namespace}: no namespace's name; write one in lower case")
    source = SourceSettings()
    if text is not None:
        source = parse_source(text, environ=environ, problems=flags.problems, warnings=flags.warnings)
    return replace(source, namespace=namespace)


def _sinks(flags: ParsedFlags, environ: Mapping[str, str], *, needed: bool) -> tuple[SinkSettings, ...]:
    texts = flags.values.get(SINK.name, [])
    if needed and not texts:
        flags.problems.append(
            "--sink: none is given; write --sink=wecom:?key=KEY, with what follows key= in the robot's webhook address"
        )
    parsed = (
        parse_sink(text, number=number, environ=environ, problems=flags.problems, warnings=flags.warnings)
        for number, text in enumerate(texts, start=1)
    )
    sinks = tuple(sink for sink in parsed if sink)
    for name, count in Counter(sink.name for sink in sinks).items():
        if count > 1:
            flags.problems.append(f"--sink: route={name}: {count} sinks have this name; each needs its own")
    return sinks


def _number(flags: ParsedFlags, flag: Flag, highest: int, *, lowest: int = 0) -> int:
    text = flags.last(flag) or ""
    # By length first: Python refuses to read thousands of digits.
    if text.isascii() and text.isdigit() and len(text) <= 9 and lowest <= int(text) <= highest:
        return int(text)
    flags.problems.append(f"--{flag.name}={text}: write a number from {lowest} to {highest}")
    return lowest


def _watched(flags: ParsedFlags) -> tuple[str, ...]:
    names = dict.fromkeys(name.strip() for name in (flags.last(WATCHED) or "").split(",") if name.strip())
    flags.problems += [
        f"--{WATCHED.name}={name}: no namespace's name; write names, with commas between them"
        for name in names
        if not NAMESPACE.fullmatch(name)
    ]
    return tuple(names)


def _log_format(flags: ParsedFlags) -> str:
    text = flags.last(LOG_FORMAT) or "auto"
    if text not in ("auto", "json", "console"):
        flags.problems.append(f"--log-format={text}: write json, console or auto")
    return text


def _silences(flags: ParsedFlags) -> ObjectName | None:
    text = flags.last(SILENCES)
    if text is None:
        return None
    name = parse_config_map_name(text)
    if name is None:
        flags.problems.append(f"--{SILENCES.name}={text}: no ConfigMap's name; write NAME or NAMESPACE/NAME")
    return name


def _wecom_api(flags: ParsedFlags) -> str | None:
    text = flags.last(WECOM_API)
    if text is None:
        return None
    address = api_address(text)
    if address is None:
        flags.problems.append(f"--{WECOM_API.name}={shown_address(text)}: no address; write https://HOST[:PORT][/PATH]")
    return address


def _checkpoint(flags: ParsedFlags) -> CheckpointSettings:
    text = flags.last(CHECKPOINT)
    return CheckpointSettings() if text is None else parse_checkpoint(text, problems=flags.problems)


def _since(flags: ParsedFlags) -> float:
    text = flags.last(SINCE) or ""
    seconds = parse_duration(text)
    if seconds is None:
        flags.problems.append(f"--since={text}: no duration; write for example 10m, or 0 for none")
        return 0.0
    if seconds > _EVENTS_LAST:
        flags.warnings.append(f"--since={text}: an API server keeps events for an hour, unless it is set otherwise")
    return min(seconds, _LONGEST_SINCE)


def _max_age(flags: ParsedFlags) -> float:
    text = flags.last(MAX_AGE) or ""
    seconds = parse_duration(text)
    if not seconds:
        flags.problems.append(f"--max-age={text}: no duration above 0; write for example 30m or 1h")
    return seconds or 1.0


def _in_vain(sinks: Sequence[SinkSettings]) -> list[str]:
    return [
        f"{sink.name}: sources=alerts has no effect without --{LISTEN.name}: no alert comes"
        for sink in sinks
        if EVENTS not in sink.filter.sources
    ]


def _ignored(flags: ParsedFlags) -> list[str]:
    reasons = {FREQUENCY: "events are told at once", MAX_PROCS: "the daemon is one process"}
    return [f"--{flag.name} has no effect here: {why}" for flag, why in reasons.items() if flag.name in flags.values]
