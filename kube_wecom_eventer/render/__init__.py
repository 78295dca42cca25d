"""From an event to the bytes that are sent: templates, JSON-safe bodies, built-in bodies, byte-true cutting.

Every body that leaves this room for a chat is valid JSON within its limits, whatever the event's texts hold.
"""

from kube_wecom_eventer.render.bodies import Bodies
from kube_wecom_eventer.render.chat_wording import ChatWording
from kube_wecom_eventer.render.digest import Merged
from kube_wecom_eventer.render.dingtalk_body import DINGTALK
from kube_wecom_eventer.render.late_wording import LateWording
from kube_wecom_eventer.render.message import Message, Wording
from kube_wecom_eventer.render.notice_body import notice_bodies
from kube_wecom_eventer.render.renderer import Renderer
from kube_wecom_eventer.render.style import Style
from kube_wecom_eventer.render.template import Limits
from kube_wecom_eventer.render.templates import Templates
from kube_wecom_eventer.render.webhook_wording import LogWording, WebhookWording
from kube_wecom_eventer.render.wecom_body import APPLICATION, MARK_ROOM, ROBOT

__all__ = [
    "APPLICATION",
    "DINGTALK",
    "MARK_ROOM",
    "ROBOT",
    "Bodies",
    "ChatWording",
    "LateWording",
    "Limits",
    "LogWording",
    "Merged",
    "Message",
    "Renderer",
    "Style",
    "Templates",
    "WebhookWording",
    "Wording",
    "notice_bodies",
]
