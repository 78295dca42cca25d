"""An event to execute templates with."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import msgspec

from kube_wecom_eventer.event import Event
from kube_wecom_eventer.render.go_template import GoTemplate
from kube_wecom_eventer.render.template import Limits

from .cases import POD
from .collecting import Collecting

EVENT = msgspec.convert(POD, Event)


def execute(template: str, *, event: Event = EVENT, limits: Limits | None = None) -> Collecting:
    """What the template tells its writer."""
    writer = Collecting()
    parsed = GoTemplate.parse(template, limits=limits or Limits())
    parsed.execute(event, writer, zone=ZoneInfo("Asia/Shanghai"))
    return writer
