"""Writing single objects: the demo's API server and a real kube-apiserver give the same answers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.demo.test_api_conformance import status
from tests.support.api_servers import Server

MERGE_PATCH = {"Content-Type": "application/merge-patch+json"}


async def test_a_created_object_gets_an_identity(server: Server) -> None:
    """uid, creationTimestamp, namespace and resourceVersion are the server's."""
    body = server.event("one", metadata={"name": "one", "uid": "mine", "creationTimestamp": "2020-01-01T00:00:00Z"})

    created = await server.create(server.events, body)

    metadata = created["metadata"]
    assert (created["kind"], metadata["namespace"]) == ("Event", server.namespace)
    assert metadata["uid"] != "mine"
    assert not metadata["creationTimestamp"].startswith("2020")
    assert int(metadata["resourceVersion"]) > 0


async def test_generate_name_makes_a_name(server: Server) -> None:
    """generateName gets a suffix of five characters, a new one each time."""
    body = server.event("", metadata={"generateName": "api-"})

    names = [(await server.create(server.events, body))["metadata"]["name"] for _ in range(2)]

    assert len(set(names)) == 2
    assert all(name.startswith("api-") and len(name) == 9 for name in names)


async def test_null_timestamps_and_a_series_come_back(server: Server) -> None:
    """An event of the scheduler's kind keeps its microseconds and its null timestamps."""
    body = server.event(
        "scheduled",
        firstTimestamp=None,
        lastTimestamp=None,
        eventTime="2026-03-08T11:15:47.123456+08:00",
        series={"count": 3, "lastObservedTime": "2026-03-08T03:16:00.000001Z"},
        action="Binding",
        reportingComponent="default-scheduler",
        reportingInstance="default-scheduler-control-plane",
    )

    created = await server.create(server.events, body)

    assert (created["firstTimestamp"], created["lastTimestamp"]) == (None, None)
    assert created["eventTime"] == "2026-03-08T03:15:47.123456Z"
    assert created["series"] == {"count": 3, "lastObservedTime": "2026-03-08T03:16:00.000001Z"}
    assert created["reportingComponent"] == "default-scheduler"
    assert "count" not in created


async def test_times_are_cut_to_seconds_in_utc(server: Server) -> None:
    """firstTimestamp and lastTimestamp have no fractions and no zone of their own."""
    body = server.event("one", firstTimestamp="2026-03-08T11:15:47.9+08:00", count=1)

    created = await server.create(server.events, body)

    assert created["firstTimestamp"] == "2026-03-08T03:15:47Z"


async def test_any_text_comes_back(server: Server) -> None:
    """Quotes, newlines, backslashes, NUL, braces, Chinese and emoji are kept; empty fields are left out."""
    message = 'a "quoted"\nline\twith \\ {{ braces }} 镜像拉取失败 🚨 \x00 \u0085 <@all>'

    created = await server.create(server.events, server.event("one", message=message, reason=""))

    assert created["message"] == message
    assert "reason" not in created
    assert (created["source"], created["reportingComponent"]) == ({}, "")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"count": "three"}, (400, "BadRequest")),
        ({"eventTime": "2026-03-08T03:15:47Z"}, (400, "BadRequest")),
        ({"firstTimestamp": "yesterday"}, (400, "BadRequest")),
        ({"kind": "ConfigMap", "apiVersion": "v1"}, (400, "BadRequest")),
        ({"metadata": {"name": "one", "namespace": "elsewhere"}}, (400, "BadRequest")),
        ({"metadata": {}}, (422, "Invalid")),
        ({"metadata": {"name": "a/b"}}, (422, "Invalid")),
        ({"involvedObject": {"kind": "Pod", "namespace": "elsewhere", "name": "x"}}, (422, "Invalid")),
        # So an event about a Node can be in the namespace `default` only.
        ({"involvedObject": {"kind": "Node", "name": "node-1"}}, (422, "Invalid")),
        ({"metadata": {"name": "one", "resourceVersion": "3"}}, (500, None)),
    ],
)
async def test_what_is_no_event_is_refused(
    server: Server, fields: dict[str, Any], expected: tuple[int, str | None]
) -> None:
    """A wrong type or name is refused with the same code and reason."""
    answer = await server.client.post(server.events, json=server.event("one", **fields))

    assert status(answer)[:2] == expected


