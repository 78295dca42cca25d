"""Destinations: one file each. A sink sends one message and classifies the answer; what follows is not its business."""

from kube_wecom_eventer.sinks.log_lines import LogLines
from kube_wecom_eventer.sinks.outcome import Outcome, Sink, Verdict
from kube_wecom_eventer.sinks.webhook import Webhook
from kube_wecom_eventer.sinks.wecom_robot import WeComRobot

__all__ = ["LogLines", "Outcome", "Sink", "Verdict", "WeComRobot", "Webhook"]
