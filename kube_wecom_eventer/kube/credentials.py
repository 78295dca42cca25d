"""Which API server, and as whom: the service account inside a cluster, outside the kubeconfig."""

from __future__ import annotations

import asyncio
import os
import ssl
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from kube_wecom_eventer.config import SourceSettings
from kube_wecom_eventer.errors import ApiError, ConfigError

SERVICE_ACCOUNT_DIR = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where Kubernetes mounts the account's token, CA and namespace. The environment variable
KUBE_WECOM_EVENTER_SERVICE_ACCOUNT_DIR names another place, for a projected volume mounted elsewhere."""

_TOKEN_AGE = 60.0
"""Seconds until the token is read again: the kubelet rotates it well before it expires."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """How to reach the API server.

    ``described`` is for the log. ``trust_env``: HTTPS_PROXY holds for a kubeconfig's server, as with kubectl, and
    never inside a cluster. ``in_cluster``: as a pod's service account. ``namespace`` is the daemon's own.
    ``warnings``: a line each for what was not done as written.
    """

    server: str
    described: str
    verify: ssl.SSLContext | bool = True
    auth: httpx.Auth | None = None
    trust_env: bool = False
    proxy: str | None = None
    server_name: str | None = None
    in_cluster: bool = False
    namespace: str = "default"
    warnings: tuple[str, ...] = ()


class BearerAuth(httpx.Auth):
    """A bearer token that is read again each minute, and once more when the server answers 401."""

    def __init__(self, *, read: Callable[[], str], clock: Callable[[], float] = time.monotonic) -> None:
        self._read = read
        self._clock = clock
        self._value = ""
        self._read_at: float | None = None
        # Not the loop's own threads: it looks names up there, and a silent resolver may hold them all.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="token")

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Sign the request; on 401 sign it once more if there is a newer token."""
        sent = await self._header()
        request.headers["Authorization"] = sent
        response = yield request
        if response.status_code == 401:
            self._read_at = None
            fresh = await self._header()
            if fresh != sent:
                request.headers["Authorization"] = fresh
                yield request

    async def _header(self) -> str:
        now = self._clock()
        if self._read_at is None or now - self._read_at >= _TOKEN_AGE:
            self._value = await self._fresh()
            self._read_at = now
        return self._value

    async def _fresh(self) -> str:
        try:
            # A kubeconfig's exec plug-in may take seconds, and the loop must not wait for it.
            value = await asyncio.get_running_loop().run_in_executor(self._thread, self._read)
        except Exception as error:  # a file that is gone, or whatever the official client lets through
            reason = error.strerror if isinstance(error, OSError) else None
            raise ApiError(f"the token can't be read: {reason or type(error).__name__}") from None
        # Such a value would be quoted, token and all, in the error of the HTTP library.
        if not (value.isascii() and value.isprintable() and value == value.strip()):
            raise ApiError("the token can't be used: it is empty, or holds characters that no token has")
        return value


def connect(source: SourceSettings, *, environ: Mapping[str, str]) -> Connection:
    """Find the API server and the credentials.

    Raises:
        ConfigError: where there are none, or they can't be read.
    """
    directory = Path(environ.get("KUBE_WECOM_EVENTER_SERVICE_ACCOUNT_DIR") or SERVICE_ACCOUNT_DIR)
    return replace(_found(source, directory, environ), namespace=source.namespace or _own_namespace(directory))


def _own_namespace(directory: Path) -> str:
    """Return the namespace of the daemon's pod; ``default`` where this is no pod."""
    try:
        return (directory / "namespace").read_text(encoding="utf-8").strip() or "default"
    except (OSError, ValueError):
        return "default"


def _found(source: SourceSettings, directory: Path, environ: Mapping[str, str]) -> Connection:
    inside = bool(environ.get("KUBERNETES_SERVICE_HOST")) and (directory / "token").exists()
    if source.in_cluster is False and not source.kubeconfig:
        return _anonymous(source)
    if source.in_cluster is not False and inside:
        return _service_account(source, directory, environ)
    if source.in_cluster:
        raise ConfigError(
            ["--source: inClusterConfig=true, but this is no pod with a service account; write inClusterConfig=false"]
        )
    return _kubeconfig(source, environ)


