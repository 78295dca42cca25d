"""What the daemon answers over HTTP: health, readiness, metrics."""

from kube_wecom_eventer.web.endpoints import Readiness, endpoints
from kube_wecom_eventer.web.serving import Served, serve

__all__ = ["Readiness", "Served", "endpoints", "serve"]
