"""``--source=kubernetes:URL?options``: where the events come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kube_wecom_eventer.config.go_flags import parse_bool
from kube_wecom_eventer.config.parameter import Parameter, names
from kube_wecom_eventer.config.shown import shown_address
from kube_wecom_eventer.config.uri import OptionUri, http_address, parse_uri
from kube_wecom_eventer.suggestion import did_you_mean

_KUBECONFIGS = ("auth", "localKubeConfig")

SOURCE_PARAMETERS = (
    Parameter(
        "inClusterConfig",
        "`true`: the pod's service account. `false`: the kubeconfig, or, with a URL and no kubeconfig, no credentials, "
        "as for `kubectl proxy`. Unset: the service account inside a cluster, else the kubeconfig.",
    ),
    Parameter("auth", "A kubeconfig file, as `auth=/etc/kubeconfig`."),
    Parameter("localKubeConfig", "The same, by kube-eventer's other name."),
    Parameter("insecure", "`true`: the API server's certificate is not verified.", "false"),
    Parameter("useServiceAccount", "Has no effect; kube-eventer's."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSettings:
    """Which API server, and as whom.

    ``server`` overrides the address that the credentials come with. ``in_cluster`` is None where the user left
    it open: the service account inside a cluster, else the kubeconfig as kubectl finds it. False with no
    ``kubeconfig`` means: ``server`` without credentials. ``namespace``: the daemon's own; empty: its pod's.
    """

    server: str | None = None
    in_cluster: bool | None = None
    kubeconfig: str | None = None
    insecure: bool = False
    namespace: str = ""


def parse_source(text: str, *, environ: Mapping[str, str], problems: list[str], warnings: list[str]) -> SourceSettings:
    """Read one ``--source``; what is wrong or doubtful is added to ``problems`` and ``warnings``."""
    try:
        uri = parse_uri(text, environ=environ)
    except ValueError:
        problems.append(f"--source={text}: has no scheme; write --source=kubernetes:https://kubernetes.default")
        return SourceSettings()
    warnings += [f"--source: {warning}" for warning in uri.warnings]
    if uri.scheme != "kubernetes":
        problems.append(f"--source={uri.scheme}: unknown source; write --source=kubernetes:URL?options")
        return SourceSettings()
    known = names(SOURCE_PARAMETERS)
    warnings += [
        f"--source: {name} is no option of a source and is ignored{did_you_mean(name, known)}"
        for name, _ in uri.options
        if name not in known
    ]
    in_cluster, insecure = _bool(uri, "inClusterConfig", problems), _bool(uri, "insecure", problems)
    _bool(uri, "useServiceAccount", problems)
    settings = SourceSettings(
        server=_server(uri.url, problems),
        in_cluster=in_cluster,
        kubeconfig=next((value for name in _KUBECONFIGS if (value := uri.first(name))), None),
        insecure=bool(insecure),
    )
    if settings.in_cluster is False and not settings.kubeconfig and not settings.server:
        problems.append("--source: inClusterConfig=false needs a URL, or auth=KUBECONFIG")
    return settings


def _bool(uri: OptionUri, name: str, problems: list[str]) -> bool | None:
    text = uri.first(name)
    if not text:
        return None
    value = parse_bool(text)
    if value is None:
        problems.append(f"--source: {name}={text}: not a bool; write {name}=true or {name}=false")
    return value


def _server(url: str, problems: list[str]) -> str | None:
    if not url.strip("'\""):
        return None
    parts = http_address(url)
    if parts is None:
        problems.append(f"--source: {shown_address(url)}: not an address; write kubernetes:https://HOST:PORT")
        return None
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
