"""Which events a route takes: filters compiled once, asked for each event.

Knows nothing of where events come from or how they are told.
"""

from kube_wecom_eventer.match.filter import EventFilter
from kube_wecom_eventer.match.route import Route

__all__ = ["EventFilter", "Route"]
