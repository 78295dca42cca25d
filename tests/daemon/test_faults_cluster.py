"""The daemon on the real API server alone: what only that one can do."""

from __future__ import annotations

import asyncio
import contextlib
import re
from pathlib import Path

import httpx
import pytest

from kube_wecom_eventer.demo.wecom import WeComGroup
from tests.daemon.conftest import SEED_TEMPLATE, Group, Pipeline
from tests.support.api_servers import service_account_environ
from tests.support.daemon import PATIENCE, DaemonProcess, running_daemon
from tests.support.envtest import RealCluster

pytestmark = pytest.mark.cluster
on_the_real_server = pytest.mark.parametrize("server", ["cluster"], indirect=True)


async def all_told(daemon: DaemonProcess, number: int) -> None:
    """Return once so many events have been told, one by one or in digests; that there are no more is seen, too."""
    async with asyncio.timeout(PATIENCE):
        while await daemon.metric("events_told_total", route="sink-1") < number:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    assert await daemon.metric("events_told_total", route="sink-1") == number


async def told(wecom: WeComGroup) -> str:
    """Return the reason in the next message."""
    return (await wecom.next_message(timeout=PATIENCE)).content.split()[1]


@on_the_real_server
async def test_killed_and_started_again_while_events_come(pipeline: Pipeline, real_cluster: RealCluster) -> None:
    """Two kills under a stream of events and template edits: each event that was written is told exactly once."""
    namespace, stop = pipeline.server.namespace, asyncio.Event()
    written: list[str] = []

    async def write() -> None:
        while not stop.is_set() and len(written) < 18:
            reason = f"Storm{len(written)}"
            with contextlib.suppress(httpx.TransportError):
                answer = await pipeline.server.client.post(
                    pipeline.server.events, json=pipeline.server.event(reason.lower(), reason=reason)
                )
                # 409: the answer to an earlier try was lost with the server.
                if answer.is_success or answer.status_code == httpx.codes.CONFLICT:
                    written.append(reason)
            await asyncio.sleep(0.25)

    await pipeline.config_map("cm", content=SEED_TEMPLATE)
    options = f"namespaces={namespace}&custom_body_configmap=cm&custom_body_configmap_namespace={namespace}"
    async with pipeline.daemon(pipeline.group.sink(options)) as daemon, await daemon.ready():
        writing = asyncio.create_task(write())
        for _ in range(2):
            enough = min(18, len(written) + 3)
            async with asyncio.timeout(PATIENCE):
                while len(written) < enough:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            await asyncio.to_thread(real_cluster.kill_api_server)
            await asyncio.to_thread(real_cluster.start_api_server)
        edited = SEED_TEMPLATE.replace("Cluster:name", "Cluster:renamed")
        await pipeline.config_map("cm", content=edited)
        await daemon.log("template_loaded", length=len(edited))
        stop.set()
        await writing
        # What comes while the checkpoint can't be written waits, and may be told in a digest: this one must not.
        await all_told(daemon, len(written))
        await pipeline.event("last", reason="Last")
        content = ""
        while "EventReason:Last" not in content:
            content = (await pipeline.group.message()).content
        assert "Cluster:renamed" in content
        await all_told(daemon, len(written) + 1)
        reasons = re.findall(r"EventReason:(\w+)", "\n".join(each.content for each in pipeline.group.wecom.messages))
        assert len(reasons) == len(set(reasons))
        assert await daemon.stop() == 0


@on_the_real_server
async def test_an_event_through_events_k8s_io_has_the_right_time(pipeline: Pipeline) -> None:
    """It has null first and last timestamps; the time is eventTime, and the last one observed of a series."""
    namespace = pipeline.server.namespace
    await pipeline.config_map("cm", content=SEED_TEMPLATE)
    templated = f"namespaces={namespace}&custom_body_configmap=cm&custom_body_configmap_namespace={namespace}"
    path = f"/apis/events.k8s.io/v1/namespaces/{namespace}/events"
    body = {
        "metadata": {"name": "new-style", "namespace": namespace},
        "eventTime": "2026-11-20T01:02:03.456789Z",
        "reportingController": "example.com/controller",
        "reportingInstance": "controller-1",
        "action": "Binding",
        "reason": "FailedBinding",
        "regarding": {"kind": "Pod", "namespace": namespace, "name": "p"},
        "note": "no node fits",
        "type": "Warning",
    }
    async with pipeline.daemon(pipeline.group.sink(templated)) as daemon, await daemon.ready():
        created = await pipeline.server.create(path, body)
        assert created["deprecatedLastTimestamp"] is None
        content = (await pipeline.group.message()).content
        assert "EventTime:2026-11-20 09:02:03" in content
        assert content.endswith("EventMessage:no node fits")
        series = {"series": {"count": 7, "lastObservedTime": "2026-11-20T02:03:04.000000Z"}}
        answer = await pipeline.server.client.patch(
            f"{path}/new-style", json=series, headers={"Content-Type": "application/merge-patch+json"}
        )
        assert answer.is_success, answer.text
        assert "EventTime:2026-11-20 10:03:04" in (await pipeline.group.message()).content
    assert len(pipeline.group.wecom.requests) == 2


