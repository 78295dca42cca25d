from __future__ import annotations

import socket

import httpx
import pytest

from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.web import Readiness, endpoints, serve


async def test_health_readiness_and_metrics_are_served() -> None:
    """Health is 200 while the loop runs; readiness says 503 until it is ready, and why; metrics are Prometheus'."""
    metrics = Metrics()
    state = Readiness(ready=False, details={"destinations_in_trouble": {"wecom-1": "的"}})
    application = endpoints(metrics=metrics, readiness=lambda: state)
    metrics.received.inc()
    async with serve(application, host="127.0.0.1", port=0) as served, httpx.AsyncClient(base_url=served.url) as http:
        assert (await http.get("/healthz")).status_code == 200
        answer = await http.get("/readyz")
        assert answer.status_code == 503
        assert answer.json() == {"ready": False, "destinations_in_trouble": {"wecom-1": "的"}}
        state = Readiness(ready=True)
        assert (await http.get("/readyz")).status_code == 200
        answer = await http.get("/metrics")
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        assert "kube_wecom_eventer_events_received_total 1.0" in answer.text
        assert 'kube_wecom_eventer_watch_restarts_total{reason="gone"} 0.0' in answer.text
        assert (await http.get("/")).status_code == 404
        assert (await http.head("/healthz")).content == b""


async def test_a_port_in_use_is_an_os_error() -> None:
    """The caller says which flag to change."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        application = endpoints(metrics=Metrics(), readiness=lambda: Readiness(ready=True))
        with pytest.raises(OSError, match="in use"):
            async with serve(application, host="127.0.0.1", port=other.getsockname()[1]):
                raise AssertionError("not reached")
