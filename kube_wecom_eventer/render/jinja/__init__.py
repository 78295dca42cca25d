"""Jinja2 templates over an Event, sandboxed: https://jinja.palletsprojects.com/en/stable/templates/.

Owns the environment that keeps a template's own text and what it prints apart, and the data that it sees. Knows
nothing of WeCom: a JsonWriter is told which text is the template's and which an expression printed.
"""

from kube_wecom_eventer.render.jinja.fields import event_paths, field_uses
from kube_wecom_eventer.render.jinja.template import JinjaTemplate

__all__ = ["JinjaTemplate", "event_paths", "field_uses"]
