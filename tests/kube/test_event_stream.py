from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing

import httpx
import pytest
from structlog.testing import capture_logs

from tests.support.following import FOREVER, NOW, Following, added, event, listing
from tests.support.scripted import (
    Answer,
    json_answer,
    status_answer,
    status_body,
    watch_answer,
    watch_line,
)
from tests.support.virtual_time import virtual_time


@virtual_time
async def test_the_stream_starts_from_now() -> None:
    """What is older than the daemon is not told; the watch goes on from the list's resourceVersion."""
    it = Following(listing(100, event(7)), watch_answer(added(101), added(102), FOREVER))
    assert not it.stream.synced.is_set()
    assert await it.take(2) == ["101", "102"]
    assert it.stream.synced.is_set()
    (watch,) = it.api.queries(watch=True)
    assert watch["resourceVersion"] == "100"
    assert 240 <= int(watch["timeoutSeconds"]) <= 300
    assert it.value("events_received_total") == 2


@virtual_time
async def test_a_modified_event_is_told_and_a_deleted_one_is_not() -> None:
    """DELETED is the end of an event's hour."""
    lines = (added(101), watch_line("DELETED", event(102)), watch_line("MODIFIED", event(103)))
    assert await Following(listing(100), watch_answer(*lines, FOREVER)).take(2) == ["101", "103"]


@virtual_time
async def test_a_closed_watch_goes_on_from_the_last_version_seen() -> None:
    """A deleted line counts as seen, too: the position must not fall behind."""
    it = Following(
        listing(100),
        watch_answer(added(101), watch_line("DELETED", event(105))),
        listing(106),
        watch_answer(added(106), FOREVER),
    )
    assert await it.take(2) == ["101", "106"]
    assert [query["resourceVersion"] for query in it.api.queries(watch=True)] == ["100", "105"]
    assert it.value("watch_restarts_total", reason="closed") == 1


@pytest.mark.parametrize(
    "gone",
    [
        lambda: status_answer(410, "Expired"),
        lambda: watch_answer(watch_line("ERROR", status_body(410, "Expired"))),
    ],
    ids=["as an HTTP status", "as a line"],
)
def test_410_lists_again_and_tells_exactly_what_is_newer(gone: Callable[[], httpx.Response]) -> None:
    """Quiet minutes are enough for a 410, so this must neither lose nor repeat anything."""

    @virtual_time
    async def scenario() -> None:
        it = Following(
            listing(100),
            watch_answer(added(101)),
            listing(101),
            gone(),
            listing(120),
            listing(120, event(90), event(101), event(110), more="next"),
            listing(125, event(111), event(123)),
            watch_answer(added(123), added(126), FOREVER),
        )
        # 123 came while the pages were read: the second page shows it, and the watch from the first page's version
        # tells it again. Within the contract: at worst twice, never not at all.
        assert await it.take(6) == ["101", "110", "111", "123", "123", "126"]
        assert it.api.queries(watch=True)[-1]["resourceVersion"] == "120"
        assert it.value("watch_restarts_total", reason="gone") == 1

    scenario()


@virtual_time
async def test_a_list_that_fails_in_the_middle_starts_again_without_repeating() -> None:
    """A continue token expires after minutes; the pages already told are not told again."""
    it = Following(
        listing(100),
        status_answer(410, "Expired"),
        listing(120),
        listing(120, event(110), more="next"),
        status_answer(410, "Expired"),
        listing(121),
        listing(121, event(110), event(111)),
        watch_answer(added(122), FOREVER),
    )
    assert await it.take(3) == ["110", "111", "122"]


@pytest.mark.parametrize(
    "trouble",
    [
        lambda: httpx.ConnectError("refused"),
        lambda: status_answer(500, "InternalError"),
        lambda: status_answer(403, "Forbidden"),
        lambda: json_answer({"no": "list"}),
        lambda: httpx.Response(200, text="<html>"),
    ],
    ids=["refused", "500", "403", "no list", "html"],
)
def test_an_api_server_that_fails_is_asked_again_and_said_once(trouble: Callable[[], Answer]) -> None:
    """An outage of an hour is one line in the log, and one when it is over."""

    @virtual_time
    async def scenario() -> None:
        it = Following(*[trouble() for _ in range(8)], listing(100), watch_answer(added(101), FOREVER))
        with capture_logs() as logs:
            assert await it.take(1) == ["101"]
        assert [entry["event"] for entry in logs if entry["event"] != "event_stream_starts"] == [
            "event_stream_interrupted",
            "event_stream_resumed",
        ]
        assert it.value("watch_restarts_total", reason="error") == 8

    scenario()


