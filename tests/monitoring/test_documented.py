"""What people copy from docs/monitoring.md works: the scrape configuration, the kustomization, the link's address."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.monitoring.promtool import needs_promtool, promtool
from tests.monitoring.test_alerts import alerts

ROOT = Path(__file__).parents[2]
PAGES = ["monitoring.md", "monitoring.zh-CN.md"]


def text_of(page: str) -> str:
    return (ROOT / "docs" / page).read_text(encoding="utf-8")


def blocks(page: str) -> list[dict[str, Any]]:
    """Return the page's YAML."""
    found = re.findall(r"^( *)```yaml\n(.*?)^ *```", text_of(page), re.DOTALL | re.MULTILINE)
    return [yaml.safe_load(re.sub(rf"^{indent}", "", block, flags=re.MULTILINE)) for indent, block in found]


@needs_promtool
@pytest.mark.parametrize("page", PAGES)
def test_prometheus_takes_the_scrape_configuration(page: str, tmp_path: Path) -> None:
    """Together with the rules beside it. How the pods are found is looked at by ourselves: Debian's promtool is built
    without Kubernetes."""
    (config,) = [block for block in blocks(page) if "scrape_configs" in block]
    (job,) = config["scrape_configs"]
    assert job.pop("kubernetes_sd_configs") == [{"role": "pod", "namespaces": {"names": ["kube-wecom-eventer"]}}]
    job["static_configs"] = [{"targets": ["localhost:8084"]}]
    shutil.copy(ROOT / "manifests/monitoring/alerts.yaml", tmp_path)
    file = tmp_path / "prometheus.yaml"
    file.write_text(yaml.safe_dump(config))
    assert "SUCCESS" in promtool("check", "config", file)


@pytest.mark.parametrize("page", PAGES)
def test_each_alert_is_listed_with_its_severity_and_its_section(page: str) -> None:
    """In the table, and no other."""
    runbook = page.replace("monitoring", "runbook")
    rows = re.findall(r"^\| \[(\w+)\]\(([^)]*)\) \| (\w+) \|", text_of(page), re.MULTILINE)
    wanted = [(each["alert"], f"{runbook}#{each['alert'].lower()}", each["labels"]["severity"]) for each in alerts()]
    assert sorted(rows) == sorted(wanted)


@pytest.mark.parametrize("page", PAGES)
def test_the_inhibition_names_alerts_that_there_are(page: str) -> None:
    """Each matcher takes some, and the first leaves its own source alone."""
    names = [rule["alert"] for rule in alerts()]
    (config,) = [block for block in blocks(page) if "inhibit_rules" in block]
    for rule in config["inhibit_rules"]:
        (source,) = _taken(rule["source_matchers"], names)
        targets = _taken(rule["target_matchers"], names)
        assert targets
        assert source not in targets


def _taken(matchers: list[str], names: list[str]) -> list[str]:
    for matcher in matchers:
        operator, value = re.fullmatch(r'alertname(=~|!=|=)"(.*)"', matcher).groups()  # type: ignore[union-attr]
        names = [name for name in names if (re.fullmatch(value, name) is not None) is (operator != "!=")]
    return names


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed, whose kustomize this needs")
def test_the_component_adds_scraping_alerts_and_the_dashboard(tmp_path: Path) -> None:
    """As the example is applied, and with the label that the page adds."""
    built = kustomize(ROOT / "examples/monitoring")
    kinds = {(each["kind"], each["metadata"]["name"]) for each in built}
    ours = {
        ("PodMonitor", "kube-wecom-eventer"),
        ("PrometheusRule", "kube-wecom-eventer"),
        ("ConfigMap", "kube-wecom-eventer-dashboard"),
    }
    assert ours <= kinds
    (dashboard,) = [each for each in built if each["metadata"]["name"] == "kube-wecom-eventer-dashboard"]
    assert dashboard["metadata"]["namespace"] == "kube-wecom-eventer"
    assert dashboard["data"]["kube-wecom-eventer.json"] == (
        ROOT / "manifests/monitoring/grafana-dashboard.json"
    ).read_text(encoding="utf-8")
    folder = tmp_path / "examples" / "mine"
    folder.mkdir(parents=True)
    shutil.copytree(ROOT / "manifests", tmp_path / "manifests")
    (labelled,) = [block for block in blocks("monitoring.md") if "patches" in block]
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(labelled))
    operators = [each for each in kustomize(folder) if each["apiVersion"].startswith("monitoring.coreos.com/")]
    assert [each["metadata"]["labels"]["release"] for each in operators] == ["kube-prometheus-stack"] * 2


def kustomize(folder: Path) -> list[dict[str, Any]]:
    built = subprocess.run(["kubectl", "kustomize", folder], capture_output=True, text=True, check=True, timeout=60)
    return list(yaml.safe_load_all(built.stdout))


def test_the_pod_monitor_finds_the_deployments_pods() -> None:
    """By their label and the port's name; kube-eventer's labels stay as they are."""
    monitor = yaml.safe_load((ROOT / "manifests/monitoring/pod-monitor.yaml").read_text(encoding="utf-8"))
    deployment = yaml.safe_load((ROOT / "manifests/deployment.yaml").read_text(encoding="utf-8"))
    pod = deployment["spec"]["template"]
    wanted = monitor["spec"]["selector"]["matchLabels"]
    assert wanted.items() <= pod["metadata"]["labels"].items()
    assert monitor["spec"]["jobLabel"] in pod["metadata"]["labels"]
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    ports = [port["name"] for port in pod["spec"]["containers"][0]["ports"]]
    assert (endpoint["port"] in ports, endpoint["honorLabels"]) == (True, True)
    assert monitor["metadata"]["namespace"] == deployment["metadata"]["namespace"]
