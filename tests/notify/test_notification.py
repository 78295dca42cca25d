from __future__ import annotations

from kube_wecom_eventer.notify import Terms, notification
from kube_wecom_eventer.render import LogWording
from tests.support.events import make_event
from tests.support.scripted import ScriptedSink


def test_a_waiting_event_holds_no_more_of_its_message_than_could_be_sent() -> None:
    """Ten thousand events of a megabyte each must not be kept whole."""
    long = make_event(message="错" * 1_000_000)
    terms = Terms(route="r", wording=LogWording(), sink=ScriptedSink())
    kept = notification(long, terms, received_at=0.0).event.message
    assert len(kept.encode()) <= 8192
    short = make_event(message="错" * 100)
    assert notification(short, terms, received_at=0.0).event is short