@virtual_time
async def test_a_reset_in_the_middle_of_a_line_costs_nothing() -> None:
    """The half line is dropped, and read whole from the last version seen."""
    it = Following(
        listing(100),
        watch_answer(added(101), added(102)[:40], httpx.ReadError("reset")),
        listing(102),
        watch_answer(added(102), FOREVER),
    )
    assert await it.take(2) == ["101", "102"]
    assert it.api.queries(watch=True)[-1]["resourceVersion"] == "101"


@virtual_time
async def test_a_line_that_cannot_be_read_costs_that_line_alone() -> None:
    """It is counted, and said once a change."""
    with capture_logs() as logs:
        it = Following(listing(100), watch_answer(b"garbage\n\n", b'{"type":1}\n', added(101), FOREVER))
        assert await it.take(1) == ["101"]
    assert it.value("watch_lines_unreadable_total") == 2
    assert [entry["event"] for entry in logs if entry["log_level"] == "warning"] == ["watch_line_unreadable"] * 2


@virtual_time
async def test_an_event_in_a_list_that_cannot_be_read_costs_that_event_alone() -> None:
    """The API server accepts the year 0 and keeps it for an hour: neither the first list nor a later one may stop."""
    bad = event(101, lastTimestamp="0000-12-31T23:00:00Z")
    it = Following(
        listing(100, bad),
        status_answer(410, "Expired"),
        listing(103, bad),
        listing(103, bad, event(102)),
        watch_answer(added(104), FOREVER),
    )
    assert await it.take(2) == ["102", "104"]
    assert it.value("watch_lines_unreadable_total") == 1


@virtual_time
async def test_lines_end_at_newlines_only() -> None:
    """Chunks come as they like, and a message may hold other characters that some take for line ends."""
    line = added(101, message="a\u0085b\u2028c").replace(b"\\u0085", "\u0085".encode()) + added(102)
    chunks = [line[index : index + 7] for index in range(0, len(line), 7)]
    assert await Following(listing(100), watch_answer(*chunks, FOREVER)).take(2) == ["101", "102"]


@virtual_time
async def test_a_silent_peer_is_noticed() -> None:
    """The transport's read timeout ends it; the stream goes on."""
    it = Following(
        listing(100),
        watch_answer(315.0, httpx.ReadTimeout("silent")),
        listing(101),
        watch_answer(added(101), FOREVER),
    )
    assert await it.take(1) == ["101"]
    read_timeout = it.api.requests[1].extensions["timeout"]["read"]
    assert read_timeout > int(it.api.queries(watch=True)[0]["timeoutSeconds"])


@virtual_time
async def test_a_server_that_closes_each_watch_at_once_is_not_asked_in_a_tight_loop() -> None:
    """Some proxies do that; the delays grow."""
    answers: list[Answer] = []
    for _ in range(20):
        answers += [listing(100), watch_answer()]
    it = Following(*answers, listing(100), watch_answer(added(101), FOREVER))
    started = asyncio.get_running_loop().time()
    await it.take(1)
    assert asyncio.get_running_loop().time() - started > 60


@virtual_time
async def test_retry_after_is_honoured() -> None:
    """A server under load says how long to stay away."""
    it = Following(
        status_answer(429, "TooManyRequests", headers={"retry-after": "30"}),
        listing(100),
        watch_answer(added(101), FOREVER),
    )
    started = asyncio.get_running_loop().time()
    await it.take(1)
    assert 30 <= asyncio.get_running_loop().time() - started <= 31


@virtual_time
async def test_a_server_restored_from_an_older_state_is_noticed() -> None:
    """A watch from a version in its future would stay silent; time decides what is new."""
    it = Following(
        listing(1000),
        watch_answer(added(1001)),
        listing(500),
        listing(
            500,
            event(400, lastTimestamp="2026-11-20T11:00:00Z"),
            event(450, lastTimestamp="2026-11-20T12:00:01Z"),
        ),
        watch_answer(added(501), FOREVER),
    )
    with capture_logs() as logs:
        assert await it.take(3) == ["1001", "450", "501"]
    assert "api_server_restored" in [entry["event"] for entry in logs]
    assert it.api.queries(watch=True)[-1]["resourceVersion"] == "500"


