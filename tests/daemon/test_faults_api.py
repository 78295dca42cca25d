"""The daemon while the API server fails, on the demo's server: nothing is lost, nothing is told twice, and it is said.

What the real server does: test_faults_cluster.py.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random

import certifi
import msgspec
import pytest

from kube_wecom_eventer.demo.api_server import ApiServer
from kube_wecom_eventer.demo.asgi import Request
from kube_wecom_eventer.demo.faults import Action, Answer, Hang, Reset
from kube_wecom_eventer.demo.serving import serve
from kube_wecom_eventer.demo.status import StatusError, forbidden, unauthorized
from kube_wecom_eventer.demo.store import ObjectStore
from tests.daemon.conftest import Demo, Group, lists_of, until, watches_of
from tests.support.daemon import DaemonProcess


def refused(error: StatusError) -> Answer:
    """Answer as the API server refuses."""
    return Answer(status=error.code, body=msgspec.json.encode(error.status))


PORTAL = Answer(status=200, body=b"<html>\n<body>\nPlease log in\n</body>\n</html>\n", content_type="text/html")
FAULTS: dict[str, Action] = {
    "500": refused(StatusError(500, "InternalError", "etcdserver: request timed out")),
    "429": Answer(status=429, body=b"Too many requests", content_type="text/plain", headers={"retry-after": "1"}),
    "401": refused(unauthorized()),
    "captive portal": PORTAL,
    "redirect": Answer(status=302, headers={"location": "http://portal.invalid/"}),
    "empty": Answer(status=200),
    "bad UTF-8": Answer(status=200, body=b'{"type":"ADDED","object":{"message":"\xff"},"metadata":{}}\n'),
    "reset": Reset(),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_a_list_or_watch_that_fails_costs_nothing(demo: Demo, fault: Action) -> None:
    """At the start, on the next list, on the next watch, the 500 twice: one warning a trouble, and each event."""
    plan, times = demo.api.faults.plan, 2 if fault is FAULTS["500"] else 1
    plan(fault, when=lists_of("events"), times=times)
    async with demo.daemon() as daemon:
        await demo.watched()
        for name, selected in (("OfList", lists_of("events")), ("OfWatch", watches_of("events"))):
            plan(fault, when=selected, times=times)
            demo.api.close_watches()
            await until(lambda: demo.api.open_watches("events") == 0)
            demo.event(name)
            assert await demo.told() == name
        await demo.nothing_else_is_told()
        assert await daemon.stop() == 0
        said = [line["event"] for line in daemon.logs if line["level"] == "warning"]
        if answers_200(fault):  # a watch's 200 is a watch; what its lines hold is another matter
            assert said[:2] == ["event_stream_interrupted"] * 2
            assert set(said[2:]) <= {"watch_line_unreadable"}
        else:
            assert said == ["event_stream_interrupted"] * 3


def answers_200(fault: Action) -> bool:
    """Tell the faults that a watch takes for one."""
    return isinstance(fault, Answer) and fault.status == 200 and fault is not PORTAL


def warnings_of(daemon: DaemonProcess) -> int:
    """Count the lines above info."""
    return sum(line["level"] != "info" for line in daemon.logs)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_an_edited_template_arrives_through_the_same_faults(demo: Demo, fault: Action) -> None:
    """The ConfigMap's list and watch fail, then the next message has the new words."""
    demo.config_map("cm", template("one"))
    async with demo.daemon(demo.group.sink("custom_body_configmap=cm")) as daemon:
        await demo.watched("events", "configmaps")
        demo.event("First")
        assert (await demo.group.message()).content == "one First"
        for words, selected in (("second", lists_of("configmaps")), ("the third", watches_of("configmaps"))):
            await demo.watched("configmaps")
            demo.api.faults.plan(fault, when=selected, times=2 if fault is FAULTS["500"] else 1)
            demo.api.close_watches()
            demo.config_map("cm", template(words))
            await daemon.log("template_loaded", length=len(template(words)))
            demo.event(words.replace(" ", ""))
            assert (await demo.group.message()).content.startswith(f"{words} ")
        assert await daemon.stop() == 0


