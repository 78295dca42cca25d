from __future__ import annotations

import msgspec
import pytest

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


@pytest.mark.parametrize("place", ["involvedObject", "related", "source", ""])
def test_whatever_text_is_long_what_waits_is_small(place: str) -> None:
    """The API server takes a megabyte in each of them, from whoever may write events; its own names stay."""
    long = "x" * 1_000_000
    texts = {
        "involvedObject": ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"),
        "source": ("component", "host"),
        "": ("action", "reportingComponent", "reportingInstance"),
    }
    for name in texts.get(place, texts["involvedObject"]):
        event = make_event(**({place: {name: long}} if place else {name: long}))
        kept = notification(event, Terms(route="r", wording=LogWording(), sink=ScriptedSink()), received_at=0.0).event
        assert len(msgspec.json.encode(kept)) < 4000
        assert (kept.identity, kept.reason, kept.message) == (event.identity, event.reason, event.message)


def test_usual_names_are_kept() -> None:
    """Also where all of them are as long as they may be."""
    about = dict.fromkeys(("kind", "namespace", "name"), "n" * 253)
    event = make_event(involvedObject=about)
    assert (
        notification(event, Terms(route="r", wording=LogWording(), sink=ScriptedSink()), received_at=0.0).event is event
    )
