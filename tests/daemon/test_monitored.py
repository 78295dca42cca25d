"""The dashboard and the alerts speak only of what the daemon exports: asked of a daemon to which all that happens."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict

from prometheus_client.parser import text_string_to_metric_families

from tests.daemon.conftest import Demo
from tests.daemon.test_state_metrics import arguments, declare, event_of, exported
from tests.monitoring import dashboard
from tests.monitoring.promql import metrics, unknown
from tests.monitoring.test_alerts import alerts


async def everything(demo: Demo) -> dict[str, set[str]]:
    """Return the labels of each metric of a daemon that has met each kind of trouble, and accepted a message."""
    declare(demo, "shop", f"wecom:?api={demo.group.url}&key_secret=robot", content="{{ .Nonsense }")
    args = ("--checkpoint=configmap:default/position", *arguments(demo)[1:])
    async with demo.daemon(demo.group.sink("level=Normal"), *args) as daemon, exported(daemon) as figures:
        await daemon.log("route_declared", route="shop/wecom")
        demo.event("Well", type="Normal")
        assert await demo.told() == "Well"
        event_of(demo, "shop", "Broken")
        await daemon.log("destination_broken", routes=["shop/wecom"])
        found: dict[str, set[str]] = defaultdict(set)
        async with asyncio.timeout(20):
            while not {"eventer_events_warning_total", "kube_wecom_eventer_messages_failed_total"} <= found.keys():
                for family in text_string_to_metric_families(await figures.text()):
                    for sample in family.samples:
                        found[sample.name] |= sample.labels.keys()
        return dict(found)


async def test_the_dashboard_and_the_alerts_name_only_what_is_exported(demo: Demo) -> None:
    """Each metric and each label, in queries, legends, variables and texts; and the dashboard leaves nothing out."""
    known = await everything(demo)
    seen: set[str] = set()
    for title, legend, expression in dashboard.queries():
        labels = ",".join(re.findall(r"\{\{(\w+)\}\}", legend))
        assert list(unknown(expression, known, also=labels)) == [], title
        seen |= metrics(expression)
    for variable in dashboard.load()["templating"]["list"][1:]:
        inner, _, label = variable["definition"].removeprefix("label_values(").removesuffix(")").rpartition(", ")
        assert list(unknown(inner, known, also=label)) == [], variable["name"]
    for rule in alerts():
        assert list(unknown(rule["expr"], known)) == [], rule["alert"]
    texts = "".join(rule["annotations"]["description"] for rule in alerts())
    asked = re.findall(r'"(count by [^"]*)"', texts)
    assert len(asked) >= 1
    for query in asked:
        assert list(unknown(query, known)) == []
    ours = {name for name in known if name.startswith("kube_wecom_eventer_")}
    assert [name for name in ours - seen if not name.endswith(("_count", "_sum"))] == []