def template(words: str) -> str:
    """Return the template of a text message."""
    return f'{{"msgtype":"text","text":{{"content":"{words} {{{{ .Reason }}}}"}}}}'


async def test_watches_that_are_closed_again_and_again(demo: Demo) -> None:
    """Events come before, while and after each close; each is told once, in order."""
    async with demo.daemon() as daemon:
        for number in range(6):
            await demo.watched()
            demo.event(f"Before{number}")
            demo.api.close_watches()
            demo.event(f"Between{number}")
            assert [await demo.told(), await demo.told()] == [f"Before{number}", f"Between{number}"]
        await demo.nothing_else_is_told()
        assert await daemon.metric("watch_restarts_total", reason="closed") == 6
        assert warnings_of(daemon) == 0


async def test_half_a_line_then_the_end(demo: Demo) -> None:
    """The event whose line was cut is told by the next watch, once."""
    async with demo.daemon() as daemon, await daemon.ready():
        for number in range(3):
            await demo.watched()
            demo.api.cut_watches()
            demo.event(f"Cut{number}")
            assert await demo.told() == f"Cut{number}"
        await demo.nothing_else_is_told()
        assert await daemon.metric("watch_restarts_total", reason="error") == 3
        assert await daemon.metric("watch_lines_unreadable_total") == 0


async def test_garbage_between_good_lines(demo: Demo) -> None:
    """Whatever a line holds, it costs that line alone: the watch goes on, and it is counted and said."""
    garbage = [
        b"",
        b'{"type":"ADDED","object":{"meta',
        b"\xff\xfe",
        b'{"object":{"reason":"\xff"}}',
        b"[" * 5000,
        b"null",
    ]
    garbage += [b'{"type":"ERROR","object":{"code":"x"}}', b'{"type":"ADDED","object":{"metadata":{"labels":7}}}']
    async with demo.daemon() as daemon:
        await demo.watched()
        for number, line in enumerate(garbage):
            demo.event(f"Before{number}")
            demo.api.send_garbage(line)
            assert await demo.told() == f"Before{number}"
        await demo.nothing_else_is_told()
        assert await daemon.metric("watch_lines_unreadable_total") == len(garbage) - 1  # an empty line is nothing
        assert await daemon.metric("watch_restarts_total", reason="error") == 0
        assert await daemon.stop() == 0


async def test_an_event_without_a_version_or_with_an_absurd_one(demo: Demo) -> None:
    """It is told, and the next restart of the watch takes neither for a place to go on from."""
    versions = {"None": "", "Word": '"resourceVersion":"x"', "Long": f'"resourceVersion":"{"9" * 5000}"'}
    lines = [
        f'{{"type":"ADDED","object":{{"metadata":{{{version}}},"reason":"{reason}","type":"Warning"}}}}'
        for reason, version in versions.items()
    ]
    async with demo.daemon() as daemon:
        await demo.watched()
        for line in lines:
            demo.api.send_garbage(line.encode())
        assert [await demo.told() for _ in lines] == ["None", "Word", "Long"]
        demo.api.close_watches()
        demo.event("After")
        assert await demo.told() == "After"
        assert warnings_of(daemon) == 0


def api_server(tokens: set[str] | None = None) -> ApiServer:
    """Return an empty API server."""
    store = ObjectStore(clock=lambda: datetime.now(UTC), random=Random(1))
    return ApiServer(store=store, random=Random(2), tokens=tokens)


async def test_a_list_and_a_watch_that_hang(group: Group) -> None:
    """Each is given up after ten seconds; two daemons at once, so that the test waits only once."""

    async def outlived(selected: Callable[[Request], bool], expected: str) -> None:
        api = api_server()
        api.faults.plan(Hang(), when=selected)
        async with serve(api) as url:
            demo = Demo(api=api, url=url, group=group)
            async with demo.daemon() as daemon:
                line = await daemon.log("event_stream_interrupted")
                assert expected in line["error"]
                await demo.watched()
                demo.event("After")
                await daemon.log("event_stream_resumed")
                assert await demo.told() == "After"

    await asyncio.gather(
        outlived(lists_of("events"), "ReadTimeout"), outlived(watches_of("events"), "no answer to a watch within 10 s")
    )


