"""The parts of manifests/ can be mixed: each combination renders, is valid, and runs with the args that it should.

What the API server of the cluster tests knows is applied there, too (tests/cluster/test_combinations.py). The rest is
checked by Kubernetes' schemas; tests/support/kubernetes_schemas.py says what that can tell.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from kube_wecom_eventer.config import Settings, load_settings
from tests.manifests.rendering import (
    DAEMON,
    MANIFESTS,
    ROOT,
    Object,
    components,
    container,
    mixed,
    needs_kubectl,
    rendered,
    the,
)
from tests.support.kubernetes_schemas import assert_valid
from tests.support.pod_security import violations

pytestmark = needs_kubectl

ROUTES, HA, REVERSE, FORWARD = "namespace-routes", "ha", "proxy/reverse", "proxy/forward"
ALERTS = "alerts"
FLAGS = {
    HA: ["--leader-elect"],
    ROUTES: ["--namespace-routes=true"],
    REVERSE: ["--wecom-api=http://wecom-proxy:8080"],
    ALERTS: [
        "--alertmanager-listen=:19093",
        "--alertmanager-auth-file=/etc/kube-wecom-eventer/alertmanager/token",
    ],
}

Rendered = list[tuple[tuple[str, ...], list[Object]]]


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    """Each set of parts, with the objects that it renders."""
    folder, parts = tmp_path_factory.mktemp("combinations"), components()
    sets = [chosen for count in range(len(parts) + 1) for chosen in combinations(parts, count)]
    return [(chosen, rendered(mixed(folder, chosen))) for chosen in sets]


def settings_of(objects: Sequence[Object]) -> Settings:
    """Return what the daemon makes of its args and its environment."""
    daemon = container(objects)
    environ = {each["name"]: each.get("value") or "k" for each in daemon["env"]}
    return load_settings(daemon["args"], environ=environ)


def test_the_known_parts_are_there() -> None:
    """The names that users write into their kustomizations."""
    assert {ALERTS, ROUTES, HA, REVERSE, FORWARD, "robot-secrets", "all-secrets"} <= set(components())


def test_each_combination_runs_with_the_flags_of_its_parts(everything: Rendered) -> None:
    """Those and no others, after the user's own; the daemon takes them without a doubt."""
    base = container(rendered(MANIFESTS))["args"]
    for parts, objects in everything:
        args = container(objects)["args"]
        assert args[: len(base)] == base, parts
        assert sorted(args[len(base) :]) == sorted(flag for part in parts for flag in FLAGS.get(part, [])), parts
        settings = settings_of(objects)
        assert settings.warnings == (), parts
        assert (settings.leader_election is not None) is (HA in parts)
        assert (settings.declared_routes is not None) is (ROUTES in parts)
        assert (settings.alerts is not None) is (ALERTS in parts)
        host = "http://wecom-proxy:8080" if REVERSE in parts else "https://qyapi.weixin.qq.com"
        assert [sink.target.shown for sink in settings.sinks] == [f"{host}/cgi-bin/webhook/send"], parts
        names = {each["name"] for each in container(objects)["env"]}
        assert ({"HTTPS_PROXY", "NO_PROXY"} <= names) is (FORWARD in parts), parts
        assert the(objects, "Deployment", DAEMON)["spec"]["replicas"] == (2 if HA in parts else 1)


def test_each_combination_is_valid_and_restricted(everything: Rendered) -> None:
    """By Kubernetes' schemas, old and new, and by the Pod Security Standard that the namespace enforces."""
    distinct = {json.dumps(each, sort_keys=True): each for _, objects in everything for each in objects}
    for each in distinct.values():
        assert_valid(each)
    assert violations(list(distinct.values())) == []


def test_each_part_adds_over_the_examples_too(tmp_path: Path) -> None:
    """With args of the user's own: none is lost, and nothing is there twice."""
    for example in ("teams", "silences", "templates", "webhook", ROUTES):
        base = ROOT / "examples" / example
        before = container(rendered(base))["args"]
        for part in components():
            objects = rendered(mixed(tmp_path, [part], base=base)) if part != example else rendered(base)
            assert container(objects)["args"][: len(before)] == before, (example, part)
            names = [(each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"]) for each in objects]
            assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "path", [path for path in sorted(ROOT.glob("examples/**/*.yaml")) if path.name != "kustomization.yaml"], ids=str
)
def test_each_example_is_valid(path: Path) -> None:
    """Patches are no whole objects, so they are not asked; what they make is."""
    for each in yaml.safe_load_all(path.read_text(encoding="utf-8")):
        if each["kind"] != "Deployment" or "selector" in each["spec"]:
            assert_valid(each)


def test_a_mistake_would_be_found() -> None:
    """A misspelt field, a wrong type and an API that is no more: what these checks are for."""
    deployment = the(rendered(MANIFESTS), "Deployment", DAEMON)
    pod = deployment["spec"]["template"]["spec"]
    changes: tuple[Object, ...] = ({"containerz": []}, {"terminationGracePeriodSeconds": "30s"})
    for change in changes:
        wrong = {**deployment, "spec": {**deployment["spec"], "template": {"spec": {**pod, **change}}}}
        with pytest.raises(AssertionError):
            assert_valid(wrong)
    budget = {"apiVersion": "policy/v1beta1", "kind": "PodDisruptionBudget", "metadata": {"name": "x"}}
    with pytest.raises(kubernetes_validate.SchemaNotFoundError):
        assert_valid(budget)