@virtual_time
async def test_a_missing_right_is_said_as_the_rule_that_grants_it() -> None:
    """The operator pastes it into a ClusterRole."""
    it = Following(status_answer(403, "Forbidden"), listing(100), watch_answer(added(101), FOREVER))
    with capture_logs() as logs:
        await it.take(1)
    rule = '{apiGroups: [""], resources: ["events"], verbs: ["list", "watch"]}, in a ClusterRole'
    assert logs[0]["missing_rule"] == rule


@virtual_time
async def test_the_server_is_spared_from_events_that_nobody_wants() -> None:
    """Where no route wants Normal events, lists and watches ask for Warnings only."""
    it = Following(
        listing(100),
        status_answer(410, "Expired"),
        listing(101),
        listing(101),
        watch_answer(added(102), FOREVER),
        warnings_only=True,
    )
    assert await it.take(1) == ["102"]
    queries = [*it.api.queries(watch=True), it.api.queries(watch=False)[-1]]
    assert [query["fieldSelector"] for query in queries] == ["type=Warning"] * 3


@virtual_time
async def test_the_last_contact_is_now_while_a_watch_is_open() -> None:
    """A quiet cluster is no dead one."""
    it = Following(listing(100), watch_answer(added(101), FOREVER))
    assert it.stream.last_contact() is None
    async with aclosing(it.stream.follow()) as events:
        await anext(events)
        assert it.stream.last_contact() == NOW


@pytest.mark.parametrize(
    "line",
    [
        b'{"type":"ADDED","object":{"message":"\xff"}}\n',
        b"[" * 5000 + b"\n",
        b'{"type":"ERROR","object":{"code":"x"}}\n',
    ],
    ids=["bad UTF-8", "deep nesting", "an error without a code"],
)
def test_no_bytes_on_a_watch_end_the_stream(line: bytes) -> None:
    """The reader of JSON has errors of several kinds, and a number may be a text."""

    @virtual_time
    async def scenario() -> None:
        it = Following(listing(100), watch_answer(line, added(101), FOREVER))
        assert await it.take(1) == ["101"]
        assert it.value("watch_lines_unreadable_total") == 1

    scenario()


@pytest.mark.parametrize(
    "body",
    [
        b'{"metadata":{}}',
        b'{"metadata":{"resourceVersion":"x"}}',
        b'{"metadata":{"resourceVersion":"%s"}}' % (b"9" * 5000),
        b'{"kind":"\xff"}',
        b'{"items":' + b"[" * 5000,
        b"<html>Please log in</html>",
    ],
    ids=["no version", "a word", "a long version", "bad UTF-8", "deep nesting", "a captive portal"],
)
def test_a_list_that_is_none_is_asked_for_again(body: bytes) -> None:
    """Something in between may answer 200 with whatever it likes; no position may be taken from that."""

    @virtual_time
    async def scenario() -> None:
        with capture_logs() as logs:
            it = Following(httpx.Response(200, content=body), listing(100), watch_answer(added(101), FOREVER))
            assert await it.take(1) == ["101"]
        assert logs[0]["event"] == "event_stream_interrupted"
        assert it.api.queries(watch=True)[0]["resourceVersion"] == "100"

    scenario()


@virtual_time
async def test_a_failure_while_listing_a_restored_server_floods_nobody() -> None:
    """What happened before the restore stays untold, also when the list needs a second try."""
    old, new = event(400, lastTimestamp="2026-11-20T11:00:00Z"), event(450, lastTimestamp="2026-11-20T12:00:01Z")
    it = Following(
        listing(1000),
        watch_answer(added(1001)),
        listing(500),
        status_answer(500, "InternalError"),
        listing(500),
        listing(500, old, new),
        watch_answer(added(501), FOREVER),
    )
    assert await it.take(3) == ["1001", "450", "501"]


@virtual_time
async def test_a_right_to_list_without_one_to_watch_is_not_called_well() -> None:
    """The list succeeds each time, yet nothing is watched: one warning, and no "resumed" until a watch is open."""
    answers: list[Answer] = []
    for _ in range(5):
        answers += [listing(100), status_answer(403, "Forbidden")]
    with capture_logs() as logs:
        it = Following(*answers, listing(100), watch_answer(added(101), FOREVER))
        await it.take(1)
    assert [entry["event"] for entry in logs] == [
        "event_stream_starts",
        "event_stream_interrupted",
        "event_stream_resumed",
    ]
