"""Events as JSON lines on a stream: for a log collector, or for a look."""

from __future__ import annotations

from typing import BinaryIO

from kube_wecom_eventer.render import Message
from kube_wecom_eventer.sinks.outcome import Outcome, Verdict


class LogLines:
    """Writes one line a message to ``stream``, at once."""

    def __init__(self, *, stream: BinaryIO) -> None:
        self._stream = stream

    async def send(self, message: Message) -> Outcome:
        """Write the line; see `Sink.send`."""
        try:
            self._stream.write(message.body + b"\n")
            self._stream.flush()
        except (OSError, ValueError) as error:
            return Outcome(verdict=Verdict.BROKEN, reason="write", detail=f"can't write: {error}")
        return Outcome(verdict=Verdict.ACCEPTED)
