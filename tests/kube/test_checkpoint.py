from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kube_wecom_eventer.kube.checkpoint import (
    LIMIT,
    MAX_RANGES,
    Checkpoint,
    StreamPosition,
    Unsettled,
    UnusableCheckpoint,
    decode,
    encode,
)


def checkpoint() -> Checkpoint:
    position = StreamPosition(seen=900, alive_at=1000.5, routes={})
    return Checkpoint(
        format=1, writer="pod-1", written_at=1000.0, clean=False, streams={"": position}, attempts={"wecom-1": [999.5]}
    )


def routes_of(text: bytes) -> dict[str, object]:
    found: dict[str, object] = json.loads(text)["streams"][""]["routes"]
    return found


def test_what_is_written_is_read_again() -> None:
    """With each waiting object and its version, by version."""
    text = encode(checkpoint(), {"": {"payments": Unsettled({7: 30, 8: 20})}})
    read = decode(text)
    assert (read.writer, read.clean, read.attempts) == ("pod-1", False, {"wecom-1": [999.5]})
    assert (read.streams[""].seen, read.streams[""].alive_at) == (900, 1000.5)
    waiting = read.streams[""].routes["payments"]
    assert (waiting.count, waiting.objects, waiting.ranges) == (2, ((8, 20), (7, 30)), ())


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"format":1}', b'{"format":"1"}', b"\xff", b"[" * 100_000])
def test_a_broken_one_is_not_read(text: bytes) -> None:
    """It is kept aside by whoever asked."""
    with pytest.raises(UnusableCheckpoint, match="can't be read"):
        decode(text)


@pytest.mark.parametrize(
    ("field", "value"), [("writtenAt", 1e300), ("writtenAt", -1), ("streams", {"": {"seen": -5}}), ("clean", 7)]
)
def test_one_that_says_what_can_not_be_is_not_read(field: str, value: object) -> None:
    """Whoever edits it by hand must not end the daemon."""
    text = json.dumps({**json.loads(encode(checkpoint(), {})), field: value}).encode()
    with pytest.raises(UnusableCheckpoint, match="can't be read"):
        decode(text)


def test_one_of_a_future_format_is_not_read() -> None:
    """A newer program wrote it, and may want it back."""
    text = json.dumps({**json.loads(encode(checkpoint(), {})), "format": 2}).encode()
    with pytest.raises(UnusableCheckpoint, match="it has format 2, and this program reads 1"):
        decode(text)


def test_more_than_can_be_noted_exactly_becomes_ranges_that_give_up_the_smallest_gaps() -> None:
    """A burst of close versions is one range; a lone old one stays alone."""
    burst = {number: 5000 + 2 * number for number in range(1500)}
    waiting = Unsettled({9999: 10, **burst}).noted(exactly=1000, ranges=2)
    assert (waiting.count, waiting.objects) == (1501, ())
    assert waiting.ranges == ((10, 10), (5000, 5000 + 2 * 1499))


def test_it_stays_below_the_limit_whatever_waits() -> None:
    """300 routes with 1,000 objects each: less exact, never larger."""
    many = {f"route-{number}": Unsettled({n: 10**9 + n * 1000 for n in range(1000)}) for number in range(300)}
    text = encode(checkpoint(), {"": many})
    assert len(text) <= LIMIT
    assert all(waiting.count == 1000 for waiting in decode(text).streams[""].routes.values())


@given(
    st.dictionaries(st.integers(0, 2**48 - 1), st.integers(1, 10**6), max_size=200),
    st.lists(st.tuples(st.integers(1, 10**6), st.integers(0, 1000), st.integers(1, 50)), max_size=5),
    st.integers(1, MAX_RANGES),
)
def test_no_waiting_version_is_ever_outside_of_what_is_noted(
    objects: dict[int, int], wide: list[tuple[int, int, int]], ranges: int
) -> None:
    """Too much may be told twice; nothing may be forgotten."""
    beyond = [(lowest, lowest + width, count) for lowest, width, count in wide]
    waiting = Unsettled(objects, beyond).noted(exactly=50, ranges=ranges)
    assert waiting.count == len(objects) + sum(count for _, _, count in beyond)
    if waiting.objects or not waiting.count:
        assert dict(waiting.objects) == objects
        return
    assert len(waiting.ranges) <= ranges
    assert list(waiting.ranges) == sorted(waiting.ranges)
    for lowest, highest in [*((v, v) for v in objects.values()), *((low, high) for low, high, _ in beyond)]:
        assert any(low <= lowest and highest <= high for low, high in waiting.ranges)