async def test_a_body_that_is_no_json_is_400(server: Server) -> None:
    """Broken JSON is a BadRequest; another media type is 415."""
    broken = await server.client.post(server.events, content=b"{nope", headers={"Content-Type": "application/json"})
    text = await server.client.post(server.events, content=b"{}", headers={"Content-Type": "text/plain"})

    assert status(broken) == (400, "BadRequest", None)
    assert status(text) == (415, "UnsupportedMediaType", None)


async def test_errors_name_the_object(server: Server) -> None:
    """404 and 409 say which object of which resource they are about."""
    await server.create(server.events, server.event("one"))
    about = {"name": "one", "kind": "events"}

    assert status(await server.client.post(server.events, json=server.event("one"))) == (
        409,
        "AlreadyExists",
        about,
    )
    await server.client.delete(f"{server.events}/one")
    for answer in (
        await server.client.get(f"{server.events}/one"),
        await server.client.delete(f"{server.events}/one"),
        await server.client.patch(f"{server.events}/one", json={}, headers=MERGE_PATCH),
    ):
        assert status(answer) == (404, "NotFound", about)


async def test_nothing_is_created_in_an_unknown_namespace(server: Server) -> None:
    """Creating in a namespace that does not exist is 404 for the namespace, not for the object."""
    answer = await server.client.post("/api/v1/namespaces/nowhere/configmaps", json={"metadata": {"name": "a"}})

    assert status(answer) == (404, "NotFound", {"name": "nowhere", "kind": "namespaces"})


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("POST", "/api/v1/events", (405, "MethodNotAllowed", {})),
        ("PUT", "/api/v1/namespaces/default/configmaps", (405, "MethodNotAllowed", {})),
        ("POST", "/api/v1/namespaces/default/configmaps/a", (405, "MethodNotAllowed", {})),
        ("GET", "/api/v1/nosuch", (404, "NotFound", {})),
        ("GET", "/api/v1/namespaces/default/nosuch/a", (404, "NotFound", {})),
    ],
)
async def test_paths_that_do_not_fit(server: Server, method: str, path: str, expected: tuple[int, str, Any]) -> None:
    """A wrong verb is 405, an unknown resource 404, both with empty details."""
    assert status(await server.client.request(method, path)) == expected


async def test_an_update_needs_the_version_it_read(server: Server) -> None:
    """A PUT with an old resourceVersion conflicts; one without any overwrites."""
    first = await server.create(server.config_maps, {"metadata": {"name": "a"}, "data": {"k": "1"}})
    path = f"{server.config_maps}/a"

    second = await server.client.put(path, json={**first, "data": {"k": "2"}})
    stale = await server.client.put(path, json={**first, "data": {"k": "3"}})
    blind = await server.client.put(path, json={"metadata": {"name": "a"}, "data": {"k": "4"}})

    assert second.json()["data"] == {"k": "2"}
    assert int(second.json()["metadata"]["resourceVersion"]) > int(first["metadata"]["resourceVersion"])
    assert status(stale) == (409, "Conflict", {"name": "a", "kind": "configmaps"})
    assert (blind.status_code, blind.json()["metadata"]["uid"]) == (200, first["metadata"]["uid"])


async def test_an_update_of_nothing(server: Server) -> None:
    """A PUT creates an event that is not there, and does not create a ConfigMap."""
    event = await server.client.put(f"{server.events}/new", json=server.event("new"))
    config_map = await server.client.put(f"{server.config_maps}/new", json={"metadata": {"name": "new"}})

    assert (event.status_code, event.json()["metadata"]["name"]) == (201, "new")
    assert status(config_map) == (404, "NotFound", {"name": "new", "kind": "configmaps"})


async def test_a_put_under_another_name_is_refused(server: Server) -> None:
    """The name in the body must be the one in the path, and must be there."""
    await server.create(server.config_maps, {"metadata": {"name": "a"}})
    path = f"{server.config_maps}/a"

    other = await server.client.put(path, json={"metadata": {"name": "b"}})
    missing = await server.client.put(path, json={"metadata": {}})

    assert [status(answer) for answer in (other, missing)] == [(400, "BadRequest", None)] * 2


