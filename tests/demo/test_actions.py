"""What the page's buttons do to the cluster and to WeCom."""

from __future__ import annotations

import asyncio

import pytest

from kube_wecom_eventer.demo.actions import AWAY_EVENTS, CRASHES, STORM_EVENTS, NotNow
from kube_wecom_eventer.demo.asgi import Request
from kube_wecom_eventer.demo.resources import CONFIG_MAPS
from kube_wecom_eventer.demo.robots import TEMPLATE, TEMPLATE_NAMESPACE, broken_template, template
from kube_wecom_eventer.demo.store import Key
from kube_wecom_eventer.demo.texts import ENGLISH
from tests.demo.acting import Stage
from tests.demo.playing import until
from tests.support.virtual_time import virtual_time

REQUEST = Request(method="POST", path="/cgi-bin/webhook/send", query={}, headers={}, body=b"")


async def over(stage: Stage, name: str) -> None:
    """Press, and wait until the action is over."""
    stage.actions.press(name)
    await until(lambda: not stage.actions.states[name].running)


@virtual_time
async def test_a_storm_is_exactly_as_large_as_it_says() -> None:
    """All its events are selected, each of another pod, and its progress is told."""
    stage = Stage()

    await over(stage, "storm")

    assert len(stage.created) == STORM_EVENTS
    assert len({event["involvedObject"]["name"] for event in stage.created}) > STORM_EVENTS * 0.99
    assert all(any(robot.selects(event) for robot in stage.robots) for event in stage.created)
    assert stage.actions.states["storm"].progress == 1.0
    assert stage.changed > 50
    assert [note.name for note in stage.said] == ["storm", "storm_over"]


@virtual_time
async def test_a_crash_loop_is_one_event_whose_count_goes_up() -> None:
    """One name, one object, one text."""
    stage = Stage()

    await over(stage, "crash_loop")

    assert [event["count"] for event in stage.created] == list(range(1, CRASHES + 1))
    assert len({(event["metadata"]["name"], event["message"]) for event in stage.created}) == 1


@virtual_time
async def test_wecom_is_down_until_the_switch_is_turned_back() -> None:
    """Every request meets a 502; three events for each group wait."""
    stage = Stage()

    await over(stage, "wecom_down")

    fault = stage.wecom.faults.take(REQUEST)
    assert fault is not None
    assert fault.name == "HTTP 502"
    assert [stage.robots[0].selects(event) for event in stage.created] == [True, False] * 3
    assert not stage.actions.calm
    await over(stage, "wecom_down")
    assert stage.wecom.faults.take(REQUEST) is None
    assert stage.actions.calm


@virtual_time
async def test_a_template_is_broken_and_mended() -> None:
    """An event of the group comes when the daemon has taken the change, or should have."""
    stage = Stage()
    key = Key(CONFIG_MAPS.full_name, TEMPLATE_NAMESPACE, TEMPLATE)

    stage.actions.press("template_broken")
    await asyncio.sleep(1)
    assert stage.created == []
    stage.actions.template_loaded.set()
    await until(lambda: len(stage.created) == 1)
    assert stage.cluster.api.store.get(key)["data"]["content"] == broken_template(ENGLISH)
    await until(lambda: not stage.actions.states["template_broken"].running)
    stage.actions.press("template_broken")
    await until(lambda: len(stage.created) == 2, timeout=20)
    assert stage.cluster.api.store.get(key)["data"]["content"] == template(ENGLISH)
    assert [stage.robots[0].selects(event) for event in stage.created] == [True, True]


async def test_the_api_server_comes_back_on_its_port(monkeypatch: pytest.MonkeyPatch) -> None:
    """While it is away it refuses connections, and events happen all the same."""
    monkeypatch.setattr("kube_wecom_eventer.demo.actions.AWAY_SECONDS", 0.3)
    stage = Stage()
    await stage.cluster.port.open()
    url = stage.cluster.port.url
    port = int(url.rpartition(":")[2])
    try:
        stage.actions.press("api_restart")
        await asyncio.sleep(0.1)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
        await until(lambda: not stage.actions.states["api_restart"].running)
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()
        assert stage.cluster.port.url == url
        assert len(stage.created) == AWAY_EVENTS
    finally:
        await stage.actions.close()
        await stage.cluster.port.close()


@virtual_time
async def test_an_action_runs_once_at_a_time() -> None:
    """A second press while it runs is refused, and any press while the demo is not ready."""
    stage = Stage()
    stage.actions.press("storm")
    with pytest.raises(NotNow):
        stage.actions.press("storm")
    stage.actions.press("one_event")
    with pytest.raises(KeyError):
        stage.actions.press("rm_rf")
    await stage.actions.close()
    with pytest.raises(NotNow):
        stage.actions.press("one_event")


@virtual_time
async def test_the_end_turns_the_faults_off() -> None:
    """What waits can be told then: keys are back, WeCom answers, and what was under way has stopped."""
    stage = Stage()
    stage.actions.press("storm")
    await over(stage, "key_revoked")
    await over(stage, "wecom_down")

    await stage.actions.close()

    assert stage.wecom.faults.take(REQUEST) is None
    assert stage.robots[0].key in stage.wecom._keys
    made = len(stage.created)
    await asyncio.sleep(10)
    assert len(stage.created) == made < STORM_EVENTS
    assert not any(state.on or state.running for state in stage.actions.states.values())


async def test_an_event_that_anybody_writes_is_heard_of() -> None:
    """The cluster tells what kubectl writes, too; a ConfigMap is no event."""
    stage = Stage()
    involved = {"kind": "Pod", "namespace": "payments", "name": "p"}
    event = {"metadata": {"name": "mine", "namespace": "payments"}, "involvedObject": involved}

    stage.cluster.api.create_event(event)
    stage.cluster.set_config_map("default", "other", {"a": "b"})

    assert [each["metadata"]["name"] for each in stage.created] == ["mine"]
