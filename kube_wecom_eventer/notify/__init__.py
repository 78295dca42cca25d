"""What waits to be told, and the telling: order, pace, retries, one dispatcher for each destination."""

from kube_wecom_eventer.notify.dispatcher import DROP_REASONS, Dispatcher
from kube_wecom_eventer.notify.notification import Notification, notification
from kube_wecom_eventer.notify.pace import NoPace, Pace
from kube_wecom_eventer.notify.pending import MergingPending, OneByOne

__all__ = ["DROP_REASONS", "Dispatcher", "MergingPending", "NoPace", "Notification", "OneByOne", "Pace", "notification"]
