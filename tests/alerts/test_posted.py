"""What is posted becomes alerts, or a reason why it is none."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kube_wecom_eventer.alert import Alert, alert_event
from kube_wecom_eventer.alerts.posted import MOST_ALERTS, NoAlerts, Posted, read_posted
from kube_wecom_eventer.alerts.told import ToldAlerts
from kube_wecom_eventer.kube.stored_alerts import StoredAlerts, stored_alerts
from tests.support.alerts import START, listed, make_alert, webhook, written

NOW = START + timedelta(hours=1)


def read(body: Any) -> Posted:
    return read_posted(json.dumps(body).encode(), now=NOW)


def test_alertmanagers_webhook_is_read() -> None:
    """Version 4, with its group, its fingerprints and the status of each."""
    posted = read(webhook(make_alert(), make_alert(lasted=timedelta(minutes=5)), truncatedAlerts=2))
    fires, over = posted.alerts
    assert (fires.status, fires.ends_at, fires.fingerprint) == ("firing", None, "a4c6c4f7a49ca0ae")
    assert (over.status, over.ends_at, over.lasted) == ("resolved", START + timedelta(minutes=5), timedelta(minutes=5))
    assert fires.group is over.group
    assert (fires.group.receiver, fires.group.labels) == ("wecom", {"alertname": "HighLatency"})
    assert fires.group.external_url == "http://alertmanager:9093"
    assert (posted.problems, posted.left_out, posted.listed) == ((), 2, False)


def test_prometheus_list_is_read() -> None:
    """It has no status: an end that has passed says that the alert is over, one ahead that it fires until then."""
    posted = read(listed(make_alert(), make_alert(lasted=timedelta(minutes=5)), until=NOW + timedelta(minutes=4)))
    assert [alert.status for alert in posted.alerts] == ["firing", "resolved"]
    assert posted.alerts[0].ends_at == NOW + timedelta(minutes=4)
    assert posted.listed


def test_notification_managers_example_is_read() -> None:
    """As KubeSphere's Alertmanager posts it to /api/v2/alerts: nanoseconds, Go's zero time, no version."""
    body = {
        "receiver": "Critical",
        "status": "firing",
        "alerts": [
            {
                "status": "firing",
                "labels": {"alertname": "KubePodCrashLooping", "namespace": "pp1", "pod": "dd1-0"},
                "annotations": {"message": "Pod is restarting"},
                "startsAt": "2020-02-26T07:05:04.989876849Z",
                "endsAt": "0001-01-01T00:00:00Z",
                "generatorURL": "http://prometheus-k8s-0:9090/graph?g0.expr=x\u0026g0.tab=1",
                "fingerprint": "a4c6c4f7a49ca0ae",
            }
        ],
        "groupLabels": {"alertname": "KubePodCrashLooping", "namespace": "pp1"},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager-main-2:9093",
    }
    (alert,) = read(body).alerts
    assert alert.starts_at.replace(microsecond=0) == datetime(2020, 2, 26, 7, 5, 4, tzinfo=UTC)
    assert alert.ends_at is None
    assert alert.generator_url.endswith("x&g0.tab=1")


@pytest.mark.parametrize(
    ("changes", "status", "starts_at", "ends_at"),
    [
        ({"startsAt": None}, "firing", NOW, None),
        ({"startsAt": "0001-01-01T00:00:00Z"}, "firing", NOW, None),
        ({"startsAt": "2026-11-20T10:00:00"}, "firing", START, None),
        ({"startsAt": "2026-11-20T18:00:00+08:00"}, "firing", START, None),
        ({"startsAt": "9999-12-31T23:59:59Z"}, "firing", NOW, None),
        ({"startsAt": None, "endsAt": "2026-11-20T10:30:00Z"}, "resolved", START + timedelta(minutes=30), None),
        ({"endsAt": "2026-11-20T11:00:00Z"}, "resolved", START, NOW),
        ({"endsAt": "2026-11-20T11:00:01Z"}, "firing", START, NOW + timedelta(seconds=1)),
        ({"status": "resolved"}, "resolved", START, NOW),
        ({"status": "suppressed"}, "firing", START, None),
    ],
)
def test_times_that_are_missing_are_found(
    changes: dict[str, Any], status: str, starts_at: datetime, ends_at: datetime | None
) -> None:
    """As Alertmanager finds them: a start is the end, else now; what no clock says is missing."""
    body = {**listed(make_alert())[0], **changes}
    (alert,) = read([body]).alerts
    assert (alert.status, alert.starts_at) == (status, starts_at)
    assert alert.ends_at == (ends_at or (starts_at if changes.get("endsAt") else None))


def test_one_bad_alert_leaves_the_others_alone() -> None:
    """It is told which ones are none, and why; a label that is empty is no label."""
    good = written(make_alert(labels={"empty": ""}))
    bad: list[Any] = [{}, {"labels": {}}, {"labels": {"a": 1}}, {"labels": {"a": ""}}, "x", {"labels": {"": "b"}}]
    bad += [{**good, "startsAt": "yesterday"}]
    posted = read({"alerts": [*bad, good]})
    assert [alert.labels["alertname"] for alert in posted.alerts] == ["HighLatency"]
    assert [problem.partition(":")[0] for problem in posted.problems[:5]] == [f"alerts[{n}]" for n in range(5)]
    assert posted.problems[5:] == ("and 2 more",)


@pytest.mark.parametrize("body", [b"", b"null", b"1", b'"x"', b"{", b"{}", b'{"alerts": 1}', b"\xff\xfe", b"[", b"[1"])
def test_what_is_no_alerts_is_refused(body: bytes) -> None:
    """With a reason."""
    with pytest.raises(NoAlerts, match="the body is not"):
        read_posted(body, now=NOW)


def test_deep_json_is_refused() -> None:
    """It does not end the process."""
    with pytest.raises(NoAlerts):
        read_posted(b"[" * 100_000, now=NOW)
    nested = b'{"alerts": [' + b'{"labels": {"a": ' * 5000 + b"}" * 5000 + b"]}"
    with pytest.raises(NoAlerts):
        read_posted(nested, now=NOW)


def test_too_many_alerts_are_refused() -> None:
    """A group of thousands is no message; Alertmanager can be told to send smaller groups."""
    body = b"[" + b",".join([b'{"labels":{"a":"b"}}'] * (MOST_ALERTS + 1)) + b"]"
    with pytest.raises(NoAlerts, match="5001 alerts in one request; at most 5000"):
        read_posted(body, now=NOW)


def test_what_is_cut_off_still_tells_alerts_apart() -> None:
    """Otherwise the second one would be taken for a repetition of the first, and be told by nobody."""
    names = {f"a{number:02}": "v" for number in range(64)}
    path = "/very/long/path" * 100
    posted = [
        {"labels": labels}
        for labels in ({**names, "z": "1"}, {**names, "z": "2"}, {"p": f"{path}1"}, {"p": f"{path}2"})
    ]
    alerts = read(posted).alerts
    assert len({alert.identity for alert in alerts}) == 4
    again = [msgspec.json.decode(msgspec.json.encode(alert), type=Alert) for alert in alerts]
    assert [alert.identity for alert in again] == [alert.identity for alert in read(posted).alerts]
    assert [alert_event(alert).metadata.uid for alert in again] == [f"{alert.identity:012x}" for alert in alerts]


def test_an_impossible_number_is_a_large_one() -> None:
    """A counter can't be raised by a number of 400 digits."""
    assert read(webhook(make_alert(), truncatedAlerts=10**400)).left_out == 1_000_000