async def test_a_rotated_token(group: Group, tmp_path: Path) -> None:
    """The old one is refused before the new one is in its file, the file is gone for a moment: it goes on by itself."""
    tokens = {"token-one"}
    api = api_server(tokens)
    (tmp_path / "token").write_text("token-one")
    shutil.copy(certifi.where(), tmp_path / "ca.crt")
    account = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBE_WECOM_EVENTER_SERVICE_ACCOUNT_DIR": str(tmp_path)}
    async with serve(api) as url:
        demo = Demo(api=api, url=url, group=group)
        async with demo.daemon(f"--source=kubernetes:{url}", "-v=1", environ=account) as daemon:
            await demo.watched()
            tokens.clear()
            api.close_watches()
            demo.event("While")
            assert "401 Unauthorized" in (await daemon.log("event_stream_interrupted"))["error"]
            (tmp_path / "token").unlink()
            await daemon.log("event_stream_interrupted", error="the token can't be read: No such file or directory")
            (tmp_path / "token").write_text("token\ntwo")
            await daemon.log("event_stream_interrupted", error=UNUSABLE)
            tokens.add("token-two")
            (tmp_path / "token").write_text("token-two\n")
            assert await demo.told() == "While"
            await daemon.log("event_stream_resumed")
            await demo.nothing_else_is_told()
            assert await daemon.stop() == 0
            assert "token-" not in daemon.output


UNUSABLE = "the token can't be used: it is empty, or holds characters that no token has"


async def test_a_missing_right_is_said_once_and_its_grant_is_noticed(demo: Demo) -> None:
    """403 on the watch alone, for several tries: one warning that names verb and resource, no "resumed" in between."""
    text = refused(forbidden("watch", "events", user="system:serviceaccount:ns:eventer"))
    refusals: list[str] = []

    def counted(request: Request) -> bool:
        if watches_of("events")(request):
            refusals.append(request.path)
            return True
        return False

    demo.api.faults.plan(text, when=counted, times=4)
    async with demo.daemon() as daemon:
        await demo.watched()
        demo.event("Granted")
        assert await demo.told() == "Granted"
        assert len(refusals) == 4
        told = [line["event"] for line in daemon.logs if line["event"].startswith("event_stream")]
        assert told == ["event_stream_starts", "event_stream_interrupted", "event_stream_resumed"]
        line = await daemon.log("event_stream_interrupted")
        assert 'cannot watch resource "events" in API group ""' in line["error"]
        assert line["missing_rule"].startswith('{apiGroups: [""], resources: ["events"], verbs: ["list", "watch"]}')


async def test_a_compaction_between_every_two_watches(demo: Demo) -> None:
    """Each position is gone when it is asked for; each event is told once."""
    async with demo.daemon() as daemon:
        for number in range(5):
            await demo.watched()
            demo.api.close_watches()
            demo.event(f"One{number}")
            demo.event(f"Two{number}")
            demo.event("Quiet", type="Normal")
            demo.api.compact()
            demo.event(f"Three{number}")
            demo.api.compact()
            assert sorted([await demo.told() for _ in range(3)]) == [f"One{number}", f"Three{number}", f"Two{number}"]
        await demo.nothing_else_is_told()
        assert await daemon.metric("watch_restarts_total", reason="gone") >= 5
        assert warnings_of(daemon) == 0