async def test_a_merge_patch_changes_what_it_names(server: Server) -> None:
    """null removes, the rest stays; a resourceVersion in the patch is a precondition."""
    created = await server.create(server.config_maps, {"metadata": {"name": "a"}, "data": {"k": "1", "l": "2"}})
    path = f"{server.config_maps}/a"

    patched = await server.client.patch(path, json={"data": {"k": None, "m": "3"}}, headers=MERGE_PATCH)
    version = created["metadata"]["resourceVersion"]
    stale = await server.client.patch(
        path, json={"metadata": {"resourceVersion": version}, "data": {"k": "9"}}, headers=MERGE_PATCH
    )
    plain = await server.client.patch(path, json={}, headers={"Content-Type": "application/json"})

    assert patched.json()["data"] == {"l": "2", "m": "3"}
    assert status(stale) == (409, "Conflict", {"name": "a", "kind": "configmaps"})
    assert status(plain)[:2] == (415, "UnsupportedMediaType")


async def test_a_delete_keeps_its_preconditions(server: Server) -> None:
    """A delete says what it deleted, unless the uid asked for is another one."""
    created = await server.create(server.config_maps, {"metadata": {"name": "a"}})
    path = f"{server.config_maps}/a"

    other = await server.client.request("DELETE", path, json={"preconditions": {"uid": "other"}})
    deleted = await server.client.delete(path)

    # The kind here is the object's, everywhere else the resource's.
    assert status(other) == (409, "Conflict", {"name": "a", "kind": "ConfigMap"})
    assert deleted.json()["status"] == "Success"
    assert deleted.json()["details"] == {
        "name": "a",
        "kind": "configmaps",
        "uid": created["metadata"]["uid"],
    }


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"metadata": {"name": "Not_A_Name"}}, (422, "Invalid")),
        ({"metadata": {"name": "a"}, "data": {"bad key!": "x"}}, (422, "Invalid")),
        ({"metadata": {"name": "a"}, "data": {"big": "x" * 1_100_000}}, (422, "Invalid")),
        ({"metadata": {"name": "a"}, "data": {"k": 1}}, (400, "BadRequest")),
    ],
)
async def test_config_maps_have_rules(server: Server, body: dict[str, Any], expected: tuple[int, str]) -> None:
    """A ConfigMap needs a DNS name, plain keys, text values and at most 1 MiB."""
    assert status(await server.client.post(server.config_maps, json=body))[:2] == expected


async def test_a_lease_is_updated_with_its_version_only(server: Server) -> None:
    """Unlike a ConfigMap, a Lease refuses a PUT without a resourceVersion; errors name the group."""
    leases = f"/apis/coordination.k8s.io/v1/namespaces/{server.namespace}/leases"
    lease = await server.create(leases, {"metadata": {"name": "a"}, "spec": {"holderIdentity": "one"}})

    blind = await server.client.put(f"{leases}/a", json={"metadata": {"name": "a"}, "spec": {}})
    taken = await server.client.put(f"{leases}/a", json={**lease, "spec": {"holderIdentity": "two"}})
    stale = await server.client.put(f"{leases}/a", json={**lease, "spec": {"holderIdentity": "three"}})

    assert status(blind)[:2] == (422, "Invalid")
    assert taken.json()["spec"] == {"holderIdentity": "two"}
    about = {"name": "a", "group": "coordination.k8s.io", "kind": "leases"}
    assert status(stale) == (409, "Conflict", about)


async def test_a_secret_is_encoded(server: Server) -> None:
    """stringData becomes base64 data; data that is no base64 is refused."""
    secrets = f"/api/v1/namespaces/{server.namespace}/secrets"

    secret = await server.create(secrets, {"metadata": {"name": "a"}, "stringData": {"key": "b"}})
    broken = await server.client.post(secrets, json={"metadata": {"name": "c"}, "data": {"key": "not base64!"}})

    assert (secret["data"], secret["type"]) == ({"key": "Yg=="}, "Opaque")
    assert "stringData" not in secret
    assert status(broken) == (400, "BadRequest", None)


async def test_health_and_version(server: Server) -> None:
    """The health paths say ok; /version names a git version."""
    for path in ("/healthz", "/livez", "/readyz"):
        answer = await server.client.get(path)
        assert (answer.status_code, answer.text) == (200, "ok")

    assert (await server.client.get("/version")).json()["gitVersion"].startswith("v1.")
