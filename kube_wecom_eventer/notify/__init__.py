"""What waits to be told, and the telling: order, pace, retries, one dispatcher for each destination."""

from kube_wecom_eventer.notify.batch import Batch
from kube_wecom_eventer.notify.dispatcher import DROP_REASONS, Dispatcher
from kube_wecom_eventer.notify.notification import Notification, Terms, notification
from kube_wecom_eventer.notify.one_by_one import OneByOne
from kube_wecom_eventer.notify.pace import (
    LONGEST_ATTEMPT,
    UNRECORDED,
    WINDOW,
    NoPace,
    Pace,
    Pacing,
    Permitted,
    RecordedPace,
)
from kube_wecom_eventer.notify.pending import MergingPending
from kube_wecom_eventer.notify.turns import InTurn, Turns
from kube_wecom_eventer.notify.versions import VersionRange, Versions

__all__ = [
    "DROP_REASONS",
    "LONGEST_ATTEMPT",
    "UNRECORDED",
    "WINDOW",
    "Batch",
    "Dispatcher",
    "InTurn",
    "MergingPending",
    "NoPace",
    "Notification",
    "OneByOne",
    "Pace",
    "Pacing",
    "Permitted",
    "RecordedPace",
    "Terms",
    "Turns",
    "VersionRange",
    "Versions",
    "notification",
]
