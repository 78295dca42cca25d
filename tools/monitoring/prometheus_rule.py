"""The alert rules as the Prometheus Operator reads them: ``page`` is manifests/monitoring/prometheus-rule.yaml."""

from __future__ import annotations

from pathlib import Path
from textwrap import indent

RULES = Path(__file__).parents[2] / "manifests/monitoring/alerts.yaml"

_HEAD = """\
# Made of alerts.yaml by `make docs`: change that file. The Prometheus Operator's CRDs are needed.
# If your Prometheus chooses rules by a label, as kube-prometheus-stack does by `release`, add that label.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: kube-wecom-eventer
  namespace: kube-wecom-eventer
  labels:
    app.kubernetes.io/name: kube-wecom-eventer
spec:
"""


def page() -> str:
    """Return the object, with the rules as they are written, comments included."""
    _, marker, groups = RULES.read_text(encoding="utf-8").partition("\ngroups:\n")
    return _HEAD + indent(f"{marker}{groups}".lstrip("\n"), "  ")
