"""Destinations: one file each. A sink sends one message and classifies the answer; what follows is not its business."""

from kube_wecom_eventer.sinks.outcome import Outcome, Sink, Verdict
from kube_wecom_eventer.sinks.wecom_robot import WeComRobot

__all__ = ["Outcome", "Sink", "Verdict", "WeComRobot"]
