"""The samples are events as the components write them."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from kube_wecom_eventer.event import Event
from kube_wecom_eventer.render.samples import DEFAULT, sample_events, samples

NOW = datetime(2026, 11, 20, 1, 2, 3, 456789, tzinfo=UTC)
EVENTS = sample_events(NOW)


def test_each_sample_has_a_name_and_says_why_one_would_take_it() -> None:
    """The usual one comes first."""
    assert next(iter(EVENTS)) == DEFAULT
    assert all(sample.about for sample in samples().values())


@pytest.mark.parametrize("name", EVENTS)
def test_a_sample_passes_for_an_event_of_the_api(name: str) -> None:
    """As JSON it is read as what it is; it happened now, and its objects have names that Kubernetes allows."""
    event = EVENTS[name]
    assert msgspec.json.decode(msgspec.json.encode(event), type=Event) == event
    assert event.happened_at is not None
    assert (NOW - event.happened_at).total_seconds() < 1
    assert event.involved_object.name.replace("-", "").isalnum()
    assert event.metadata.name.startswith(event.involved_object.name + ".")
    assert event.metadata.namespace == (event.involved_object.namespace or "default")


def test_the_schedulers_have_what_it_writes_through_events_k8s_io() -> None:
    """No first and last time, no count, an empty source; when it repeats, a series."""
    for name in ("failed-scheduling", "series"):
        event = EVENTS[name]
        assert (event.first_timestamp, event.last_timestamp, event.count, event.source.component) == (None, None, 0, "")
        assert (event.action, event.reporting_component) == ("Scheduling", "default-scheduler")
    assert EVENTS["failed-scheduling"].series is None
    assert EVENTS["series"].occurrences == 12


def test_a_probes_output_is_at_most_as_long_as_the_kubelet_lets_it_be() -> None:
    """10 KiB: more than any message of WeCom holds."""
    assert len(EVENTS["huge"].message.encode()) == 10_240


def test_the_others_hold_what_they_say() -> None:
    """What templates trip over."""
    assert all(sign in EVENTS["unhealthy"].message for sign in ('"', "\n", "\\"))
    assert EVENTS["node-not-ready"].involved_object.namespace == ""
    assert all(sign in EVENTS["hostile"].message for sign in ("<@all>", "\x00", '"}}', "```"))
    assert not EVENTS["emoji"].message.isascii()
