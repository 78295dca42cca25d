"""A team's route gets alerts of its own namespace only, in its own words, with its silences."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import httpx

from kube_wecom_eventer.demo.faults import Hang
from tests.daemon.conftest import KEY, Pipeline, until
from tests.daemon.test_alerts import LISTEN, accepted
from tests.daemon.test_namespace_routes import OTHER_KEY, Tenant
from tests.support.alerts import make_alert, webhook

TEMPLATE = "{{ range .Alerts }}{{ .Status }} {{ .Labels.deployment }};{{ end }}"


async def test_a_team_gets_its_own_alerts_in_its_own_words(pipeline: Pipeline) -> None:
    """What is edited shows in the next message; another namespace's alerts, and a node's, are none of its business."""
    tenant = Tenant(pipeline)
    own = {"namespace": tenant.namespace}
    await tenant.secret(KEY)
    await tenant.route(alert_content=TEMPLATE)
    # The real server's daemon lives in the namespace of the test, and what is declared there is for all namespaces.
    platform = "--namespace=kube-system"
    async with pipeline.daemon(*tenant.arguments, platform, LISTEN) as daemon, await daemon.ready():
        name = f"{tenant.namespace}/wecom"

        def said(event: str, field: str) -> int:
            # Other tests' namespaces on a shared server have routes, too.
            return sum(line["event"] == event and line[field] == name for line in daemon.logs)

        await daemon.log("route_declared", route=name)
        url = (await daemon.log("alerts_taken_at"))["url"]
        async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
            node = {"deployment": "", "node": "n1"}
            await accepted(http, webhook(make_alert(), make_alert(labels=own), make_alert(labels={**own, **node})))
            assert (await pipeline.group.message()).content == "firing checkout;"
            await tenant.route(alert_content=f"edited: {TEMPLATE}")
            await until(lambda: said("template_loaded", "config_map") == 2)
            await accepted(http, webhook(make_alert(labels=own, lasted=timedelta(minutes=1))))
            assert (await pipeline.group.message()).content == "edited: resolved checkout;"
            # Without a template of its own the route tells in the built-in words.
            await tenant.route()
            await until(lambda: said("route_declared", "route") == 2)
            await accepted(http, webhook(make_alert(labels={**own, "deployment": "cart"})))
            told = (await pipeline.group.message()).content
            assert told.startswith(f"🔥 告警 HighLatency · Deployment {tenant.namespace}/cart\n")


async def test_a_silence_holds_for_alerts(pipeline: Pipeline) -> None:
    """By its fields; whoever is silenced is counted, and told once the silence is gone, if it still fires."""
    namespace = pipeline.server.namespace
    text = "- reason: '^HighLatency$'\n  until: 2099-01-01 00:00\n  by: wangqing\n  why: migration\n"
    await pipeline.config_map("silences", planned=text)
    args = [LISTEN, f"--silence-configmap={namespace}/silences", pipeline.group.sink()]
    async with pipeline.daemon(*args) as daemon, await daemon.ready():
        await daemon.log("silences_loaded", holding=1)
        url = (await daemon.log("alerts_taken_at"))["url"]
        async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
            await accepted(http, webhook(make_alert(), make_alert(labels={"alertname": "Other"})))
            assert "告警 Other" in (await pipeline.group.message()).content
            assert await daemon.metric("events_dropped_total", route="sink-1", reason="silenced") == 1
            await pipeline.config_map("silences", planned="[]")
            await daemon.log("silences_loaded", holding=0)
            await accepted(http, webhook(make_alert(), make_alert(labels={"alertname": "Other"})))
            assert "告警 HighLatency" in (await pipeline.group.message()).content
    assert len(pipeline.group.wecom.requests) == 2


async def test_an_alert_that_is_under_way_while_its_route_moves_survives_a_crash(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    """The checkpoint knows of it, although no route leads to where it is being sent."""
    tenant, checkpoint = Tenant(pipeline), tmp_path / "checkpoint"
    pipeline.group.wecom.add_robot(OTHER_KEY)
    pipeline.group.wecom.faults.plan(Hang())
    await tenant.secret(KEY)
    await tenant.secret(OTHER_KEY, "other")
    await tenant.route()
    allowed = f"--route-allowed-hosts={tenant.host}"
    args = ("--namespace-routes", allowed, "--namespace=kube-system", LISTEN, f"--checkpoint=file:{checkpoint}")

    def written_at() -> float:
        return float(json.loads(checkpoint.read_bytes())["writtenAt"])

    async with pipeline.daemon(*args) as daemon, await daemon.ready():
        await daemon.log("route_declared", route=f"{tenant.namespace}/wecom")
        url = (await daemon.log("alerts_taken_at"))["url"]
        async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
            await accepted(http, webhook(make_alert(labels={"namespace": tenant.namespace})))
        await until(lambda: bool(pipeline.group.wecom.requests) and b"HighLatency" in checkpoint.read_bytes())
        moment = written_at()
        await tenant.route("key_secret=other")
        await until(lambda: written_at() > moment)
        await daemon.kill()
    async with pipeline.daemon(*args) as daemon, await daemon.ready():
        assert "告警 HighLatency" in (await pipeline.group.message()).content
    assert [each.key for each in pipeline.group.wecom.requests] == [KEY, OTHER_KEY]
