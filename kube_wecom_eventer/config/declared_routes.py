"""``--namespace-routes`` and ``--route-allowed-hosts``: whether namespaces declare routes, and where those may send."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from kube_wecom_eventer.config.declared_sink import DEFAULT_HOSTS
from kube_wecom_eventer.config.go_flags import Flag, ParsedFlags, parse_bool
from kube_wecom_eventer.config.route_default import RouteDefaults, parse_route_defaults

NAMESPACE_ROUTES = Flag(
    "namespace-routes",
    "Teams declare routes of their own, in ConfigMaps of their namespaces; see docs/routing.md.",
    "false",
    is_bool=True,
)
ALLOWED_HOSTS = Flag(
    "route-allowed-hosts",
    "Where declared routes may send; without a port the scheme's own (443, 80).",
    ",".join(DEFAULT_HOSTS),
    value="HOST[:PORT],...",
)

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9]([a-z0-9.-]*[a-z0-9])?)(:[0-9]{1,5})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredRouteSettings:
    """``allowed_hosts``: ``host`` for its scheme's own port, or ``host:port``. ``defaults``: how those are sent that
    name only people."""

    allowed_hosts: frozenset[str]
    defaults: RouteDefaults = field(default_factory=dict)


def parse_declared_routes(flags: ParsedFlags, environ: Mapping[str, str]) -> DeclaredRouteSettings | None:
    """Read the flags, None where namespaces declare no routes; what is wrong or doubtful is added to ``flags``."""
    declared = parse_bool(flags.last(NAMESPACE_ROUTES) or "") is True
    defaults = parse_route_defaults(flags, environ, declared=declared)
    if not declared:
        if ALLOWED_HOSTS.name in flags.values:
            flags.warnings.append(f"--{ALLOWED_HOSTS.name} has no effect without --{NAMESPACE_ROUTES.name}")
        return None
    hosts = [host.strip().lower() for host in (flags.last(ALLOWED_HOSTS) or "").split(",") if host.strip()]
    flags.problems += [
        f"--{ALLOWED_HOSTS.name}={host}: no host; write HOST or HOST:PORT, without a scheme and a path"
        for host in hosts
        if not _HOST.fullmatch(host)
    ]
    return DeclaredRouteSettings(allowed_hosts=frozenset(hosts), defaults=defaults)
