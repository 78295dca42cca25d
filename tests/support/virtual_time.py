"""Tests on a virtual clock, without threads and real sockets."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec

from kube_wecom_eventer.virtual_time import VirtualLoop

Params = ParamSpec("Params")


def virtual_time(test: Callable[Params, Coroutine[Any, Any, None]]) -> Callable[Params, None]:
    """Run an async test on a `VirtualLoop`."""

    @functools.wraps(test)
    def run(*args: Params.args, **kwargs: Params.kwargs) -> None:
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            runner.run(test(*args, **kwargs))

    return run
