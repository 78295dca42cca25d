"""``kube-wecom-eventer --help`` and ``help TOPIC``: the daemon's flags, and the parameters of sinks and sources.

Everything but a few lines here is said by the code that reads it; docs/reference.md is made of the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from kube_wecom_eventer.command_line import PROGRAM, definitions, examples, paragraphs, with_default
from kube_wecom_eventer.config.parameter import Parameter
from kube_wecom_eventer.config.route_default import DEFAULT_PARAMETERS
from kube_wecom_eventer.config.settings import FLAG_GROUPS, KLOG_FLAGS
from kube_wecom_eventer.config.sink import PARAMETER_GROUPS
from kube_wecom_eventer.config.source import SOURCE_PARAMETERS
from kube_wecom_eventer.config.target import SINK_SCHEMES

DAEMON_EXAMPLES = (
    ("--sink='wecom:?key=${KEY}&namespaces=payments'", "A group for one team; the key is taken from the environment."),
    ("--sink='webhook:https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=KEY'", "As kube-eventer's users have it."),
    (
        "--sink='wecom:?key=A&reason=OOM,BackOff' --sink='wecom:?key=B&default=true'",
        "Two groups: the second one gets what the first one does not take.",
    ),
)

SINK_EXAMPLES = (
    (
        "--sink='wecom:?key=KEY&exclude_reason=^Unhealthy$&msgtype=markdown&lang=en'",
        "Warnings of all namespaces but failed probes, as markdown in English.",
    ),
    (
        "--sink='wecom:?key=KEY&kinds=Node&mentioned_list=wangqing'",
        "Troubles of nodes; each message mentions a person.",
    ),
    ("--sink='webhook:https://example.com/hook?method=POST&level=Normal'", "All events to a service of your own."),
)

ABOUT = (
    "Kubernetes events, in the right WeCom group, in front of the right person, at once. Without a command the program "
    "is the daemon, and takes kube-eventer's args."
)
FLAG_GRAMMAR = (
    "Flags are read as Go reads them: `-x` equals `--x`, `--x=value` equals `--x value`, and a bool takes its value "
    "behind `=` only. A duration is written as `30s`, `5m`, `1h30m` or `0`."
)
SINK_GRAMMAR = (
    "`$NAME` and `${NAME}` are replaced from the environment first; a `$` before anything else stays. Then the query "
    "is decoded: `+` is a space, `%2B` a plus sign. Parameters may be repeated: for lists every value counts, for all "
    "others the first."
)
SOURCE_GRAMMAR = (
    "`scheme://host:port` of the URL overrides the API server's address; it may be left out. An address like "
    "`https://kubernetes.default` exists only inside a cluster; outside, the kubeconfig's own is used, and the log "
    "says so."
)

EXIT_STATUSES: Mapping[int, str] = {
    0: "The daemon was asked to stop, by SIGTERM or SIGINT, and has ended cleanly.",
    1: "A mistake of this program; the log has `daemon_failed` with the traceback.",
    2: "What was written can't be run; a line on stderr for each problem.",
    130: "SIGINT while it started, or once more while it stopped.",
    143: "SIGTERM, in the same way.",
}
"""Of the daemon; a command names its own."""

DEFAULTS = (
    "`--route-default` is a sink without people, filters and words: those are the declared routes'. What these may "
    "name is said by a few parameters more; see docs/tenants.md."
)

ENVIRONMENT: Mapping[str, str] = {
    "TZ": "The time zone in which times are printed; the image sets `Asia/Shanghai`.",
    "POD_NAME": "The pod's name, by the downward API: the default checkpoint is called after its Deployment. "
    "Unset, `HOSTNAME` counts.",
    "KUBECONFIG": "Outside a cluster, as for kubectl.",
    "HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY": "Proxies (`http://` or `socks5://`) on the way to WeCom and other "
    "URLs, and to a kubeconfig's API server; never to the API server inside a cluster.",
    "SSL_CERT_FILE, SSL_CERT_DIR": "The authorities to trust instead of the system's; `ca_file=` does so for one sink.",
    "KUBE_WECOM_EVENTER_SERVICE_ACCOUNT_DIR": "Where the service account's `token`, `ca.crt` and `namespace` are, if "
    "not in `/var/run/secrets/kubernetes.io/serviceaccount`.",
    "LC_ALL, LC_MESSAGES, LANG": "The language of the demo, unless `--lang` names it.",
    "NO_COLOR": "Set to anything: no colours on a terminal, in helps, in what commands print and in the demo.",
}
"""Besides these: whatever a URI names, as ``${KEY}``."""


def daemon_help(commands: Mapping[str, str]) -> str:
    """Return the daemon's help. ``commands``: what each of them does, by name."""
    usages = [
        f"Usage: {PROGRAM} --sink=URI [--sink=URI ...] [flags]",
        f"       {PROGRAM} COMMAND [options]",
        f"       {PROGRAM} help TOPIC",
    ]
    flags = [
        definitions(group.title, ((flag.written, with_default(flag.help, flag.default or "")) for flag in group.flags))
        for group in FLAG_GROUPS
    ]
    parts = [
        "\n".join(usages),
        paragraphs(ABOUT),
        definitions("Commands, each with --help", commands.items()),
        definitions("Topics", ((name, topic.summary) for name, topic in TOPICS.items())),
        examples(DAEMON_EXAMPLES),
        paragraphs(FLAG_GRAMMAR),
        *flags,
        paragraphs(
            f"klog's {len(KLOG_FLAGS)} flags (`--logtostderr`, `--stderrthreshold`, ...) have no effect, either."
        ),
        definitions("Help", (("-h, --help", "Print this help."), ("--version", "Print the version."))),
        definitions("Environment", ENVIRONMENT.items()),
        definitions("Exit status", ((str(status), text) for status, text in EXIT_STATUSES.items())),
    ]
    return "\n\n".join(parts) + "\n"


