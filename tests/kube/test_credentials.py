from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import certifi
import httpx
import pytest
import yaml

from kube_wecom_eventer.config import SourceSettings
from kube_wecom_eventer.errors import ApiError, ConfigError
from kube_wecom_eventer.kube.credentials import BearerAuth, Connection, connect


@pytest.fixture
def pod(tmp_path: Path) -> dict[str, str]:
    """A service account's folder, and the environment of a pod."""
    (tmp_path / "token").write_text("first\n")
    (tmp_path / "ca.crt").write_bytes(Path(certifi.where()).read_bytes())
    return {
        "KUBERNETES_SERVICE_HOST": "10.0.0.1",
        "KUBERNETES_SERVICE_PORT": "443",
        "KUBE_WECOM_EVENTER_SERVICE_ACCOUNT_DIR": str(tmp_path),
    }


def write_kubeconfig(path: Path, **user: Any) -> str:
    path.write_text(
        yaml.safe_dump(
            {
                "current-context": "c",
                "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
                "clusters": [{"name": "c", "cluster": {"server": "https://from.kubeconfig:6443"}}],
                "users": [{"name": "u", "user": user}],
            }
        )
    )
    return str(path)


async def sent_header(connection: Connection) -> str | None:
    """Return the Authorization header that a request through the connection's auth carries."""
    seen: list[str | None] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("authorization"))
        return httpx.Response(200)

    async with httpx.AsyncClient(transport=httpx.MockTransport(handler), auth=connection.auth) as http:
        await http.get("https://h")
    return seen[0]


async def test_a_pod_uses_its_service_account(pod: dict[str, str]) -> None:
    """Its token, its CA, the address from the environment."""
    connection = connect(SourceSettings(), environ=pod)
    assert connection.server == "https://10.0.0.1:443"
    assert not connection.trust_env
    assert await sent_header(connection) == "Bearer first"


def test_the_source_overrides_the_address(pod: dict[str, str]) -> None:
    """As kube-eventer's users write it."""
    connection = connect(SourceSettings(server="https://kubernetes.default"), environ=pod)
    assert connection.server == "https://kubernetes.default"


def test_an_ipv6_address_gets_its_brackets(pod: dict[str, str]) -> None:
    """Or the port would belong to it."""
    connection = connect(SourceSettings(), environ={**pod, "KUBERNETES_SERVICE_HOST": "fd00::1"})
    assert connection.server == "https://[fd00::1]:443"


def test_an_unreadable_service_account_is_refused_in_words(pod: dict[str, str]) -> None:
    """The line names the folder."""
    folder = Path(pod["KUBE_WECOM_EVENTER_SERVICE_ACCOUNT_DIR"])
    (folder / "ca.crt").write_text("no certificate")
    with pytest.raises(ConfigError, match="the service account can't be read"):
        connect(SourceSettings(), environ=pod)


async def test_outside_the_kubeconfig_counts(tmp_path: Path) -> None:
    """With the token that it holds; kubernetes.default exists only inside, so its own address is used, and said."""
    path = write_kubeconfig(tmp_path / "config", token="t0ken")
    source = SourceSettings(server="https://kubernetes.default.svc", kubeconfig=path)
    connection = connect(source, environ={})
    assert connection.server == "https://from.kubeconfig:6443"
    assert connection.warnings[0].startswith("--source: https://kubernetes.default.svc exists only inside a cluster")
    assert connection.trust_env
    assert await sent_header(connection) == "Bearer t0ken"
    assert "t0ken" not in repr(connection)


async def test_another_address_overrides_the_kubeconfigs(tmp_path: Path) -> None:
    """An SSH tunnel, say."""
    path = write_kubeconfig(tmp_path / "config", username="u", password="p")
    connection = connect(SourceSettings(server="https://127.0.0.1:6443", kubeconfig=path), environ={})
    assert connection.server == "https://127.0.0.1:6443"
    assert await sent_header(connection) == httpx.BasicAuth("u", "p")._auth_header


_EMPTY = "apiVersion: v1\nclusters: []\ncontexts: []\nusers: []\n"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no such file; set KUBECONFIG, or write --source=kubernetes:?auth=FILE"),
        ("", "can't be used: "),
        (f'{_EMPTY}current-context: ""\n', "no current context; choose one with 'kubectl config use-context NAME'"),
        (_EMPTY, "no current context; "),
        (f"{_EMPTY}current-context: nope\n", "can't be used: "),
        ("a: [b", "can't be used: while parsing a flow sequence"),
    ],
)
def test_a_kubeconfig_that_cannot_be_used_is_refused_in_words(tmp_path: Path, content: str | None, words: str) -> None:
    """No traceback; one line with the file, what is wrong, and what to do."""
    path = tmp_path / "config"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigError) as caught:
        connect(SourceSettings(kubeconfig=str(path)), environ={})
    (problem,) = caught.value.problems
    assert problem.startswith(f"kubeconfig {path}: {words}")
    assert "\n" not in problem


def test_in_cluster_outside_of_one_is_refused_in_words() -> None:
    """Whoever insists on it learns why it can't be."""
    with pytest.raises(ConfigError, match="this is no pod"):
        connect(SourceSettings(in_cluster=True), environ={})


def test_a_bare_url_needs_no_credentials() -> None:
    """inClusterConfig=false with a URL: a proxy on loopback, as kubectl proxy is one."""
    connection = connect(SourceSettings(server="http://127.0.0.1:8001", in_cluster=False), environ={})
    assert (connection.server, connection.auth) == ("http://127.0.0.1:8001", None)


async def test_the_token_is_read_again_each_minute_and_after_401() -> None:
    """The kubelet rotates it."""
    tokens = iter(["a", "b", "c"])
    now = 0.0
    auth = BearerAuth(read=lambda: next(tokens), clock=lambda: now)
    seen: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["authorization"])
        return httpx.Response(401 if request.headers["authorization"] == "b" else 200)

    async with httpx.AsyncClient(transport=httpx.MockTransport(handler), auth=auth) as http:
        await http.get("https://h")
        await http.get("https://h")
        now = 61.0
        response = await http.get("https://h")
    assert seen == ["a", "a", "b", "c"]
    assert response.status_code == 200


@pytest.mark.parametrize("token", [None, "", "sec\nret", "secrét", "sec\x00ret"])
async def test_a_token_that_cannot_be_used_is_an_error_that_passes(pod: dict[str, str], token: str | None) -> None:
    """A file that is gone, empty or half written for a moment must neither end the daemon nor show in its log."""
    file = Path(pod["KUBE_WECOM_EVENTER_SERVICE_ACCOUNT_DIR"]) / "token"
    connection = connect(SourceSettings(), environ=pod)
    if token is None:
        file.unlink()
    else:
        file.write_text(token)
    with pytest.raises(ApiError, match=r"^the token can't be (read|used): ") as caught:
        await sent_header(connection)
    assert "ret" not in str(caught.value)
    file.write_text("second")
    assert await sent_header(connection) == "Bearer second"


async def test_names_that_hang_do_not_keep_a_token_from_being_read(pod: dict[str, str]) -> None:
    """The loop looks names up in its own few threads, and a resolver that is silent may hold them all."""
    silent = threading.Event()
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(max_workers=1))
    looking_up = loop.run_in_executor(None, silent.wait)
    try:
        async with asyncio.timeout(5):
            assert await sent_header(connect(SourceSettings(), environ=pod)) == "Bearer first"
    finally:
        silent.set()
        await looking_up
