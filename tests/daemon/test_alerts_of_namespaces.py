"""A team's route gets alerts of its own namespace only, in its own words, with its silences."""

from __future__ import annotations

import time
from datetime import timedelta

import httpx

from kube_wecom_eventer.demo.faults import Hang
from tests.daemon.conftest import KEY, Pipeline, until
from tests.daemon.test_alerts import LISTEN, accepted
from tests.daemon.test_namespace_routes import Tenant
from tests.daemon.test_restart import until_written
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
        await daemon.log("route_declared", route=f"{tenant.namespace}/wecom")
        url = (await daemon.log("alerts_taken_at"))["url"]
        async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
            node = {"deployment": "", "node": "n1"}
            await accepted(http, webhook(make_alert(), make_alert(labels=own), make_alert(labels={**own, **node})))
            assert (await pipeline.group.message()).content == "firing checkout;"
            await tenant.route(alert_content=f"edited: {TEMPLATE}")
            await until(lambda: len([line for line in daemon.logs if line["event"] == "template_loaded"]) == 2)
            await accepted(http, webhook(make_alert(labels=own, lasted=timedelta(minutes=1))))
            assert (await pipeline.group.message()).content == "edited: resolved checkout;"
            # Without a template of its own the route tells in the built-in words.
            await tenant.route()
            await daemon.log("route_declared")
            await until(lambda: len([line for line in daemon.logs if line["event"] == "route_declared"]) >= 2)
            await accepted(http, webhook(make_alert(labels={**own, "deployment": "cart"})))
            told = (await pipeline.group.message()).content
            assert told.startswith(f"🔥 告警 HighLatency · Deployment {tenant.namespace}/cart\n")


async def test_an_alert_under_way_while_its_route_moves_survives_a_kill(pipeline: Pipeline) -> None:
    """The old destination hangs, and no route has it any more; Alertmanager will not send the alert again."""
    tenant, other = Tenant(pipeline), "0c2d6f3e-other"
    pipeline.group.wecom.add_robot(other)
    await tenant.secret(KEY, "old")
    await tenant.secret(other, "new")
    await tenant.route("key_secret=old")
    pipeline.group.wecom.faults.plan(Hang(), when=lambda request: request.query["key"] == KEY)
    arguments = (*tenant.arguments, pipeline.checkpoint, LISTEN)
    async with pipeline.daemon(*arguments) as daemon:
        await daemon.ready()
        url = (await daemon.log("alerts_taken_at"))["url"]
        async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
            await accepted(http, webhook(make_alert(labels={"namespace": tenant.namespace})))
        await until(lambda: bool(pipeline.group.wecom.requests))
        await tenant.route("key_secret=new")
        await daemon.log("route_declared", destination=f"wecom-{tenant.namespace}/new")
        await pipeline.event("two", reason="Two")
        assert await pipeline.group.told() == "Two"
        told_at = time.time()
        await until_written(pipeline, lambda found: found["writtenAt"] > told_at)
        await daemon.kill()
    async with pipeline.daemon(*arguments):
        told = await pipeline.group.message()
        assert "告警 HighLatency" in told.content
        assert pipeline.group.wecom.messages[-1].key == other


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
