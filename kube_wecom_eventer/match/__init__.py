"""Which events a route takes, and which of them are silenced: compiled once, asked for each event.

Knows nothing of where events come from or how they are told.
"""

from kube_wecom_eventer.match.filter import EventFilter, Traits, traits_of
from kube_wecom_eventer.match.route import Route
from kube_wecom_eventer.match.silences import SILENCED, Silences

__all__ = ["SILENCED", "EventFilter", "Route", "Silences", "Traits", "traits_of"]
