"""From an event to the bytes that are sent: templates, JSON-safe bodies, built-in bodies, byte-true cutting.

Every body that leaves this room for a robot is valid JSON within WeCom's limits, whatever the event's texts hold.
"""

from kube_wecom_eventer.render.digest import Merged
from kube_wecom_eventer.render.go_template import Limits
from kube_wecom_eventer.render.message import Message, Wording
from kube_wecom_eventer.render.renderer import Renderer
from kube_wecom_eventer.render.robot_wording import RobotWording
from kube_wecom_eventer.render.style import Style, style_doubts
from kube_wecom_eventer.render.templates import Templates
from kube_wecom_eventer.render.webhook_wording import LogWording, WebhookWording

__all__ = [
    "Limits",
    "LogWording",
    "Merged",
    "Message",
    "Renderer",
    "RobotWording",
    "Style",
    "Templates",
    "WebhookWording",
    "Wording",
    "style_doubts",
]
