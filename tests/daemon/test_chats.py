"""The daemon tells by an application of WeCom and by a robot of DingTalk, as it does by a robot of WeCom."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from kube_wecom_eventer.demo.chat import Chat
from kube_wecom_eventer.demo.dingtalk import Robot
from kube_wecom_eventer.demo.faults import Answer, Reset, path_contains
from kube_wecom_eventer.demo.wecom_application import Application
from tests.daemon.conftest import Demo, Pipeline, until
from tests.daemon.office import AGENT, CORP, MEMBERS, SECRET, SIGN, TOKEN, Office, open_office
from tests.daemon.test_check import check
from tests.support.daemon import PATIENCE, DaemonProcess


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    """Both chats."""
    async with open_office() as both:
        yield both


async def write(pipeline: Pipeline, kind: str, name: str, **body: Any) -> None:
    """Write an object of the test's namespace."""
    client, path = pipeline.server.client, f"/api/v1/namespaces/{pipeline.server.namespace}/{kind}"
    metadata = {"name": name, **body.pop("metadata", {})}
    answer = await client.post(path, json={"metadata": metadata, **body})
    if answer.status_code == 409:
        answer = await client.put(f"{path}/{name}", json={"metadata": metadata, **body})
    assert answer.is_success, answer.text


async def secret(pipeline: Pipeline, name: str, **fields: str) -> None:
    """Write a Secret of the test's namespace."""
    data = {field: base64.b64encode(value.encode()).decode() for field, value in fields.items()}
    await write(pipeline, "secrets", name, data=data)


async def first_line(chat: Chat) -> str:
    """Return the first line of the next message, without the signs that nobody sees."""
    return (await chat.next_message(timeout=PATIENCE)).content.split("\n")[0].strip("\u200b\u200c")


def shows_no_secret(*texts: str) -> None:
    """Assert that no secret and no half of one is in any of these."""
    for text in texts:
        for secret in (SECRET, TOKEN, SIGN, "token-1"):
            assert secret[:8] not in text
            assert secret[-8:] not in text


async def test_an_event_reaches_members_and_a_group(demo: Demo, office: Office) -> None:
    """Each in its chat's way, with its labels; neither shows a secret anywhere."""
    sinks = (
        office.application("&to_user=wangqing&to_party=2&label=prod-gz&lang=en"),
        office.robot(f"&sign={SIGN}&label=prod-gz&msg_type=markdown&mentioned_mobile_list=13800001111"),
    )
    async with demo.daemon(*(f"--sink={sink}" for sink in sinks), "-v=1") as daemon:
        await demo.watched()
        demo.event("One", message="it <@all> 'failed'")
        assert await first_line(office.company) == "⚠️ One · Pod default/api-7d4b9"
        message = await office.ding.next_message(timeout=PATIENCE)
        assert message.content.startswith("### ⚠️ One · Pod default/api-7d4b9\n")
        assert message.mentions == ("13800001111",)
        assert set(office.company.inboxes) == {"wangqing", "zhaoli"}
        assert "Label: prod-gz\nit <\u200b@all> 'failed'" in office.company.inboxes["wangqing"][0]
        lines = [line for line in daemon.logs if line["event"] == "route"]
        assert lines[0]["destination"].startswith(f"wechat-{CORP}-{AGENT}-")
        assert lines[0]["receivers"] == ["wangqing", "party 2"]
        async with await daemon.ready() as http:
            shows_no_secret((await http.get("/metrics")).text, (await http.get("/routes")).text)
        assert await daemon.stop() == 0
        shows_no_secret(daemon.output)


async def test_routes_of_one_application_share_its_token(demo: Demo, office: Office) -> None:
    """It is asked for once, and once more when WeCom ends it before its time; nothing is lost by that."""
    sinks = [
        office.application(f"&reason=^{reason}&to_user={user}") for reason, user in zip("AB", MEMBERS, strict=False)
    ]
    async with demo.daemon(*(f"--sink={sink}" for sink in sinks)) as daemon:
        await demo.watched()
        for reason in ("A1", "B1", "A2"):
            demo.event(reason)
            assert (await first_line(office.company)).split()[1] == reason
        office.company.end_tokens()
        for reason in ("B2", "A3"):
            demo.event(reason)
            assert (await first_line(office.company)).split()[1] == reason
        assert [errcode for _, errcode in office.company.asked] == [0, 0]
        assert [each.errcode for each in office.company.refused] == [40014]
        assert await daemon.metric("messages_retried_total", destination=destination_of(daemon)) == 0


