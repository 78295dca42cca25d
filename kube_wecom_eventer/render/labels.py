"""The words of the built-in messages, in each language. The only place for them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """``between`` stands between a label and its value; ``times`` takes the count, ``digest`` the number of groups,
    ``more`` their sums; ``alerts`` is ``digest`` for alerts, ``lasted`` takes a duration. A card shows 5 signs of a
    label."""

    event: str
    namespace: str
    time: str
    count: str
    times: str
    source: str
    cluster: str
    label: str
    part: str
    between: str
    help_url: str
    digest: str
    more: str
    other: str
    comma: str
    alerts: str
    firing: str
    resolved: str
    lasted: str
    severity: str
    began: str
    ended: str
    runbook: str
    others: str


LABELS = {
    "zh": Labels(
        event="事件",
        namespace="命名空间",
        time="时间",
        count="发生次数",
        times="{count} 次",
        source="来源",
        cluster="集群",
        label="标签",
        part="位置",
        between="：",
        help_url="https://kubernetes.io/zh-cn/docs/tasks/debug/",
        digest="{groups} 组事件",
        more="其余：{sums}",
        other="其他",
        comma="，",
        alerts="{groups} 组告警",
        firing="告警",
        resolved="已恢复",
        lasted="持续 {time}",
        severity="级别",
        began="开始",
        ended="恢复",
        runbook="手册",
        others="其他标签",
    ),
    "en": Labels(
        event="Event",
        namespace="Namespace",
        time="Time",
        count="Happened",
        times="{count} times",
        source="Source",
        cluster="Cluster",
        label="Label",
        part="Part",
        between=": ",
        help_url="https://kubernetes.io/docs/tasks/debug/",
        digest="{groups} groups of events",
        more="The rest: {sums}",
        other="other",
        comma=", ",
        alerts="{groups} groups of alerts",
        firing="Firing",
        resolved="Resolved",
        lasted="after {time}",
        severity="Severity",
        began="Since",
        ended="Until",
        runbook="Runbook",
        others="Labels",
    ),
}


def labels(lang: str) -> Labels:
    """Return the words of a language; Chinese where it is not known."""
    return LABELS.get(lang, LABELS["zh"])
