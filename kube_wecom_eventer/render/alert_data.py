"""What Alertmanager's templates are made for: the data of one notification, over the alerts of one message.

Source: https://prometheus.io/docs/alerting/latest/notifications/#data
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from kube_wecom_eventer.alert import FIRING, RESOLVED, Alert

Labels = Mapping[str, str]
_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertData:
    """``now``: the time to which a template counts."""

    receiver: str
    status: str
    alerts: tuple[Alert, ...]
    group_labels: Labels
    common_labels: Labels
    common_annotations: Labels
    external_url: str
    now: datetime


def alert_data(alerts: Sequence[Alert], *, now: datetime) -> AlertData:
    """Return the data of alerts, at least one, that one message tells.

    They may come from several groups of Alertmanager's: the labels that these have in common are the group's then, the
    rest is the first one's.
    """
    groups = [alert.group for alert in alerts]
    return AlertData(
        receiver=groups[0].receiver,
        status=RESOLVED if all(alert.resolved for alert in alerts) else FIRING,
        alerts=tuple(alerts),
        group_labels=_common(groups, lambda group: group.labels),
        common_labels=_common(alerts, lambda alert: alert.labels),
        common_annotations=_common(alerts, lambda alert: alert.annotations),
        external_url=groups[0].external_url,
        now=now,
    )


def _common(items: Sequence[_Item], labels: Callable[[_Item], Labels]) -> Labels:
    common = dict(labels(items[0]))
    for item in items[1:]:
        others = labels(item)
        common = {name: value for name, value in common.items() if others.get(name) == value}
    return common
