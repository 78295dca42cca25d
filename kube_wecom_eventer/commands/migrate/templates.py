"""Whether the templates that the sinks name can be used, as far as they are known."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo

from kube_wecom_eventer.commands.check.words import sample_event
from kube_wecom_eventer.commands.migrate import argument_notes as notes
from kube_wecom_eventer.commands.migrate.notes import Note
from kube_wecom_eventer.config import ObjectName
from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.render import Renderer, Templates


def template_note(
    name: ObjectName, known: Mapping[ObjectName, Mapping[str, str] | None], *, robot: bool, zone: tzinfo
) -> Note | None:
    """Return what is wrong with the template of a ConfigMap; None where nothing is.

    ``known``: the data of ConfigMaps, None for one that is not there. ``robot``: its body goes to a WeCom robot.
    """
    if name not in known:
        return notes.template_not_seen(str(name))
    data = known[name]
    if data is None:
        return notes.template_missing(str(name))
    templates = Templates(metrics=Metrics())
    templates.update(str(name), data)
    if not templates.trouble(str(name)) and robot:
        Renderer(templates=templates, zone=zone).render(sample_event(), template=str(name))
    problem = templates.trouble(str(name))
    return notes.template_unusable(str(name), problem) if problem else None
