from __future__ import annotations

import asyncio
import base64
import contextlib
from typing import Any
from uuid import uuid4

import httpx
import pytest
import yaml
from structlog.testing import capture_logs

from kube_wecom_eventer.config import Secret
from kube_wecom_eventer.errors import SecretError
from kube_wecom_eventer.kube import secrets
from kube_wecom_eventer.kube.client import ApiClient
from kube_wecom_eventer.kube.credentials import BearerAuth, Connection
from kube_wecom_eventer.kube.secrets import SecretReader
from tests.support.api_servers import Server
from tests.support.envtest import RealCluster
from tests.support.scripted import Answer, ScriptedApi, json_answer, status_answer
from tests.support.virtual_time import virtual_time
from tests.support.wire import Wire

RULE = (
    '{apiGroups: [""], resources: ["secrets"], resourceNames: ["robot"], verbs: ["get"]}, in a Role of namespace team'
)


def secret(**fields: str | bytes) -> httpx.Response:
    raw = {name: text.encode() if isinstance(text, str) else text for name, text in fields.items()}
    return stored({name: base64.b64encode(value).decode() for name, value in raw.items()})


def stored(data: dict[str, str] | None) -> httpx.Response:
    return json_answer({"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "robot"}, "data": data})


class Asking:
    """A reader over an API server that gives ``answers`` in turn, the last one for ever."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.api = ScriptedApi(lambda _request: self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])
        self.reader = SecretReader(client=self.api.client)

    async def key(self) -> str:
        return (await self.reader.value("team", "robot", "key")).reveal()

    async def refused(self) -> SecretError:
        with pytest.raises(SecretError) as caught:
            await self.key()
        return caught.value


@virtual_time
async def test_a_field_is_read_by_a_get_of_its_secret() -> None:
    """White space around it is an editor's newline; what comes back shows itself to nobody."""
    it = Asking(secret(key="  abc-1\n", other="x"))
    value = await it.reader.value("team", "robot", "key")
    assert value == Secret("abc-1")
    assert "abc" not in f"{value} {value!r}"
    assert [(each.method, each.url.path) for each in it.api.requests] == [
        ("GET", "/api/v1/namespaces/team/secrets/robot")
    ]


@virtual_time
async def test_a_burst_asks_once_and_the_next_message_asks_again() -> None:
    """A second later a new key is there to be read."""
    it = Asking(secret(key="one"), secret(key="two"))
    assert await asyncio.gather(*(it.key() for _ in range(50))) == ["one"] * 50
    await asyncio.sleep(0.9)
    assert await it.key() == "one"
    assert len(it.api.requests) == 1
    await asyncio.sleep(0.2)
    assert await it.key() == "two"


class Slow(httpx.AsyncByteStream):
    """A body that takes its time."""

    def __init__(self, body: bytes, seconds: float) -> None:
        self._body, self._seconds = body, seconds

    async def __aiter__(self) -> Any:
        await asyncio.sleep(self._seconds)
        yield self._body


def slow(answer: httpx.Response, seconds: float) -> httpx.Response:
    return httpx.Response(200, stream=Slow(answer.content, seconds))


@virtual_time
async def test_whoever_needs_a_secret_shares_the_request_for_it() -> None:
    """Other fields, too; one that gives up takes the answer from nobody. Another namespace's Secret is another."""
    body = secret(key="one", other="two")
    it = Asking(slow(body, 2.0), secret(key="theirs"))
    impatient = asyncio.create_task(it.key())
    await asyncio.sleep(0.5)
    wanted = [("team", "key"), ("team", "other"), ("else", "key")]
    patient = [asyncio.create_task(it.reader.value(each, "robot", field)) for each, field in wanted]
    await asyncio.sleep(0.5)
    impatient.cancel()
    values = await asyncio.gather(*patient)
    assert [value.reveal() for value in values] == ["one", "two", "theirs"]
    assert len(it.api.requests) == 2
    assert impatient.cancelled()


@virtual_time
async def test_an_outage_is_bridged_for_an_hour_and_said_once() -> None:
    """Then the old value is too old to be sent to."""
    refusals: list[Answer] = [
        httpx.ConnectError("refused"),
        status_answer(500, "InternalError"),
        status_answer(401, "Unauthorized"),
        status_answer(429, "TooManyRequests"),
        httpx.Response(200, text="{}"),
        httpx.Response(200, content=b'{"kind": "Secret", "data": {"key": "\xff'),
        json_answer({"kind": "Other", "data": {"key": "eA=="}}),
        httpx.ReadTimeout("silent"),
    ]
    it = Asking(secret(key="one"), *refusals)
    assert await it.key() == "one"
    with capture_logs() as logs:
        for _ in range(7):
            await asyncio.sleep(500)
            assert await it.key() == "one"
        await asyncio.sleep(101)
        error = await it.refused()
        it.answers = [secret(key="two")]
        await asyncio.sleep(2)
        assert await it.key() == "two"
    assert [(entry["event"], entry["secret"], entry["field"]) for entry in logs] == [
        ("secret_from_memory", "team/robot", "key"),
        ("secret_answered", "team/robot", "key"),
    ]
    assert error.temporary
    assert str(error) == "Secret team/robot can't be read now, its field 'key' is needed: ReadTimeout: silent"


@virtual_time
async def test_an_answer_that_does_not_come_is_waited_for_a_few_seconds_only_and_once_in_a_burst() -> None:
    """Messages wait behind it."""
    it = Asking(slow(secret(key="late"), 600))
    started = asyncio.get_running_loop().time()
    errors = await asyncio.gather(*(it.key() for _ in range(3)), return_exceptions=True)
    assert all(isinstance(error, SecretError) and error.temporary for error in errors)
    await it.refused()
    assert asyncio.get_running_loop().time() - started == pytest.approx(5)
    assert len(it.api.requests) == 1


@pytest.mark.parametrize(
    ("refusal", "text"),
    [
        (status_answer(404, "NotFound"), "Secret team/robot: there is none; create it, with the field 'key'"),
        (
            status_answer(403, "Forbidden"),
            "field 'key': a Role there must grant the right to get the Secret: 403 Forbidden: it is Forbidden",
        ),
        (
            secret(url="u", Key="k"),
            "Secret team/robot has no field 'key', only 'Key', 'url'; name one of these, or add the field",
        ),
        (stored(None), "Secret team/robot has no field 'key', it is empty; add the field"),
        (stored({"key": "?"}), "the value is not base64 of UTF-8; store the bare value there"),
        (secret(key=b"\xff\xfe"), "the value is not base64 of UTF-8; store the bare value there"),
        (secret(key=" \n"), "the value is empty; store the bare value there"),
        (secret(key="one two"), "the value has white space in it; store the bare value there"),
        (secret(key="one\ntwo"), "the value has white space in it; store the bare value there"),
        (secret(key="one\x1b[0m"), "the value has the invisible character U+001B in it; store the bare value there"),
        (secret(key="\ufeffone"), "the value has the invisible character U+FEFF in it; store the bare value there"),
        (secret(key="x" * 5000), "the value has 5000 characters, more than 4096; store the bare value there"),
    ],
    ids=["404", "403", "another field", "no fields", "no base64", "no UTF-8", "empty", "a space", "two lines",
         "a control character", "a byte order mark", "long"],
)  # fmt: skip
def test_what_a_team_takes_away_is_used_no_longer(refusal: httpx.Response, text: str) -> None:
    """Not in an outage that follows either. One line says what to do, and shows no value."""

    @virtual_time
    async def scenario() -> None:
        it = Asking(secret(key="one"), refusal, httpx.ConnectError("refused"), secret(key="two"))
        assert await it.key() == "one"
        await asyncio.sleep(2)
        error = await it.refused()
        assert str(error).endswith(text)
        assert str(error).startswith("Secret team/robot")
        assert "\n" not in str(error)
        assert not error.temporary
        assert error.hint == (RULE if refusal.status_code == 403 else "")
        again = await it.refused()
        assert str(again) == str(error)
        assert len(it.api.requests) == 2
        await asyncio.sleep(2)
        assert (await it.refused()).temporary
        await asyncio.sleep(2)
        assert await it.key() == "two"

    scenario()


@virtual_time
async def test_many_fields_are_named_in_part() -> None:
    """The line stays a line."""
    it = Asking(secret(**{f"field-{number:02}": "x" for number in range(30)}))
    assert "'field-09' and 20 more; name" in str(await it.refused())


@pytest.mark.parametrize(
    ("namespace", "name", "field"),
    [
        ("team", "../../kube-system/secrets/root", "key"),
        ("team", "a/b", "key"),
        ("team", "robot?watch=1", "key"),
        ("team", "robot\n", "key"),
        ("", "robot", "key"),
        ("team", "", "key"),
        ("../x", "robot", "key"),
        ("team", "robot", "a b\n" * 1000),
        ("team", "robot", ""),
    ],
)
def test_names_reach_no_other_path(namespace: str, name: str, field: str) -> None:
    """A team writes them."""

    @virtual_time
    async def scenario() -> None:
        it = Asking(secret(key="one"))
        with pytest.raises(SecretError, match="can be called") as caught:
            await it.reader.value(namespace, name, field)
        assert it.api.requests == []
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 2000

    scenario()


@virtual_time
async def test_what_was_used_longest_ago_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """The table has a cap."""
    monkeypatch.setattr(secrets, "_FIELDS", 2)
    it = Asking(secret(a="1", b="2", c="3"))
    for field in "abac":
        await it.reader.value("team", "robot", field)
    asked = len(it.api.requests)
    await it.reader.value("team", "robot", "a")
    assert len(it.api.requests) == asked
    await it.reader.value("team", "robot", "b")
    assert len(it.api.requests) == asked + 1


async def test_a_secrets_life(server: Server) -> None:
    """Absent, there, edited, without the field, unreachable, deleted."""
    wire = Wire(server)
    reader = SecretReader(client=wire.api, fresh_for=0.0)
    path = f"/api/v1/namespaces/{server.namespace}/secrets"

    async def value() -> str:
        return (await reader.value(server.namespace, "robot", "key")).reveal()

    with pytest.raises(SecretError, match="there is none"):
        await value()
    await server.create(path, {"metadata": {"name": "robot"}, "stringData": {"key": "one\n"}})
    assert await value() == "one"
    await server.client.put(f"{path}/robot", json={"metadata": {"name": "robot"}, "stringData": {"key": "two"}})
    assert await value() == "two"
    wire.broken = True
    assert await value() == "two"
    wire.broken = False
    await server.client.put(f"{path}/robot", json={"metadata": {"name": "robot"}, "stringData": {"other": "x"}})
    with pytest.raises(SecretError, match="no field 'key', only 'other'"):
        await value()
    await server.client.delete(f"{path}/robot")
    wire.broken = True
    with pytest.raises(SecretError, match="can't be read now"):
        await value()


@pytest.mark.cluster
async def test_the_rule_in_the_hint_is_the_right_that_was_missing_on_a_cluster(real_cluster: RealCluster) -> None:
    """And it opens that Secret only."""
    namespace = f"secrets-{uuid4().hex[:8]}"
    token = real_cluster.service_account_token(namespace, "eventer")
    path = f"/api/v1/namespaces/{namespace}/secrets"
    for name in ("robot", "other"):
        body = {"metadata": {"name": name}, "stringData": {"key": f"key-of-{name}"}}
        assert real_cluster.request("POST", path, body).is_success
    auth = BearerAuth(read=lambda: f"Bearer {token}")
    connection = Connection(server=real_cluster.url, described="a test", verify=real_cluster.ssl_context(), auth=auth)
    client = ApiClient(connection=connection)
    reader = SecretReader(client=client, fresh_for=0.0)
    with pytest.raises(SecretError) as caught:
        await reader.value(namespace, "robot", "key")
    rule, _, place = caught.value.hint.partition(", in a ")
    assert place == f"Role of namespace {namespace}"
    grant(real_cluster, namespace, yaml.safe_load(rule))
    values: list[Secret] = []
    async with asyncio.timeout(10):
        while not values:
            with contextlib.suppress(SecretError):
                values.append(await reader.value(namespace, "robot", "key"))
            await asyncio.sleep(0.05)
    assert values == [Secret("key-of-robot")]
    with pytest.raises(SecretError) as caught:
        await reader.value(namespace, "other", "key")
    assert 'resourceNames: ["other"]' in caught.value.hint
    await client.aclose()


def grant(cluster: RealCluster, namespace: str, rule: dict[str, Any]) -> None:
    """Give the account ``eventer`` a Role."""
    rbac = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
    binding = {
        "metadata": {"name": "reading"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reading"},
        "subjects": [{"kind": "ServiceAccount", "name": "eventer", "namespace": namespace}],
    }
    role = {"metadata": {"name": "reading"}, "rules": [rule]}
    assert cluster.request("POST", f"{rbac}/roles", role).is_success
    assert cluster.request("POST", f"{rbac}/rolebindings", binding).is_success
