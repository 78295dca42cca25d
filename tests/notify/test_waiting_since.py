from __future__ import annotations

import asyncio

import pytest

from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.notify import Dispatcher, MergingPending, NoPace, OneByOne, Terms, notification
from kube_wecom_eventer.notify.pending import Pending
from kube_wecom_eventer.render import LogWording
from kube_wecom_eventer.sinks import Outcome, Verdict
from tests.support.events import make_event
from tests.support.scripted import ScriptedSink
from tests.support.virtual_time import virtual_time

RETRY = Outcome(verdict=Verdict.RETRY, reason="timeout", detail="no answer", wait=100.0)


@pytest.mark.parametrize("pending", [MergingPending, OneByOne])
def test_it_is_the_arrival_of_the_oldest_that_is_not_told(pending: type[Pending]) -> None:
    """Also of one that is just being tried; nothing where nothing waits."""

    @virtual_time
    async def scenario() -> None:
        now = asyncio.get_running_loop().time
        terms = Terms(route="r", wording=LogWording(), sink=ScriptedSink([RETRY, RETRY]))
        dispatcher = Dispatcher(destination="d", pending=pending(), metrics=Metrics(), pace=NoPace())

        def since() -> float | None:
            return dispatcher.waiting_since

        assert since() is None
        first = now()
        for reason in ("First", "Second"):
            dispatcher.offer(notification(make_event(reason=reason), terms, received_at=now()))
            await asyncio.sleep(10)
        assert since() == first
        running = asyncio.create_task(dispatcher.run())
        await asyncio.sleep(50)
        assert since() == first
        await dispatcher.drained()
        assert since() is None
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    scenario()
