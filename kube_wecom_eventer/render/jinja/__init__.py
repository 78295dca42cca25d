"""Jinja2 templates over an Event, sandboxed: https://jinja.palletsprojects.com/en/stable/templates/.

Owns the environment that keeps a template's own text and what it prints apart, and the data that it sees. Knows
nothing of WeCom: a JsonWriter is told which text is the template's and which an expression printed.

Jinja2 is imported when the first template needs it: it costs 3 MB, and most daemons have Go templates, or none.
"""

from __future__ import annotations

from collections.abc import Sequence

from kube_wecom_eventer.render.template import FieldUse, Template

__all__ = ["event_paths", "field_uses", "parse_jinja"]


def parse_jinja(source: str) -> Template:
    """Read a template.

    Raises:
        TemplateError: it doesn't parse.
    """
    from kube_wecom_eventer.render.jinja.template import JinjaTemplate  # noqa: PLC0415

    return JinjaTemplate.parse(source)


def event_paths() -> Sequence[str]:
    """Return all that a template may ask of an event, as chains of names."""
    from kube_wecom_eventer.render.jinja import fields  # noqa: PLC0415

    return fields.event_paths()


def field_uses(source: str) -> list[FieldUse]:
    """Return the chains of names that a template asks for. Raises TemplateError where it doesn't parse."""
    from kube_wecom_eventer.render.jinja import fields  # noqa: PLC0415

    return fields.field_uses(source)
