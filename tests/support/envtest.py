"""A real kube-apiserver with its etcd, on loopback, for the tests marked ``cluster``.

Owns the two processes, their folder and the credentials. The binaries come from the folder named by
KUBEBUILDER_ASSETS, the convention of controller-runtime's envtest:
https://book.kubebuilder.io/reference/envtest
There are no controllers, no scheduler and no kubelet: objects are stored and watched, and that is all.
"""

from __future__ import annotations

import base64
import contextlib
import secrets
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import httpx
import yaml

from tests.support.processes import GuardedProcess

START_TIMEOUT = 60.0  # seconds; 5 are usual, a busy machine with two cores may need many more
T = TypeVar("T")
ISSUER = "https://kubernetes.default.svc"


class RealCluster:
    """A running kube-apiserver and etcd. Use ``start`` to get one, ``close`` to end it."""

    def __init__(self, *, assets: Path, folder: Path) -> None:
        self._assets = assets
        self._folder = folder
        self._port, self._etcd_port, self._etcd_peer_port = free_ports(3)
        self._etcd: GuardedProcess | None = None
        self._api_server: GuardedProcess | None = None
        self._client: httpx.Client | None = None
        self.admin_token = secrets.token_hex(16)

    @classmethod
    def start(cls, *, assets: Path, folder: Path) -> RealCluster:
        """Start both processes with their data in ``folder``; ProcessFailed tells their log if they can't."""
        cluster = cls(assets=assets, folder=folder)
        try:
            cluster._write_credentials()
            cluster._start_etcd()
            cluster.start_api_server()
        except BaseException:
            cluster.close()
            raise
        return cluster

    @property
    def url(self) -> str:
        """The API server's address, https on 127.0.0.1."""
        return f"https://127.0.0.1:{self._port}"

    @property
    def ca_file(self) -> Path:
        """PEM file that verifies the API server's certificate; it exists once the server has run."""
        return self._folder / "certificates" / "apiserver.crt"

    @property
    def etcd_url(self) -> str:
        """Where etcd's HTTP/JSON gateway answers."""
        return f"http://127.0.0.1:{self._etcd_port}"

    def ssl_context(self) -> ssl.SSLContext:
        """A TLS context that trusts this API server only."""
        return ssl.create_default_context(cafile=str(self.ca_file))

    def request(self, method: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
        """Send one request as the administrator and return the answer, whatever its status.

        ``body`` is sent as JSON (a PATCH as a merge patch); ``options`` go to httpx, as ``params``.
        """
        if self._client is None:
            self._client = httpx.Client(
                base_url=self.url,
                verify=self.ssl_context(),
                headers={"Authorization": f"Bearer {self.admin_token}"},
                trust_env=False,
                timeout=30,
            )
        headers = dict(options.pop("headers", {}))
        if method == "PATCH":
            headers.setdefault("Content-Type", "application/merge-patch+json")
        return self._client.request(method, path, json=body, headers=headers, **options)

    def ensure_namespace(self, name: str) -> None:
        """Create the namespace unless it is there."""
        _created(self.request("POST", "/api/v1/namespaces", {"metadata": {"name": name}}))

    def service_account_token(self, namespace: str, name: str) -> str:
        """A token of that ServiceAccount, valid for an hour; namespace and account are created where missing.

        The account has no rights at first: bind a role to it, as a cluster's administrator would.
        """
        self.ensure_namespace(namespace)
        accounts = f"/api/v1/namespaces/{namespace}/serviceaccounts"
        _created(self.request("POST", accounts, {"metadata": {"name": name}}))
        answer = self.request("POST", f"{accounts}/{name}/token", {"spec": {"expirationSeconds": 3600}})
        answer.raise_for_status()
        return str(answer.json()["status"]["token"])

    def write_kubeconfig(self, path: Path, token: str | None = None) -> Path:
        """Write a kubeconfig for ``token`` (default: the administrator's) to ``path`` and return it."""
        cluster = {"server": self.url, "certificate-authority": str(self.ca_file)}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": "test", "user": {"token": token or self.admin_token}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
            "current-context": "test",
        }
        path.write_text(yaml.safe_dump(config))
        path.chmod(0o600)
        return path

    def kubectl(self, *arguments: str, input: str | None = None) -> str:  # noqa: A002 (as subprocess names it)
        """Run kubectl as the administrator and return what it prints; raise AssertionError when it fails."""
        program = shutil.which("kubectl")
        if program is None:
            raise AssertionError("kubectl is not on PATH; this test needs it")
        kubeconfig = self.write_kubeconfig(self._folder / "kubeconfig")
        # Its cache of the API's shape would go to the home folder and outlive this server.
        options = [f"--kubeconfig={kubeconfig}", f"--cache-dir={self._folder / 'kubectl-cache'}"]
        result = subprocess.run(
            [program, *options, *arguments],
            input=input,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert result.returncode == 0, f"kubectl {' '.join(arguments)}: {result.stderr}"
        return result.stdout

    def compact(self) -> int:
        """Compact etcd up to now and return that revision: watches from older positions get 410."""
        with httpx.Client(base_url=self.etcd_url, trust_env=False) as etcd:
            key = base64.b64encode(b"compact_rev_key").decode()
            revision = etcd.post("/v3/kv/range", json={"key": key}).json()["header"]["revision"]
            answer = etcd.post("/v3/kv/compaction", json={"revision": revision, "physical": True})
            answer.raise_for_status()
        return int(revision)

    def kill_api_server(self) -> None:
        """Kill the API server (SIGKILL); etcd and the data stay."""
        if self._client is not None:
            self._client.close()
            self._client = None
        if self._api_server is not None:
            self._api_server.kill()
            self._api_server = None

    def start_api_server(self) -> None:
        """Start the API server, unless it runs, and return when it is ready.

        Port, data and certificate are those of before.
        """
        if self._api_server is not None:
            return
        self._api_server = GuardedProcess(self._api_server_command(), log=self._folder / "kube-apiserver.log")
        try:
            self._api_server.wait_until(self._is_ready, timeout=START_TIMEOUT)
        except BaseException:
            self.kill_api_server()
            raise

    def close(self) -> None:
        """End both processes and remove their data. Safe to call twice."""
        self.kill_api_server()
        if self._etcd is not None:
            self._etcd.kill()
            self._etcd = None
        shutil.rmtree(self._folder / "etcd", ignore_errors=True)  # its log files are 64 MB from the first byte

    def _write_credentials(self) -> None:
        tokens = self._folder / "tokens.csv"
        tokens.write_text(f'{self.admin_token},admin,admin,"system:masters"\n')
        tokens.chmod(0o600)
        key = self._folder / "service-account.pem"
        key.write_text(_new_signing_key())
        key.chmod(0o600)

    def _start_etcd(self) -> None:
        client, peer = self.etcd_url, f"http://127.0.0.1:{self._etcd_peer_port}"
        command = [
            str(self._assets / "etcd"),
            f"--data-dir={self._folder / 'etcd'}",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            "--logger=zap",
            "--log-level=warn",
        ]
        self._etcd = GuardedProcess(command, log=self._folder / "etcd.log")
        self._etcd.wait_until(lambda: _answers_ok(f"{client}/health"), timeout=START_TIMEOUT)

    def _api_server_command(self) -> list[str]:
        key = self._folder / "service-account.pem"
        return [
            str(self._assets / "kube-apiserver"),
            f"--etcd-servers={self.etcd_url}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",  # else it looks for a default route, which may be missing
            "--endpoint-reconciler-type=none",  # a loopback address can't be published as an endpoint
            f"--secure-port={self._port}",
            f"--cert-dir={self._folder / 'certificates'}",
            f"--token-auth-file={self._folder / 'tokens.csv'}",
            "--authorization-mode=RBAC",
            f"--service-account-issuer={ISSUER}",
            f"--service-account-key-file={key}",
            f"--service-account-signing-key-file={key}",
            "--service-cluster-ip-range=10.0.0.0/24",
            "--etcd-compaction-interval=0",  # a test that wants compaction asks for it
        ]

    def _is_ready(self) -> bool:
        # The namespace `default` is made a moment after /readyz first says ok.
        with contextlib.suppress(httpx.TransportError, OSError):
            return self.request("GET", "/readyz").is_success and (
                self.request("GET", "/api/v1/namespaces/default").is_success
            )
        return False


def _created(answer: httpx.Response) -> None:
    if answer.status_code != httpx.codes.CONFLICT:
        answer.raise_for_status()


def _answers_ok(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).is_success
    except httpx.TransportError:
        return False


def free_ports(count: int) -> list[int]:
    """Return ports of loopback that are free now."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _new_signing_key() -> str:
    """A fresh P-256 private key as PEM.

    SEC 1 lets the public half be left out (RFC 5915, section 3), so the key is 32 random bytes in a fixed
    frame, and neither openssl nor a cryptography package is needed.
    """
    prime256v1 = bytes.fromhex("a00a06082a8648ce3d030107")
    # The first byte is kept below the curve order's 0xff.
    scalar = bytes([secrets.randbelow(0xFF)]) + secrets.token_bytes(31)
    der = b"\x30\x31\x02\x01\x01\x04\x20" + scalar + prime256v1
    return f"-----BEGIN EC PRIVATE KEY-----\n{base64.encodebytes(der).decode()}-----END EC PRIVATE KEY-----\n"


def wait_for(condition: Callable[[], T], *, timeout: float = 10.0) -> T:
    """Return ``condition()`` once it is true; raise AssertionError after ``timeout`` seconds."""
    deadline = time.monotonic() + timeout
    while not (result := condition()):
        assert time.monotonic() < deadline, f"not true after {timeout:g} s"
        time.sleep(0.02)
    return result
