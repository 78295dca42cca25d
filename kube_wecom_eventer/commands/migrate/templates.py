"""Whether the templates that the sinks name can be used, as far as they are known."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo

from kube_wecom_eventer.building import build_wording
from kube_wecom_eventer.commands.check.words import sample_event
from kube_wecom_eventer.commands.migrate import argument_notes as notes
from kube_wecom_eventer.commands.migrate.notes import Note
from kube_wecom_eventer.config import ObjectName, SinkSettings
from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.render import Merged, Templates


def template_notes(
    sink: SinkSettings, known: Mapping[ObjectName, Mapping[str, str] | None], *, zone: tzinfo
) -> tuple[Note, ...]:
    """Return what is to be said of a sink's template: nothing where there is none, or it is fit.

    ``known``: the data of ConfigMaps, None for one that is not there.
    """
    if sink.template is None:
        return ()
    name = str(sink.template)
    if sink.template not in known:
        return (notes.template_not_seen(name),)
    data = known[sink.template]
    if data is None:
        return (notes.template_missing(name),)
    templates = Templates(metrics=Metrics())
    templates.update(name, data)
    if not templates.trouble(name):
        build_wording(sink, name, templates, zone).message([Merged(sample_event())])
    if problem := templates.trouble(name):
        return (notes.template_unusable(name, problem),)
    return tuple(notes.template_doubtful(name, doubt) for doubt in templates.doubts(name))