async def test_a_server_restored_from_a_backup(demo: Demo) -> None:
    """Versions start again from an older one: what is new is told, what was told before is not, though lists fail."""
    before = (datetime.now(UTC) - timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    async with demo.daemon() as daemon:
        await demo.watched()
        for number in range(3):
            demo.event(f"Old{number}", lastTimestamp=before)
        backup = demo.api.store.revision
        for number in range(10):
            demo.event(f"Lost{number}", lastTimestamp=before)
        assert len({await demo.told() for _ in range(13)}) == 13
        demo.api.restore(backup)
        demo.api.faults.plan(FAULTS["500"], when=lambda request: lists_of("events")(request) and big(request))
        demo.event("New", lastTimestamp=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
        assert await demo.told() == "New"
        await demo.nothing_else_is_told()
        assert (await daemon.log("api_server_restored"))["resource_version"] < backup + 10


def big(request: Request) -> bool:
    """Tell a list of events from the list of one that asks for the newest version."""
    return request.query.get("limit") != "1"


async def test_a_relist_of_1200_events_comes_in_pages(demo: Demo) -> None:
    """All of them arrive, each once; a page that fails starts the list again and repeats nothing."""
    pages: list[str] = []

    def noted(request: Request) -> bool:
        if lists_of("events")(request) and big(request):
            pages.append(request.query.get("continue", ""))
            return len(pages) == 2
        return False

    async with demo.daemon(demo.group.sink("reason=^Pick")) as daemon:
        await demo.watched()
        demo.api.close_watches()
        for number in range(1200):
            demo.event(f"Pick{number}" if number % 100 == 50 else f"Other{number}")
        demo.api.compact()
        demo.api.faults.plan(FAULTS["500"], when=noted, times=2)
        told = sorted([await demo.told() for _ in range(12)])
        assert told == sorted(f"Pick{number}" for number in range(50, 1200, 100))
        await demo.watched()
        demo.event("PickLast")
        assert await demo.told() == "PickLast"
        assert await daemon.metric("events_received_total") == 1201
        assert [bool(page) for page in pages] == [False, True, False, True, True]


async def test_a_stream_of_events_through_a_storm(demo: Demo) -> None:
    """While events come, watches close, are cut, are reset, lists fail and history is compacted: each is told once."""
    chance = Random(7)
    stop = asyncio.Event()

    plan = demo.api.faults.plan
    evils: list[Callable[[], object]] = [
        demo.api.close_watches,
        demo.api.cut_watches,
        demo.api.compact,
        demo.api.send_garbage,
        *(partial(plan, FAULTS[name]) for name in ("500", "reset", "captive portal")),
    ]

    async def storm() -> None:
        while not stop.is_set():
            await asyncio.sleep(chance.uniform(0.01, 0.1))
            chance.choice(evils)()

    async with demo.daemon(demo.group.sink("reason=^Pick")) as daemon:
        await demo.watched()
        storming = asyncio.create_task(storm())
        for number in range(300):
            demo.event(f"Pick{number:03}" if number % 20 == 0 else f"Other{number}")
            await asyncio.sleep(chance.uniform(0, 0.02))
        stop.set()
        await storming
        demo.api.faults.clear()
        told = sorted([await demo.told() for _ in range(15)])
        assert told == [f"Pick{number:03}" for number in range(0, 300, 20)]
        await until(lambda: demo.api.open_watches("events") > 0)
        demo.event("PickLast")
        assert await demo.told() == "PickLast"
        assert await daemon.metric("events_received_total") == 301
        assert await daemon.stop() == 0


async def test_an_event_is_not_lost_while_its_template_is_waited_for(demo: Demo) -> None:
    """A ConfigMap that can't be read in time costs the layout, not the event: the position was taken before."""
    demo.api.faults.plan(Hang(), when=lists_of("configmaps"))
    async with demo.daemon(demo.group.sink("custom_body_configmap=cm")) as daemon, await daemon.ready():
        demo.event("Early")
        assert "Early" in (await demo.group.message()).content


async def test_readiness_says_what_is_wrong_with_the_api_server(demo: Demo) -> None:
    """It stays ready, because a restart would not help; its body has the reason."""
    async with demo.daemon() as daemon, await daemon.ready() as http:
        demo.api.faults.plan(Answer(status=500, body=b"out of order"), times=1000)
        demo.api.close_watches()
        await daemon.log("event_stream_interrupted")
        answer = await http.get("/readyz")
        assert answer.status_code == 200
        assert "out of order" in answer.json()["api_server"]
