"""What people hand over: every way to write a Deployment, and everything that is none."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from kube_wecom_eventer.commands.migrate.arguments import argv_of
from kube_wecom_eventer.commands.migrate.deployments import Found, choose, read_objects
from kube_wecom_eventer.config import ObjectName
from kube_wecom_eventer.errors import ConfigError
from tests.commands.migrate.written import config_map, deployment, eventer


def found(data: str | bytes, *, name: str | None = None, namespace: str | None = None) -> Found:
    """Read and choose as the command does."""
    raw = data.encode() if isinstance(data, str) else data
    return choose(read_objects(raw, where="x.yaml"), where="x.yaml", name=name, namespace=namespace)


def with_eventer(**container: Any) -> str:
    """Return a Deployment whose container has these fields."""
    return str(yaml.safe_dump(deployment(containers=[eventer(**container)])))


def refused(data: str | bytes, **options: Any) -> str:
    """Return the one line that says why there is nothing to migrate."""
    with pytest.raises(ConfigError) as caught:
        found(data, **options)
    (problem,) = caught.value.problems
    assert problem.startswith("x.yaml: ")
    assert "\n" not in problem
    return problem.removeprefix("x.yaml: ")


@pytest.mark.parametrize(
    "data",
    [
        yaml.safe_dump(deployment()),
        json.dumps(deployment()),
        yaml.safe_dump(deployment()).encode("utf-16"),
        yaml.safe_dump(deployment()).replace("\n", "\r\n"),
        yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": [config_map(), deployment()]}),
        yaml.safe_dump({"kind": "DeploymentList", "items": [deployment()]}),
        yaml.safe_dump_all([config_map(), None, deployment(apiVersion="extensions/v1beta1"), {"not": "an object"}]),
    ],
    ids=["yaml", "json", "utf-16", "crlf", "list", "deployment-list", "many-documents"],
)
def test_a_deployment_is_found_however_it_is_written(data: str | bytes) -> None:
    """YAML, JSON, what PowerShell writes, Lists, many documents, old API versions."""
    chosen = found(data)
    assert (chosen.name, chosen.namespace, chosen.account) == ("kube-eventer", "kube-system", "kube-eventer")
    assert argv_of(chosen.container) == ["--source=kubernetes:https://kubernetes.default", "--sink=log:"]


@pytest.mark.parametrize(
    ("command", "args"),
    [
        (["/kube-eventer", "--a", "--b"], None),
        (["/kube-eventer", "--a"], ["--b"]),
        (["/kube-eventer"], ["--a", "--b"]),
        (["kube-eventer"], ["--a", "--b"]),
        (None, ["--a", "--b"]),
        ([], ["--a", "--b"]),
    ],
)
def test_args_are_found_wherever_they_stand(command: list[str] | None, args: list[str] | None) -> None:
    """In the command, in the args, or in both."""
    chosen = found(yaml.safe_dump(deployment(containers=[eventer(command=command, args=args)])))
    assert argv_of(chosen.container) == ["--a", "--b"]


def test_a_sidecar_is_passed_over() -> None:
    """The container counts that runs the program, wherever it stands and whatever its image is called."""
    proxy = {"name": "proxy", "image": "envoy", "command": ["/envoy"]}
    mine = eventer(image="registry.example.com/mirror/eventer:1", command=None, args=["--sink=log:"])
    assert found(yaml.safe_dump(deployment(containers=[proxy, mine]))).index == 1


def test_the_one_of_kube_eventer_is_chosen_among_others() -> None:
    """By what it runs; where there are two, by name."""
    other = deployment(name="coredns", containers=[{"name": "coredns", "image": "coredns", "args": ["-conf"]}])
    assert found(yaml.safe_dump_all([other, deployment()])).name == "kube-eventer"
    both = yaml.safe_dump_all([deployment(), deployment(name="kube-eventer-2"), other])
    assert refused(both) == (
        "2 Deployments of kube-eventer: kube-system/kube-eventer, kube-system/kube-eventer-2; choose one by --name="
    )
    assert found(both, name="kube-eventer-2").name == "kube-eventer-2"
    assert refused(both, name="nope").startswith("no Deployment nope; there are: kube-system/kube-eventer, ")


def test_a_namespace_that_is_not_written_is_that_of_the_flag() -> None:
    """Else it is assumed, and that is noted."""
    data = yaml.safe_dump(deployment(namespace=None))
    assert (found(data, namespace="ops").namespace, found(data, namespace="ops").assumed) == ("ops", False)
    assert (found(data).namespace, found(data).assumed) == ("kube-system", True)
    assert refused(yaml.safe_dump(deployment()), namespace="ops").startswith("no Deployment of kube-eventer")


def test_what_belongs_to_it_is_found_beside_it() -> None:
    """Its templates, and the pull secrets of its account."""
    account = {
        "kind": "ServiceAccount",
        "metadata": {"name": "kube-eventer", "namespace": "kube-system"},
        "imagePullSecrets": [{"name": "registry"}],
    }
    chosen = found(yaml.safe_dump_all([account, config_map(), deployment()]))
    assert chosen.pull_secrets == [{"name": "registry"}]
    assert chosen.config_maps == {ObjectName("kube-system", "body"): {"content": "{}"}}


CRON = {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "c", "namespace": "n"}}
SHELL = eventer(command=["/bin/sh", "-c", "/kube-eventer --sink=log:"])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("", "holds no Kubernetes object; write the YAML of the Deployment, or - for stdin"),
        ("hello", "holds no Kubernetes object"),
        ("- 1\n- 2\n", "holds no Kubernetes object"),
        ("a: b: c\n", "no YAML: mapping values are not allowed here, line 1"),
        (b"\x00\x01\x02", "no YAML: unreadable characters"),
        (b"\xff\xfe\xff", "no YAML: unreadable characters"),
        ("[" * 100_000, "no YAML: it is nested too deeply"),
        (
            "a: {{ .Values.x }}\nb: {{- if }}\n",
            "no YAML: it looks like a Helm template; render it first: helm template",
        ),
        (yaml.safe_dump(deployment(containers=[eventer(image="{{ .Values.image }}")])), "looks like a Helm template"),
        (yaml.safe_dump(CRON), "no Deployment, but CronJob n/c; kube-eventer runs as a Deployment: write it as one"),
        (
            yaml.safe_dump({**deployment(), "kind": "DaemonSet"}),
            "no Deployment, but DaemonSet kube-system/kube-eventer",
        ),
        (yaml.safe_dump(config_map()), "no Deployment; there are only: ConfigMap"),
        (yaml.safe_dump(deployment(containers=[{"image": "nginx"}])), "no container runs /kube-eventer"),
        (
            yaml.safe_dump_all([deployment(name=name, containers=[{"image": "nginx"}]) for name in "ab"]),
            "no Deployment of kube-eventer: none of these runs /kube-eventer: kube-system/a, kube-system/b",
        ),
        (
            yaml.safe_dump(deployment(containers=[SHELL])),
            "its args are a line for /bin/sh, which only a shell can read",
        ),
        (
            yaml.safe_dump(deployment(containers=[eventer(command=["/kube-eventer --sink=log:"])])),
            "its command is one text; write /kube-eventer and each flag as an item of its own",
        ),
        (yaml.safe_dump(deployment(containers=[eventer(), eventer()])), "2 containers run kube-eventer; leave one"),
        (
            "kind: Deployment\nmetadata: {name: kube-eventer}\nspec: {template: {spec: {containers: "
            "[{image: kube-eventer, args: [--sink=log: ]}]}}}",
            'at `$.spec.template.spec.containers[0].args[0]`; in YAML it needs quotes, as "--sink=log:" does',
        ),
        (yaml.safe_dump(deployment(containers=[eventer(args="--sink=log:")])), "Expected `array | null`, got `str`"),
        (yaml.safe_dump(deployment(containers=[eventer(env=[{"name": "A", "value": 1}])])), "it needs quotes"),
        (yaml.safe_dump(deployment(containers=[eventer(env=[{"value": "1"}])])), "missing required field `name`"),
        (yaml.safe_dump({**deployment(), "metadata": {}}), "has no metadata.name"),
        (yaml.safe_dump({**deployment(), "metadata": {"name": "kube eventer"}}), "has no metadata.name and namespace"),
        (with_eventer(resources={"limits": [1]}), "can't be read: Expected `object | null`, got `array`"),
        (with_eventer(volumeMounts=[{"name": ["x"]}]), "can't be read: Expected `str`, got `array`"),
        (with_eventer(env=[{"name": "a b"}]), "can't be read: Expected `str` matching regex"),
        ("kind: Deployment\nmetadata: [1]\nspec: 7\n", "Deployment without a name: can't be read: Expected `object`"),
    ],
)
def test_whatever_is_none_is_one_clear_line(data: str | bytes, words: str) -> None:
    """It says what is there, and what to write instead."""
    assert words in refused(data)


def test_a_line_that_cannot_be_read_is_not_quoted() -> None:
    """A key may stand there."""
    assert "hunter2" not in refused("args:\n - key=hunter2: b: c\n - [hunter2\n")


def test_aliases_of_aliases_are_refused() -> None:
    """Ten lines may stand for more than any memory holds."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert refused("\n".join([*lines, "kind: Deployment"])) == (
        "no YAML: it has too many values, or aliases of aliases"
    )