@pytest.mark.parametrize("written_at", ["1970-01-01T00:00:00+14:00", "1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z"])
def test_a_time_that_no_checkpoint_holds_is_none(written_at: str) -> None:
    """What was told is stored in seconds since 1970: fewer than 0 would make the whole checkpoint unreadable."""
    (alert,) = read([{"labels": {"a": "b"}, "startsAt": written_at}]).alerts
    assert alert.starts_at == NOW
    told = ToldAlerts()
    told.note("r", alert.identity, alert, now=NOW.timestamp())
    stored = stored_alerts([], told.entries(1))
    assert msgspec.json.decode(msgspec.json.encode(stored), type=StoredAlerts) == stored


def size(alert: Alert) -> int:
    """Return the bytes of all texts of an alert."""
    texts = [text for table in (alert.labels, alert.annotations) for pair in table.items() for text in pair]
    return sum(len(text.encode(errors="replace")) for text in (*texts, alert.generator_url, alert.fingerprint))


_TEXT = st.text(st.characters(codec="utf-8"), max_size=20) | st.sampled_from(["x" * 30_000, "错" * 9_000, "\x00"])


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    labels=st.dictionaries(_TEXT, _TEXT, max_size=90),
    annotations=st.dictionaries(_TEXT, _TEXT, max_size=90),
    url=_TEXT,
)
def test_whatever_an_alert_holds_its_memory_is_bounded(
    labels: dict[str, str], annotations: dict[str, str], url: str
) -> None:
    """Values are cut with a mark, beyond 64 names the rest is left out, and a long URL is left out."""
    body = [{"labels": {"alertname": "A", **labels}, "annotations": annotations, "generatorURL": url}]
    for alert in read(body).alerts:
        assert size(alert) < 40_000
        assert len(alert.labels) <= 64
        for table in (alert.labels, alert.annotations):
            assert sum(len(value.encode(errors="replace")) for value in table.values()) <= 8192 + 64 * 3
        assert isinstance(alert.identity, int)
