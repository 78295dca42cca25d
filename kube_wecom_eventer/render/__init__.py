"""From an event to the bytes that are sent: templates, JSON-safe bodies, built-in bodies, byte-true cutting.

Every body that leaves this room is valid JSON within WeCom's limits, whatever the event's texts hold.
"""

from kube_wecom_eventer.render.message import Message
from kube_wecom_eventer.render.renderer import Renderer
from kube_wecom_eventer.render.style import LANGS, MSGTYPES, Style, style_doubts
from kube_wecom_eventer.render.templates import Templates

__all__ = ["LANGS", "MSGTYPES", "Message", "Renderer", "Style", "Templates", "style_doubts"]