def destination_of(daemon: DaemonProcess) -> str:
    """Return the destination of the first route."""
    return str(next(line["destination"] for line in daemon.logs if line["event"] == "route"))


async def test_an_answer_that_is_lost_makes_nobody_read_it_twice(demo: Demo, office: Office) -> None:
    """The same request is sent again, and WeCom knows it; an event with the same words is another message."""
    office.company.faults.plan(Reset(accepts=True), when=path_contains("message"))
    template = '{"msgtype":"text","text":{"content":"{{ .Reason }}"}}'
    demo.config_map("cm", template)
    async with demo.daemon(f"--sink={office.application('&custom_body_configmap=cm')}") as daemon:
        await demo.watched("events", "configmaps")
        for count in (1, 2):
            demo.event("Same", count=count)
            await daemon.log("destination_recovered")
            await until(lambda count=count: len(office.company.messages) == count)  # type: ignore[misc]
    read = [content.strip("\u200b\u200c") for content in office.company.inboxes["lina"]]
    assert read == ["Same", "Same"]
    assert (office.company.duplicates, len(office.company.requests)) == (1, 3)


async def test_receivers_who_are_not_there_are_said_once_a_change(demo: Demo, office: Office) -> None:
    """The others are told; the log names the missing, the metric counts them."""
    async with demo.daemon(f"--sink={office.application('&to_user=wangqing,gone,Left')}") as daemon:
        await demo.watched()
        for reason in ("One", "Two"):
            demo.event(reason)
            await first_line(office.company)
        line = await daemon.log("receivers_missed", route="sink-1")
        assert (line["level"], line["receivers"]) == ("warning", ["gone", "left"])
        assert await daemon.metric("receivers_missed", route="sink-1") == 2
        office.company.add(AGENT, Application(secret=SECRET, members=(*MEMBERS, "gone", "left")))
        demo.event("Three")
        await daemon.log("receivers_reached_again", route="sink-1")
        assert await daemon.metric("receivers_missed", route="sink-1") == 0
        assert len([each for each in daemon.logs if each["event"] == "receivers_missed"]) == 1


async def test_an_application_that_reaches_nobody_is_broken(demo: Demo, office: Office) -> None:
    """Said in words, with what to look at."""
    async with demo.daemon(f"--sink={office.application('&to_user=gone')}") as daemon, await daemon.ready() as http:
        await demo.watched()
        demo.event("One")
        line = await daemon.log("destination_broken")
        assert line["detail"].startswith("errcode 81013: none of the receivers can be reached")
        assert (await http.get("/readyz")).json()["destinations_in_trouble"] == {destination_of(daemon): line["detail"]}


async def test_a_wrong_secret_is_asked_with_once_a_minute_at_most(demo: Demo, office: Office) -> None:
    """However many routes and events: the address would be shut out. A route with the right one is not held up."""
    wrong = [office.application(f"&route=wrong-{number}", secret="corp_secret=wrong-secret") for number in range(3)]
    sinks = (*wrong, office.application("&to_user=lina&route=good"))
    async with demo.daemon(*(f"--sink={sink}" for sink in sinks)) as daemon:
        await demo.watched()
        for number in range(5):
            demo.event(f"R{number}")
        line = await daemon.log("destination_broken")
        assert line["detail"] == "gettoken: errcode 40001: the secret is wrong (invalid credential)"
        await until(lambda: len(office.company.inboxes["lina"]) >= 2)
        assert [errcode for _, errcode in office.company.asked].count(40001) == 1
        assert "wrong-se" not in daemon.output


