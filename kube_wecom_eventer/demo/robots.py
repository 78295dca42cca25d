"""The demo's two WeCom groups: what each robot's route selects, and how its messages look.

Owns the ``--sink`` options and the templates. The first group is what a user of kube-eventer brings along, the
second one has the built-in messages.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from kube_wecom_eventer.demo.status import JsonObject
from kube_wecom_eventer.demo.texts import Texts

REPEAT_INTERVAL = 30  # seconds; the daemon's own is 5 minutes, and a demo is watched for less
TEMPLATE = "custom-webhook-body0"
TEMPLATE_NAMESPACE = "default"

_REASONS = ("BackOff", "Failed", "Unhealthy", "OOMKilling", "Evicted")
# As kube-eventer's users write it: JSON with Go's actions inside its strings, and nothing escaped.
_TEMPLATE = (
    r'{"msgtype": "text", "text": {"content": "{{ .Type }} {{ .Reason }}\n'
    r"NAMESPACE: {{ .InvolvedObject.Namespace }}\n"
    r"OBJECT: {{ .InvolvedObject.Kind }}/{{ .InvolvedObject.Name }}\n"
    r"TIME: {{ .LastTimestamp }}\n"
    r'{{ .Message }}", "mentioned_list": ["oncall-payments"]}}'
)


@dataclass(frozen=True, kw_only=True)
class Robot:
    """One ``--sink`` of the demo, and what it selects. ``options``: those that shape its messages."""

    key: str
    namespaces: tuple[str, ...]
    reasons: tuple[str, ...]
    options: Mapping[str, str]

    def selects(self, event: JsonObject) -> bool:
        """Whether the sink's filters take the event."""
        namespace = event["involvedObject"].get("namespace", "_cluster")
        reason = str(event.get("reason", ""))
        return (
            event.get("type") == "Warning"
            and namespace in self.namespaces
            and any(re.search(each, reason) for each in self.reasons)
        )

    def sink(self, wecom_url: str) -> str:
        """The ``--sink`` option, as users of kube-eventer write it."""
        options = {
            "level": "Warning",
            "reason": ",".join(self.reasons),
            "namespaces": ",".join(self.namespaces),
            "repeat_interval": f"{REPEAT_INTERVAL}s",
            **self.options,
        }
        query = "&".join(f"{name}={quote(value, safe=',=/')}" for name, value in options.items())
        return f"--sink=webhook:{wecom_url}/cgi-bin/webhook/send?key={self.key}&{query}"


def robots(texts: Texts) -> tuple[Robot, Robot]:
    """The robots of the two groups, which speak the demo's language."""
    return (
        Robot(
            key="demo-payments-robot",
            namespaces=("payments", "shop"),
            reasons=_REASONS,
            options={
                "header": "Content-Type=application/json",
                "method": "POST",
                "custom_body_configmap": TEMPLATE,
                "custom_body_configmap_namespace": TEMPLATE_NAMESPACE,
                "lang": texts.lang,
            },
        ),
        Robot(
            key="demo-platform-robot",
            namespaces=("search", "infra", "_cluster"),
            reasons=_REASONS,
            options={
                "msgtype": "markdown",
                "lang": texts.lang,
                "cluster": "demo",
                "mentioned_list": "oncall-platform",
            },
        ),
    )


def template(texts: Texts) -> str:
    """The first group's template, in the demo's language."""
    text = _TEMPLATE
    for placeholder, label in zip(("NAMESPACE", "OBJECT", "TIME"), texts.labels, strict=True):
        text = text.replace(placeholder, label)
    return text


def broken_template(texts: Texts) -> str:
    """The same with a typing mistake, which shows only when it meets an event."""
    return template(texts).replace("{{ .Reason }}", "{{ .Raeson }}")