async def test_a_missing_right_on_a_cluster_is_said_and_its_grant_noticed(
    real_cluster: RealCluster, group: Group, tmp_path: Path
) -> None:
    """Without any right the log names verb, resource and scope; once the right is there, events are told."""
    environ = service_account_environ(real_cluster, tmp_path, namespace="no-rights", name="eventer")
    source = f"--source=kubernetes:{real_cluster.url}"
    async with running_daemon(source, group.sink("namespaces=no-rights"), environ=environ) as daemon:
        line = await daemon.log("event_stream_interrupted")
        assert 'cannot list resource "events" in API group "" at the cluster scope' in line["error"]
        assert "system:serviceaccount:no-rights:eventer" in line["error"]
        role = ("create", "clusterrole", "no-rights", "--verb=list,watch", "--resource=events")
        await asyncio.to_thread(real_cluster.kubectl, *role)
        binding = ("create", "clusterrolebinding", "no-rights", "--clusterrole=no-rights")
        await asyncio.to_thread(real_cluster.kubectl, *binding, "--serviceaccount=no-rights:eventer")
        await daemon.log("event_stream_resumed")
        # A first start begins from now: from when the stream has its position.
        await daemon.log("event_stream_starts")
        event = {
            "metadata": {"name": "granted"},
            "involvedObject": {"kind": "Pod", "namespace": "no-rights", "name": "p"},
            "reason": "Granted",
            "type": "Warning",
        }
        answer = await asyncio.to_thread(real_cluster.request, "POST", "/api/v1/namespaces/no-rights/events", event)
        assert answer.is_success, answer.text
        assert await told(group.wecom) == "Granted"
        refusals = [line for line in daemon.logs if line["event"] == "event_stream_interrupted"]
        assert len(refusals) == 1


@on_the_real_server
async def test_an_event_of_one_megabyte(pipeline: Pipeline) -> None:
    """It is told, cut to WeCom's limit, and so is the next one."""
    namespace = pipeline.server.namespace
    async with (
        pipeline.daemon("--checkpoint=none", pipeline.group.sink(f"namespaces={namespace}")) as daemon,
        await daemon.ready(),
    ):
        await pipeline.event("big", message="错" * 330_000, reason="Big")
        await pipeline.event("next", reason="Next")
        first = await pipeline.group.message()
        assert first.content.startswith("⚠️ Big ")
        assert 1900 < len(first.content.encode()) <= 2048
        assert await told(pipeline.group.wecom) == "Next"
        assert await daemon.stop() == 0


@on_the_real_server
async def test_an_event_of_the_year_0_stops_nothing(pipeline: Pipeline) -> None:
    """The real API server stores it, and sorts it before all others; whoever may write events could stop us."""
    namespace = pipeline.server.namespace
    await pipeline.event("a", lastTimestamp="0001-01-01T00:00:00+01:00")
    async with pipeline.daemon(pipeline.group.sink(f"namespaces={namespace}")) as daemon, await daemon.ready():
        pipeline.server.compact()
        pipeline.server.break_watches()
        await pipeline.event("next", reason="Next")
        assert await told(pipeline.group.wecom) == "Next"
        assert await daemon.stop() == 0


async def test_outside_a_cluster_the_kubeconfig_is_enough(
    real_cluster: RealCluster, group: Group, tmp_path: Path
) -> None:
    """As kubectl finds it; the in-cluster address of a copied --source does no harm, and is said."""
    environ = {"KUBECONFIG": str(real_cluster.write_kubeconfig(tmp_path / "config"))}
    sink = group.sink("reason=^FromKubectl$")
    async with running_daemon("--source=kubernetes:https://kubernetes.default", sink, environ=environ) as daemon:
        await daemon.log("event_stream_starts")
        event = {
            "metadata": {"generateName": "kubeconfig-", "namespace": "default"},
            "involvedObject": {"kind": "Pod", "namespace": "default", "name": "p"},
            "type": "Warning",
            "reason": "FromKubectl",
        }
        real_cluster.request("POST", "/api/v1/namespaces/default/events", event).raise_for_status()
        assert await told(group.wecom) == "FromKubectl"
        assert await daemon.stop() == 0
    assert "exists only inside a cluster" in (await daemon.log("configuration_doubtful"))["detail"]