def sink_help() -> str:
    """Return the schemes of sinks and all of their parameters."""
    groups = [
        definitions(group.title, (_parameter(each) for each in group.parameters), intro=group.help)
        for group in PARAMETER_GROUPS
    ]
    parts = [
        f"Usage: {PROGRAM} --sink='SCHEME:URL?NAME=VALUE&NAME=VALUE' ...",
        paragraphs(SINK_GRAMMAR),
        definitions("Schemes", ((scheme.form, scheme.help) for scheme in SINK_SCHEMES)),
        *groups,
        definitions(
            "Only in --route-default",
            (_parameter(each) for each in DEFAULT_PARAMETERS),
            intro=DEFAULTS,
        ),
        examples(SINK_EXAMPLES),
        paragraphs(f"What is doubtful in a sink is said by `{PROGRAM} check`, and in the daemon's log."),
    ]
    return "\n\n".join(parts) + "\n"


def source_help() -> str:
    """Return the options of a source."""
    parts = [
        f"Usage: {PROGRAM} --source='kubernetes:URL?NAME=VALUE&NAME=VALUE' ...",
        paragraphs(SOURCE_GRAMMAR),
        definitions("Options", (_parameter(each) for each in SOURCE_PARAMETERS)),
    ]
    return "\n\n".join(parts) + "\n"


def _parameter(parameter: Parameter) -> tuple[str, str]:
    *most, last = parameter.sinks or ("",)
    only = f"for {' and '.join(filter(None, (', '.join(most), last)))}" if last else ""
    default = f"default {parameter.default}" if parameter.default else ""
    notes = ", ".join(filter(None, (only, default)))
    return parameter.name, f"{parameter.help} ({notes})" if notes else parameter.help


@dataclass(frozen=True, slots=True)
class Topic:
    """What ``help`` explains besides the commands. ``summary``: in a line."""

    summary: str
    text: Callable[[], str]


TOPICS: Mapping[str, Topic] = {
    "sink": Topic("The schemes of `--sink`, and all of their parameters.", sink_help),
    "source": Topic("The options of `--source`.", source_help),
}
