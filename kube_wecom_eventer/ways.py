"""From sinks' settings to ways."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo

from kube_wecom_eventer.building import SinkMaker, bodies_of, build_wording
from kube_wecom_eventer.config import SinkSettings
from kube_wecom_eventer.match import SILENCED, EventFilter, Route
from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.namespaces import Namespaces
from kube_wecom_eventer.notify import DROP_REASONS, Terms
from kube_wecom_eventer.reading import EXPIRED
from kube_wecom_eventer.render import Templates
from kube_wecom_eventer.routing import Way


class WayMaker:
    """Makes ways that share templates, sinks' surroundings and metrics. ``now``: the wall clock. ``wecom_api``: a proxy
    before WeCom."""

    def __init__(
        self,
        *,
        templates: Templates,
        zone: tzinfo,
        sinks: SinkMaker,
        namespaces: Namespaces,
        metrics: Metrics,
        now: Callable[[], datetime],
        wecom_api: str | None = None,
    ) -> None:
        self._now = now
        self._wecom_api = wecom_api
        self._namespaces = namespaces
        self._templates = templates
        self._zone = zone
        self._sinks = sinks
        self._metrics = metrics

    def of_args(self, sinks: Sequence[SinkSettings]) -> list[Way]:
        """Return the ways of the args; of several that are alike each has an identity of its own."""
        identities: Counter[str] = Counter()
        ways = []
        for sink in sinks:
            identities[sink.identity] += 1
            again = identities[sink.identity]
            own = replace(sink, identity=f"{sink.identity}#{again}") if again > 1 else sink
            ways.append(self.way(own, str(sink.template) if sink.template else None, ""))
        return ways

    def way(self, sink: SinkSettings, template: str | None, namespace: str) -> Way:
        """Return a sink's way. ``template``: its name. ``namespace``: the only one that it is for, empty: any."""
        sink = sink.by_way_of(self._wecom_api)
        for counter in (self._metrics.matched, self._metrics.told):
            counter.labels(route=sink.name)
        for reason in (*DROP_REASONS, SILENCED, EXPIRED):
            self._metrics.dropped.labels(route=sink.name, reason=reason)
        target, namespaces = sink.target, self._namespaces
        if sink.mention_owner or sink.filter.namespace_selector:
            namespaces.wanted.set()
        owners = namespaces.owners if sink.mention_owner else _nobody
        made = self._sinks.sink(target)
        return Way(
            settings=sink,
            route=Route(
                name=sink.name,
                filter=EventFilter(sink.filter, labels_of=namespaces.labels),
                destination=target.destination,
            ),
            identity=sink.identity,
            terms=Terms(
                route=sink.name,
                wording=build_wording(
                    sink, template, self._templates, self._zone, owners=owners, made=made, now=self._now
                ),
                sink=made,
                repeat_interval=sink.repeat_interval,
                group_wait=sink.group_wait,
            ),
            template=template,
            merges=bodies_of(target) is not None,
            namespace=namespace,
            default=sink.default,
        )


def _nobody(_namespace: str) -> tuple[str, ...]:
    return ()