async def test_a_burst_is_told_in_digests_and_no_member_misses_anything(demo: Demo, office: Office) -> None:
    """What is over a member's limit is dropped by WeCom without a word: so it never gets there."""
    async with demo.daemon(f"--sink={office.application()}", f"--sink={office.robot()}") as daemon:
        await demo.watched()
        for number in range(60):
            demo.event(f"Reason{number}", metadata={"namespace": "default", "name": f"e{number}"})
        for route in ("sink-1", "sink-2"):
            while await daemon.metric("events_told_total", route=route) < 60:
                await office.company.next_message(timeout=PATIENCE)
    assert office.company.dropped == []
    assert len(office.company.inboxes["lina"]) < 20
    assert "组事件" in office.company.inboxes["lina"][-1]
    assert not [each for each in office.ding.refused if each.errcode == 410100]


async def test_a_robot_that_is_not_signed_for_says_what_to_write(demo: Demo, office: Office) -> None:
    """The three ways to secure one; it goes on when they fit."""
    async with demo.daemon(f"--sink={office.robot('')}") as daemon:
        await demo.watched()
        demo.event("One")
        line = await daemon.log("destination_broken")
        assert line["detail"].endswith("(sign not match)")
        assert "label=" in line["detail"]
        shows_no_secret(daemon.output)


async def test_a_keyword_stands_in_each_message(demo: Demo, office: Office) -> None:
    """In a single one and in a digest."""
    office.ding.add_robot(TOKEN, Robot(keywords=("k8s-prod",)))
    async with demo.daemon(f"--sink={office.robot('&label=k8s-prod')}") as daemon:
        await demo.watched()
        for number in range(10):
            demo.event(f"Reason{number}")
        while await daemon.metric("events_told_total", route="sink-1") < 10:
            await office.ding.next_message(timeout=PATIENCE)
    assert not office.ding.refused


async def test_a_page_from_in_between_is_no_answer(demo: Demo, office: Office) -> None:
    """Neither to gettoken nor to a message, nor for DingTalk."""
    page = Answer(status=200, body=b"<html>Please log in</html>", content_type="text/html")
    for chat, path in ((office.company, "gettoken"), (office.company, "message"), (office.ding, "robot")):
        chat.faults.plan(page, when=path_contains(path))
    async with demo.daemon(f"--sink={office.application()}", f"--sink={office.robot()}") as daemon:
        await demo.watched()
        demo.event("One")
        for chat in (office.company, office.ding):
            assert "One" in await first_line(chat)
        lines = [line["detail"] for line in daemon.logs if line["event"] == "destination_retry"]
        assert sorted(line.partition("HTTP")[0] for line in lines) == ["", "gettoken: "]


async def test_a_namespace_declares_both_with_secrets_of_its_own(pipeline: Pipeline, office: Office) -> None:
    """Read when a message leaves; a rotated one is used at once. Hosts are the platform's to allow."""
    namespace = pipeline.server.namespace
    await secret(pipeline, "wechat", corp_secret=SECRET)
    await secret(pipeline, "ding", access_token=TOKEN, sign=SIGN)
    sinks = {
        "sink.members": office.application("&to_user=lina", secret="corp_secret_secret=wechat"),
        "sink.group": office.robot("&sign_secret=ding", token="access_token_secret=ding"),
        "sink.elsewhere": "dingtalk:https://oapi.dingtalk.com/robot/send?access_token_secret=ding",
    }
    labels = {"kube-wecom-eventer.io/route": "true"}
    await write(pipeline, "configmaps", "chats", metadata={"labels": labels}, data=sinks)
    hosts = ",".join(urlsplit(url).netloc for url in (office.company_url, office.ding_url))
    arguments = ("--namespace-routes", f"--route-allowed-hosts={hosts}", "--checkpoint=none")
    async with pipeline.daemon(*arguments) as daemon, await daemon.ready() as http:
        for part in ("members", "group"):
            await daemon.log("route_declared", route=f"{namespace}/chats/{part}")
        refused = await daemon.log("route_refused", route=f"{namespace}/chats/elsewhere")
        assert refused["problem"].startswith("oapi.dingtalk.com: declared routes may not send there")
        await pipeline.event("one", reason="One")
        for chat in (office.company, office.ding):
            assert "One" in await first_line(chat)
        office.company.add(AGENT, Application(secret="rotated-secret", members=MEMBERS))
        office.ding.remove_robot(TOKEN)
        office.ding.add_robot("rotated-token", Robot(secret="SECrotated"))
        await secret(pipeline, "wechat", corp_secret="rotated-secret")
        await secret(pipeline, "ding", access_token="rotated-token", sign="SECrotated")
        # An answer of the API server's holds for a second.
        await asyncio.sleep(1.1)
        await pipeline.event("two", reason="Two")
        for chat in (office.company, office.ding):
            assert "Two" in await first_line(chat)
        routes = json.dumps((await http.get("/routes")).json())
        shows_no_secret(daemon.output, routes)
        for text in (daemon.output, routes):
            assert "rotated" not in text


