"""Destinations: one file each. A sink sends one message and classifies the answer; what follows is not its business."""

from kube_wecom_eventer.sinks.access_token import AccessToken, AccessTokens
from kube_wecom_eventer.sinks.apprise_service import AppriseService
from kube_wecom_eventer.sinks.dingtalk_robot import DingTalkRobot
from kube_wecom_eventer.sinks.keys import ReadKey
from kube_wecom_eventer.sinks.log_lines import LogLines
from kube_wecom_eventer.sinks.outcome import Account, Outcome, Sink, Verdict
from kube_wecom_eventer.sinks.threads import Threads
from kube_wecom_eventer.sinks.webhook import Webhook
from kube_wecom_eventer.sinks.wecom_application import WeComApplication
from kube_wecom_eventer.sinks.wecom_robot import WeComRobot

__all__ = [
    "AccessToken",
    "AccessTokens",
    "Account",
    "AppriseService",
    "DingTalkRobot",
    "LogLines",
    "Outcome",
    "ReadKey",
    "Sink",
    "Threads",
    "Verdict",
    "WeComApplication",
    "WeComRobot",
    "Webhook",
]
