"""Whom accepted messages did not reach. It decides nothing: what was accepted is not sent again."""

from __future__ import annotations

import structlog

from kube_wecom_eventer.metrics import Metrics


class MissedReceivers:
    """The receivers that the last accepted message of each route did not reach. ``log``: of their destination."""

    def __init__(self, *, metrics: Metrics, log: structlog.typing.FilteringBoundLogger) -> None:
        self._metrics = metrics
        self._log = log
        self._missed: dict[str, tuple[str, ...]] = {}

    def say(self, route: str, receivers: tuple[str, ...]) -> None:
        """Say whom a route's message did not reach: once a change."""
        if receivers == self._missed.get(route, ()):
            return
        self._missed[route] = receivers
        self._metrics.missed.labels(route=route).set(len(receivers))
        if receivers:
            detail = "the others got the message; correct the receivers, or what an application may see"
            self._log.warning("receivers_missed", route=route, receivers=list(receivers), detail=detail)
        else:
            self._log.info("receivers_reached_again", route=route)

    def forget(self, route: str) -> None:
        """Forget a route that is no more, or goes another way."""
        if self._missed.pop(route, ()):
            self._metrics.missed.labels(route=route).set(0)
