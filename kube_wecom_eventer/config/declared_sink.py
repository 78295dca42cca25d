"""Sinks that are written in the cluster, in ConfigMaps, by whoever may write those of a namespace.

They say as much as a ``--sink`` does, of their own namespace; what would reach beyond it is refused.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import httpx

from kube_wecom_eventer.config.application import SECRET as CORP_SECRET
from kube_wecom_eventer.config.apprise import URL, AppriseTarget
from kube_wecom_eventer.config.dingtalk import SIGN
from kube_wecom_eventer.config.dingtalk import TOKEN as ACCESS_TOKEN
from kube_wecom_eventer.config.route_default import RouteDefaults
from kube_wecom_eventer.config.sink import SHARED, SinkSettings, read_sink, sink_to
from kube_wecom_eventer.config.target import LogTarget
from kube_wecom_eventer.config.uri import OptionUri, parse_uri

DEFAULT_HOSTS = ("qyapi.weixin.qq.com",)
"""Where declared sinks may send, unless ``--route-allowed-hosts`` says otherwise."""

DAEMONS_OWN = {
    **{
        f"{name}_file": f"files of the daemon's pod are the platform's; write {name}_secret=NAME"
        for name in ("key", CORP_SECRET, ACCESS_TOKEN, SIGN, URL)
    },
    "ca_file": "files of the daemon's pod are the platform's",
    "custom_body_configmap": "write the template under content, in the same ConfigMap",
    "custom_body_configmap_namespace": "write the template under content, in the same ConfigMap",
    "route": "a declared route is called after its ConfigMap",
}
"""Parameters that no declared sink may have, and why."""

PLATFORMS = {
    "default": "only its own routes may take what no other route took",
    "namespace_selector": "a route is for its own namespace",
    "mention_owner": "write mentioned_list=",
}
"""Parameters that only the platform's own declared sinks may have, and why others may not."""


def parse_declared_sink(
    text: str,
    *,
    name: str,
    namespace: str,
    allowed_hosts: Collection[str],
    everywhere: bool,
    defaults: RouteDefaults | None = None,
    problems: list[str],
    warnings: list[str],
) -> SinkSettings | None:
    """Read a sink that a ConfigMap of ``namespace`` declares.

    ``name``: of its route. ``allowed_hosts``: where it may send, as ``host`` (with the scheme's own port) or
    ``host:port``. ``everywhere``: it is the platform's own, and for any namespace; else it is for events about objects
    of its namespace. ``defaults``: how it is sent where it names only people. What is wrong or doubtful is added to
    ``problems`` and ``warnings``, without the text itself.
    """
    try:
        # The daemon's environment is the platform's: nothing is expanded.
        uri = parse_uri(text.strip(), environ={})
    except ValueError as error:
        problems.append(str(error))
        return None
    reaching = _reaching_out(uri, everywhere=everywhere)
    if reaching:
        # Not read any further: a file of the daemon's pod must not even be opened for them.
        problems += reaching
        return None
    before = len(problems)
    warnings += uri.warnings
    default = (defaults or {}).get(uri.scheme)
    if default and default.completes(uri):
        target = default.target_of(uri, tenant=namespace, shared=SHARED, problems=problems)
        sink = sink_to(target, uri, name=name, problems=problems, warnings=warnings)
    else:
        sink = read_sink(
            uri, name=name, namespace=namespace, allowed_hosts=allowed_hosts, problems=problems, warnings=warnings
        )
        if sink:
            _check_own(sink, allowed_hosts, problems, warnings)
        if sink and isinstance(sink.target, AppriseTarget) and not everywhere:
            sink = replace(sink, target=replace(sink.target, owner=namespace))
    if sink is None or len(problems) > before:
        return None
    sink = replace(sink, name=name, identity=name)
    return sink if everywhere else _of_namespace(sink, namespace, warnings)


def _check_own(sink: SinkSettings, allowed_hosts: Collection[str], problems: list[str], warnings: list[str]) -> None:
    """Judge where a sink leads that says so itself, and doubt a secret that stands in it."""
    _check_host(sink, allowed_hosts, problems)
    if name_of_secret := getattr(sink.target, "written_secret", ""):
        warnings.append(
            f"{name_of_secret}= stands in a ConfigMap, which many may read; keep it in a Secret: "
            f"{name_of_secret}_secret=NAME"
        )


def _reaching_out(uri: OptionUri, *, everywhere: bool) -> list[str]:
    """Return a line for each option that reaches beyond a declared route's namespace."""
    found = [f"{option}= is not for declared routes: {why}" for option, why in DAEMONS_OWN.items() if _has(uri, option)]
    if not everywhere:
        found += [f"{option}= is the platform's: {why}" for option, why in PLATFORMS.items() if _has(uri, option)]
    return found


def _of_namespace(sink: SinkSettings, namespace: str, warnings: list[str]) -> SinkSettings:
    if sink.filter.namespaces or sink.filter.excluded_namespaces:
        warnings.append("namespaces= and exclude_namespaces= are ignored: a route is for its own namespace")
    own = replace(sink.filter, namespaces=frozenset({namespace}), excluded_namespaces=frozenset())
    return replace(sink, filter=own)


def _has(uri: OptionUri, option: str) -> bool:
    return any(name == option for name, _ in uri.options)


def _check_host(sink: SinkSettings, allowed_hosts: Collection[str], problems: list[str]) -> None:
    if isinstance(sink.target, LogTarget):
        problems.append("log: is the platform's; write wecom:, wechat:, dingtalk:, apprise: or webhook:")
        return
    if isinstance(sink.target, AppriseTarget):
        # Looked at where it was read, and again when it is read from a Secret.
        return
    try:
        # By the library that connects: two readers of one URL may disagree about its host.
        url = httpx.URL(sink.target.endpoint.reveal())
    except httpx.InvalidURL:
        problems.append("the URL can't be used")
        return
    # As the flag has it: in ASCII, and an IPv6 address in brackets.
    host, standard = url.raw_host.decode("ascii").lower(), {"https": 443, "http": 80}[url.scheme]
    host = f"[{host}]" if ":" in host else host
    port = url.port or standard
    if f"{host}:{port}" in allowed_hosts or (port == standard and host in allowed_hosts):
        return
    shown = host if port == standard else f"{host}:{port}"
    problems.append(f"{shown}: declared routes may not send there; ask the platform for --route-allowed-hosts={shown}")