async def test_the_command_check_says_what_each_chat_answers(pipeline: Pipeline, office: Office) -> None:
    """A test message to each; who is not reached, and what is wrong, in words; it mentions nobody."""
    sinks = (
        office.application("&to_user=lina,gone&label=gz"),
        office.robot(f"&sign={SIGN}&mentioned_list=@all&msg_type=markdown"),
        office.application("&to_user=lina", secret="corp_secret=wrong-secret"),
    )
    checked = await check(pipeline, *(f"--sink={sink}" for sink in sinks), "--send-test")
    assert checked.status == 1
    wrong = "gettoken: errcode 40001: the secret is wrong (invalid credential)"
    assert "WeCom takes the application's secret" in checked.about("sink-1", "✓")
    assert checked.about("sink-1")[-2].startswith("the test message was accepted by http://")
    assert checked.about("sink-1", "✗") == ["it did not reach gone"]
    assert checked.about("sink-2")[-1].startswith("the test message was accepted by http://")
    assert [text.rpartition("send: ")[2] for text in checked.about("sink-3", "✗")] == [wrong, wrong]
    assert [errcode for _, errcode in office.company.asked] == [0, 40001]
    assert "标签：gz" in office.company.inboxes["lina"][0]
    assert office.ding.messages[0].mentions == ()
    shows_no_secret(json.dumps(checked.findings))


async def test_the_command_check_reads_each_secret_and_tells_nobody(pipeline: Pipeline, office: Office) -> None:
    """Whether the application's is right is known without a message; what is missing is named with the right to it."""
    namespace = pipeline.server.namespace
    await secret(pipeline, "wechat", corp_secret=SECRET)
    await secret(pipeline, "ding", access_token=TOKEN)
    sinks = (
        office.application(secret=f"corp_secret_secret={namespace}/wechat"),
        office.robot(f"&sign_secret={namespace}/ding", token=f"access_token_secret={namespace}/ding"),
    )
    checked = await check(pipeline, *(f"--sink={sink}" for sink in sinks))
    assert checked.about("sink-1", "✓")[-2:] == [
        f"Secret {namespace}/wechat/corp_secret holds a key",
        "WeCom takes the application's secret",
    ]
    assert checked.about("sink-2", "✗") == [
        f"Secret {namespace}/ding has no field 'sign', only 'access_token'; name one of these, or add the field"
    ]
    for name in ("wechat", "ding"):
        assert checked.about(f"get secrets {name} in {namespace}") == ["granted"]
    assert not office.company.requests
    assert not office.ding.requests


async def test_the_command_check_says_one_trouble_once(pipeline: Pipeline) -> None:
    """An address that can't be reached hides no missing Secret, and is not said again for the application's secret."""
    namespace = pipeline.server.namespace
    await secret(pipeline, "wechat", corp_secret=SECRET)
    sinks = [
        f"--sink=wechat:?corp_id={CORP}&agent_id={AGENT}&api=http://127.0.0.1:9&corp_secret_secret={namespace}/{name}"
        for name in ("wechat", "missing")
    ]
    checked = await check(pipeline, *sinks)
    assert "can't be reached" in checked.marked("✗")[0]
    assert checked.about("sink-1", "✓")[-1] == f"Secret {namespace}/wechat/corp_secret holds a key"
    assert checked.marked("✗")[1:] == [
        f"sink-2: Secret {namespace}/missing: there is none; create it, with the field 'corp_secret'"
    ]
