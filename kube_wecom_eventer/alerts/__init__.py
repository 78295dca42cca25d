"""Alerts on their way in: who may post them, what is posted, and which of it has been told already.

Knows nothing of routes' filters, queues or messages: what takes alerts in is passed to it.
"""

from kube_wecom_eventer.alerts.credentials import Credentials
from kube_wecom_eventer.alerts.endpoint import PATH, Taken, alerts_endpoint
from kube_wecom_eventer.alerts.posted import Posted
from kube_wecom_eventer.alerts.told import ToldAlerts

__all__ = ["PATH", "Credentials", "Posted", "Taken", "ToldAlerts", "alerts_endpoint"]