def _anonymous(source: SourceSettings) -> Connection:
    if not source.server:
        raise ConfigError(["--source: inClusterConfig=false needs a URL, or auth=KUBECONFIG"])
    verify = False if source.insecure else source.server.startswith("https:")
    return Connection(server=source.server, described="no credentials", verify=verify)


def _service_account(source: SourceSettings, directory: Path, environ: Mapping[str, str]) -> Connection:
    host, port = environ["KUBERNETES_SERVICE_HOST"], environ.get("KUBERNETES_SERVICE_PORT", "443")
    server = source.server or f"https://{f'[{host}]' if ':' in host else host}:{port}"

    def read() -> str:
        return f"Bearer {(directory / 'token').read_text().strip()}"

    try:
        read()
        verify = _tls(str(directory / "ca.crt"), insecure=source.insecure)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError([f"{directory}: the service account can't be read: {error}"]) from None
    return Connection(
        server=server,
        described=f"service account in {directory}",
        verify=verify,
        auth=BearerAuth(read=read),
        in_cluster=True,
    )


def _tls(ca_file: str | None, *, insecure: bool) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca_file)
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _kubeconfig(source: SourceSettings, environ: Mapping[str, str]) -> Connection:
    # Imported here: it costs 34 MB that a pod, which has a service account, never needs.
    from kubernetes.client import Configuration  # noqa: PLC0415
    from kubernetes.config import load_kube_config  # noqa: PLC0415

    configuration = Configuration()
    place = source.kubeconfig or environ.get("KUBECONFIG") or str(Path.home() / ".kube" / "config")
    try:
        load_kube_config(  # type: ignore[no-untyped-call]
            config_file=place, client_configuration=configuration
        )
        verify = _tls(configuration.ssl_ca_cert, insecure=source.insecure or not configuration.verify_ssl)
        if configuration.cert_file:
            verify.load_cert_chain(configuration.cert_file, configuration.key_file)
    except Exception as error:  # the library lets whatever a malformed file causes through
        raise ConfigError([f"kubeconfig {place}: {_kubeconfig_problem(place, error)}"]) from None
    server, warnings = _address(source, configuration.host)
    return Connection(
        server=server,
        described=f"kubeconfig {place}",
        verify=verify,
        auth=_kubeconfig_auth(configuration),
        trust_env=True,
        proxy=configuration.proxy,
        server_name=configuration.tls_server_name,
        warnings=warnings,
    )


def _kubeconfig_problem(place: str, error: Exception) -> str:
    """Say what is wrong with a kubeconfig, and what to do."""
    if not any(Path(each).expanduser().is_file() for each in place.split(os.pathsep)):
        return "no such file; set KUBECONFIG, or write --source=kubernetes:?auth=FILE"
    text = " ".join(str(error).split())
    if "current-context" in text or "object with name in" in text:
        return "no current context; choose one with 'kubectl config use-context NAME'"
    return f"can't be used: {text or type(error).__name__}"


def _address(source: SourceSettings, configured: str) -> tuple[str, tuple[str, ...]]:
    if not source.server:
        return configured, ()
    host = urlsplit(source.server).hostname or ""
    if host == "kubernetes.default" or host.startswith("kubernetes.default."):
        return configured, (f"--source: {source.server} exists only inside a cluster; using {configured}",)
    return source.server, ()


def _kubeconfig_auth(configuration: Any) -> httpx.Auth | None:
    if configuration.username and configuration.password:
        return httpx.BasicAuth(configuration.username, configuration.password)

    def read() -> str:
        return configuration.get_api_key_with_prefix("authorization") or configuration.api_key.get("BearerToken") or ""

    return BearerAuth(read=read) if read() else None
