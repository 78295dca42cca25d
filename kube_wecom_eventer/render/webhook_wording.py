"""The words of a generic webhook's route, and of the log: any template, or the event's facts as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any, Protocol

import msgspec

from kube_wecom_eventer.alert import Alert, AlertEvent
from kube_wecom_eventer.errors import TemplateError
from kube_wecom_eventer.event import Event
from kube_wecom_eventer.render.alert_data import alert_data
from kube_wecom_eventer.render.digest import Merged
from kube_wecom_eventer.render.json_writer import JsonWriter
from kube_wecom_eventer.render.local_time import in_zone
from kube_wecom_eventer.render.message import PLAIN, Message
from kube_wecom_eventer.render.template import Writer
from kube_wecom_eventer.render.templates import Templates


class WebhookWording:
    """``template`` names a ConfigMap; None means kube-eventer's default fields, as valid JSON."""

    def __init__(
        self,
        *,
        templates: Templates,
        template: str | None,
        zone: tzinfo,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._now = now
        self._templates = templates
        self._template = template
        self._zone = zone

    def message(self, items: Sequence[Merged]) -> Message:
        """See `Wording.message`; events are not merged here."""
        event = items[0].event
        if isinstance(event, AlertEvent):
            return self._of_alert(event)
        parsed = self._templates.get(self._template) if self._template else None
        if self._template is None or parsed is None:
            return self._facts(event)
        writer = OpenWriter()
        try:
            parsed.execute(event, writer, zone=self._zone)
            return writer.message()
        except TemplateError as error:
            self._templates.failed(self._template, stage="render", problem=str(error))
            return self._facts(event)

    def _of_alert(self, event: AlertEvent) -> Message:
        templates = self._templates.alerts
        parsed = templates.get(self._template) if self._template else None
        if self._template is None or parsed is None:
            return self._facts(event)
        writer = OpenWriter()
        try:
            parsed.execute(alert_data([event.alert], now=self._now()), writer, zone=self._zone)
            return writer.message()
        except TemplateError as error:
            templates.failed(self._template, stage="render", problem=str(error))
            return self._facts(event)

    def after_refusal(self, items: Sequence[Merged], problem: str) -> Message | None:  # noqa: ARG002 the protocol's
        """Return None: whoever expects a form of his own has no use for ours."""
        return None

    def _facts(self, event: Event) -> Message:
        happened = event.happened_at
        about = event.involved_object
        facts: dict[str, Any] = {
            "EventType": event.type,
            "EventNamespace": about.namespace,
            "EventKind": about.kind,
            "EventObject": about.name,
            "EventReason": event.reason,
            "EventTime": in_zone(happened, self._zone).isoformat() if happened else "",
            "EventMessage": event.message,
        }
        if isinstance(event, AlertEvent):
            facts |= self._alert_facts(event.alert)
        return Message(body=_json_bytes(facts), built_in=True)

    def _alert_facts(self, alert: Alert) -> dict[str, Any]:
        ends_at = alert.ends_at if alert.resolved else None
        return {
            "AlertStatus": alert.status,
            "AlertStartsAt": alert.starts_at.astimezone(self._zone).isoformat(),
            "AlertEndsAt": ends_at.astimezone(self._zone).isoformat() if ends_at else "",
            "AlertLabels": alert.labels,
            "AlertAnnotations": alert.annotations,
            "AlertGeneratorURL": alert.generator_url,
        }


class LogWording:
    """The event itself, as one JSON line."""

    def message(self, items: Sequence[Merged]) -> Message:
        """See `Wording.message`; events are not merged here."""
        event = items[0].event
        return Message(body=msgspec.json.encode(_without_empty(msgspec.to_builtins(event))), built_in=True)

    def after_refusal(self, items: Sequence[Merged], problem: str) -> Message | None:  # noqa: ARG002 the protocol's
        """Return None: a log refuses nothing."""
        return None


def _without_empty(value: Any) -> Any:
    """Return the same without empty fields, as the API server leaves them out."""
    if not isinstance(value, dict):
        return value
    kept = {name: _without_empty(item) for name, item in value.items()}
    return {name: item for name, item in kept.items() if item not in (None, "", 0, {})}


class _Collector(Writer, Protocol):
    def result(self) -> str: ...


class OpenWriter:
    """Writes JSON where the template's own text begins like JSON, else plain text."""

    def __init__(self) -> None:
        self._collector: _Collector | None = None

    def text(self, text: str) -> None:
        """Write the template's own text; the first that is not blank decides."""
        if self._collector is None:
            start = text.lstrip()[:1]
            if not start:
                return
            self._collector = JsonWriter() if start in ("{", "[") else _PlainWriter()
        self._collector.text(text)

    def value(self, text: str, *, before_js: str | None = None) -> None:
        """Write what an action printed."""
        if self._collector is None:
            self._collector = _PlainWriter()
        self._collector.value(text, before_js=before_js)

    def json(self, value: Any, *, text: str) -> None:
        """Write a value that the template itself asked for as JSON."""
        if self._collector is None:
            self._collector = JsonWriter()
        self._collector.json(value, text=text)

    def message(self) -> Message:
        """Return what was written.

        Raises:
            TemplateError: it began like JSON and is none.
        """
        text = self._collector.result() if self._collector else ""
        if not isinstance(self._collector, JsonWriter):
            return Message(body=text.encode(errors="replace"), built_in=False, content_type=PLAIN)
        try:
            return Message(body=_json_bytes(json.loads(text, strict=False)), built_in=False)
        except (ValueError, RecursionError) as error:
            raise TemplateError(f"the rendered body is no JSON: {error}") from None


class _PlainWriter:
    def __init__(self) -> None:
        self._parts: list[str] = []

    def text(self, text: str) -> None:
        self._parts.append(text)

    def value(self, text: str, *, before_js: str | None = None) -> None:  # noqa: ARG002 plain text needs no escaping
        self._parts.append(text)

    def json(self, value: Any, *, text: str) -> None:  # noqa: ARG002 its JSON is what plain text can show
        self._parts.append(text)

    def result(self) -> str:
        return "".join(self._parts)


def _json_bytes(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode(errors="replace")
