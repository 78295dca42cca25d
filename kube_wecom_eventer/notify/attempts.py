"""The attempts at one message."""

from __future__ import annotations

import asyncio
import contextlib

from kube_wecom_eventer.notify.batch import Batch
from kube_wecom_eventer.render import Message
from kube_wecom_eventer.sinks import Outcome, Verdict


class Attempts:
    """The attempts at one batch: which body is next. ``given_up`` is set when its route goes another way."""

    def __init__(self, batch: Batch) -> None:
        self._message: Message | None = None
        self._unknown = 0
        self.started = False
        self.given_up = asyncio.Event()
        self.batch = batch

    def message(self) -> Message:
        """Return the body to send, rendered when it is first asked for: an edited template shows at once."""
        if self._message is None:
            self._message = self.batch.wording.message(self.batch.items)
        return self._message

    def may_differ(self, outcome: Outcome) -> bool:
        """Return whether another attempt makes sense after a refusal; the next one may have another body."""
        if outcome.verdict is Verdict.UNKNOWN and self._unknown == 0:
            self._unknown += 1
            return True
        if self._message is None or self._message.built_in:
            return False
        self._message = self.batch.wording.after_refusal(self.batch.items, outcome.detail)
        return self._message is not None

    async def pause(self, seconds: float) -> None:
        """Wait; not any longer once the batch is given up."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.given_up.wait()
