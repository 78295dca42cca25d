from __future__ import annotations

import asyncio
import threading

import pytest

from kube_wecom_eventer.config import AppriseTarget, Secret
from kube_wecom_eventer.config.credential import Credential
from kube_wecom_eventer.sinks import AppriseService, Threads


async def test_a_call_returns_what_it_returns() -> None:
    """In the loop, though it ran elsewhere."""
    call = Threads().start(threading.get_ident)
    assert call is not None
    assert await call != threading.get_ident()


async def test_a_call_raises_what_it_raises() -> None:
    """For whoever waits for it."""
    call = Threads().start(lambda: 1 // 0)
    assert call is not None
    with pytest.raises(ZeroDivisionError):
        await call


async def test_no_more_than_so_many_run_and_one_that_ends_makes_room() -> None:
    """Whether or not somebody waits for it still."""
    threads, gate = Threads(most=1), threading.Event()
    first = threads.start(gate.wait)
    assert first is not None
    assert threads.start(gate.wait) is None
    first.cancel()
    assert threads.start(gate.wait) is None
    gate.set()
    async with asyncio.timeout(10):
        while threads.under_way:  # noqa: ASYNC110 nobody hears of a call that was given up
            await asyncio.sleep(0.001)
    second = threads.start(gate.wait)
    assert second is not None
    assert await second is True


async def test_one_namespaces_calls_leave_room_for_those_of_others() -> None:
    """Whatever its peer does, and however often its routes change."""
    threads, gate = Threads(most=4, most_of_one=2), threading.Event()
    calls = [threads.start(gate.wait, of=name) for name in ("payments", "payments", "payments", "shop", "", "shop")]
    assert [call is not None for call in calls] == [True, True, False, True, True, False]
    gate.set()
    async with asyncio.timeout(10):
        await asyncio.gather(*(call for call in calls if call))
    again = threads.start(gate.wait, of="payments")
    assert again is not None
    assert await again is True
    assert threads.under_way == 0


@pytest.mark.parametrize(("owner", "tenant"), [("payments", ""), ("", "payments")])
async def test_a_namespaces_sink_counts_as_the_namespaces(owner: str, tenant: str) -> None:
    """By a URL of its own, or by the platform's."""
    url = Secret("json://127.0.0.1/x")
    target = AppriseTarget(url=Credential(url), shown="", owner=owner, tenant=tenant)
    outcome = await AppriseService(target=target, read_url=lambda: _soon(url), threads=Threads(most_of_one=0)).ready()
    assert outcome is not None
    assert "too many calls are under way" in outcome.detail


async def _soon(url: Secret) -> Secret:
    return url


def test_a_call_that_hangs_keeps_no_loop_from_ending() -> None:
    """Nor the process, whose end a daemon's thread does not hold up."""
    gate = threading.Event()

    async def hang() -> None:
        call = Threads().start(gate.wait)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await asyncio.shield(call or asyncio.get_running_loop().create_future())

    before = set(threading.enumerate())
    asyncio.run(hang())
    (thread,) = set(threading.enumerate()) - before
    assert thread.daemon
    gate.set()
    thread.join(10)
    assert not thread.is_alive()
