from __future__ import annotations

import io

from kube_wecom_eventer.render import Message
from kube_wecom_eventer.sinks import LogLines, Verdict


async def test_a_message_is_a_line() -> None:
    """Written at once, for a collector that follows."""
    stream = io.BytesIO()
    outcome = await LogLines(stream=stream).send(Message(body=b'{"reason":"X"}', built_in=True))
    assert outcome.verdict is Verdict.ACCEPTED
    assert stream.getvalue() == b'{"reason":"X"}\n'


async def test_a_stream_that_is_gone_is_broken() -> None:
    """It is probed and said, like any destination."""
    stream = io.BytesIO()
    stream.close()
    outcome = await LogLines(stream=stream).send(Message(body=b"{}", built_in=True))
    assert outcome.verdict is Verdict.BROKEN
