"""Which events are alike: what one line of a digest stands for.

A hundred pods of one Deployment that fail for one reason are one line, not a hundred.
"""

from __future__ import annotations

import re

from kube_wecom_eventer.alert import AlertEvent
from kube_wecom_eventer.event import Event
from kube_wecom_eventer.workload import DEPLOYMENT_POD_SUFFIX, RANDOM, REPLICA_SET_SUFFIX

_SUFFIXES = {
    # Deployment's pods, then those of DaemonSets and Jobs; a StatefulSet's number.
    "Pod": re.compile(rf"({DEPLOYMENT_POD_SUFFIX}|-[0-9]{{8,10}}-{RANDOM}{{5}}|-{RANDOM}{{5}}|-[0-9]{{1,4}})$"),
    "ReplicaSet": re.compile(rf"{REPLICA_SET_SUFFIX}$"),
    # A CronJob's jobs carry their minute.
    "Job": re.compile(r"-[0-9]{8,10}$"),
}
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DIGITS = re.compile(r"[0-9]+")

Likeness = tuple[str, str, str, str, str]
"""Namespace, reason, what it is of (an alert that fires, one that is over; empty: an event), owner, message. The first
three also tell apart what is summed where there is no room for all groups."""


def owner_name(event: Event) -> str:
    """Return the name of the involved object with its generated suffix folded."""
    about = event.involved_object
    suffix = _SUFFIXES.get(about.kind)
    return suffix.sub("", about.name) if suffix else about.name


def likeness(event: Event) -> Likeness:
    """Return what events of one digest line have in common; of the message without its numbers.

    The object's own name and UIDs in the message are folded, too: kubelets write them into every second one.
    """
    about = event.involved_object
    owner = owner_name(event)
    message = event.message
    if about.name and about.name != owner:
        message = message.replace(about.name, owner)
    message = _DIGITS.sub("#", _UUID.sub("#", message))
    status = event.alert.status if isinstance(event, AlertEvent) else ""
    return about.namespace, event.reason, status, f"{about.kind}/{owner}", message
