"""What the new Deployment keeps of the old one, and what is ours in it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.commands.migrate.test_command import ROBOT, Ran
from tests.commands.migrate.written import SOURCE, deployment, eventer
from tests.manifests.rendering import MANIFESTS
from tests.support.kubernetes_schemas import assert_valid
from tests.support.pod_security import violations


def made(old: dict[str, Any], *argv: str) -> tuple[dict[str, Any], str]:
    """Return the new Deployment, and all that was said."""
    ran = Ran("-", "--lang=en", *argv, objects=[old])
    assert ran.status == 0, ran.said
    for each in yaml.safe_load_all(ran.text):
        assert_valid(each)
    return ran.objects("Deployment")[0], ran.text + ran.said


def pod_of(new: dict[str, Any]) -> dict[str, Any]:
    """Return the spec of its pods."""
    pod: dict[str, Any] = new["spec"]["template"]["spec"]
    return pod


ADDED = {
    "tolerations": [{"operator": "Exists", "effect": "NoSchedule"}],
    "nodeSelector": {"disk": "ssd"},
    "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": []}}},
    "imagePullSecrets": [{"name": "registry"}],
    "priorityClassName": "system-cluster-critical",
    "dnsPolicy": "ClusterFirstWithHostNet",
    "hostAliases": [{"ip": "10.0.0.1", "hostnames": ["api.example.com"]}],
}


def test_what_users_added_is_kept() -> None:
    """Of the pod, of the container, of labels and annotations."""
    resources = {"requests": {"cpu": "100m"}, "limits": {"memory": "250Mi"}}
    old = deployment(
        metadata={"labels": {"team": "ops", "app": "kube-eventer"}, "annotations": {"owner": "wangqing"}},
        template={"labels": {"app": "kube-eventer", "tier": "x"}, "annotations": {"prometheus.io/port": "8084"}},
        pod=ADDED,
        containers=[
            eventer(
                resources=resources,
                imagePullPolicy="Always",
                env=[{"name": "HTTPS_PROXY", "value": "http://proxy:3128"}, {"name": "TZ", "value": "Asia/Tokyo"}],
                envFrom=[{"secretRef": {"name": "more"}}],
                volumeMounts=[{"name": "ca", "mountPath": "/ca"}],
                ports=[{"containerPort": 8084, "name": "metrics"}],
            )
        ],
        spec={"minReadySeconds": 5},
    )
    old["spec"]["template"]["spec"]["volumes"] = [{"name": "ca", "configMap": {"name": "ca"}}]
    new, _ = made(old)
    pod = pod_of(new)
    (container,) = pod["containers"]
    assert {key: pod[key] for key in ADDED} == ADDED
    assert new["metadata"]["labels"] == {"team": "ops", "app": "kube-wecom-eventer"}
    assert new["metadata"]["annotations"] == {"owner": "wangqing"}
    assert new["spec"]["template"]["metadata"] == {
        "labels": {"app.kubernetes.io/name": "kube-wecom-eventer", "app": "kube-wecom-eventer", "tier": "x"},
        "annotations": {"prometheus.io/port": "8084"},
    }
    assert new["spec"]["minReadySeconds"] == 5
    assert container["resources"] == resources
    assert container["imagePullPolicy"] == "Always"
    assert container["envFrom"] == [{"secretRef": {"name": "more"}}]
    assert [(each["name"], each.get("value")) for each in container["env"]] == [
        ("POD_NAME", None),
        ("HTTPS_PROXY", "http://proxy:3128"),
        ("TZ", "Asia/Tokyo"),
    ]
    assert container["volumeMounts"] == [{"name": "ca", "mountPath": "/ca"}]
    assert pod["volumes"] == [{"name": "ca", "configMap": {"name": "ca"}}]
    assert container["ports"] == [{"containerPort": 8084, "name": "metrics"}]
    assert container["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "metrics"}


def test_both_may_run() -> None:
    """No label of the new pods is one that the old Deployment, or a Service, selects by."""
    old = deployment()
    new, _ = made(old)
    labels = new["spec"]["template"]["metadata"]["labels"]
    assert new["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert not set(old["spec"]["selector"]["matchLabels"].items()) & set(labels.items())


def test_no_more_labels_change_than_must() -> None:
    """One is enough for a selector to fit no longer: the one with the name, else the first."""
    for selector, changed in (
        ({"task": "monitoring", "app": "kube-eventer"}, {"task": "monitoring", "app": "kube-wecom-eventer"}),
        ({"k8s-app": "eventer", "task": "monitoring"}, {"k8s-app": "kube-wecom-eventer", "task": "monitoring"}),
    ):
        new, _ = made(deployment(spec={"selector": {"matchLabels": selector}}, template={"labels": selector}))
        labels = new["spec"]["template"]["metadata"]["labels"]
        assert labels == {"app.kubernetes.io/name": "kube-wecom-eventer", **changed}


def test_on_the_machines_network_the_port_is_said() -> None:
    """Both want it."""
    _, said = made(deployment(pod={"hostNetwork": True}))
    assert "both need the machine's port 8084" in said


def test_what_the_api_server_and_other_tools_wrote_is_gone() -> None:
    """Nobody needs to read it; the applied configuration of before even holds the old key."""
    old = deployment(
        metadata={
            "uid": "1", "resourceVersion": "2", "generation": 3, "creationTimestamp": "2024-01-01T00:00:00Z",
            "managedFields": [{}],
            "labels": {"app.kubernetes.io/managed-by": "Helm", "app.kubernetes.io/instance": "x", "helm.sh/chart": "c"},
            "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": "hunter2",
                "deployment.kubernetes.io/revision": "7",
                "meta.helm.sh/release-name": "x",
                "argocd.argoproj.io/tracking-id": "y",
            },
        },
        template={
            "annotations": {"scheduler.alpha.kubernetes.io/critical-pod": "", "kubectl.kubernetes.io/restartedAt": "t"},
            "labels": {"app": "kube-eventer"}, "creationTimestamp": None,
        },
        pod={"restartPolicy": "Always", "dnsPolicy": "ClusterFirst", "schedulerName": "default-scheduler",
             "securityContext": {}, "terminationGracePeriodSeconds": 30, "serviceAccountName": "kube-eventer"},
        spec={"progressDeadlineSeconds": 600, "revisionHistoryLimit": 10, "strategy": {"type": "RollingUpdate"}},
        status={"replicas": 1},
        containers=[eventer(terminationMessagePath="/dev/termination-log", terminationMessagePolicy="File")],
    )  # fmt: skip
    new, said = made(old)
    assert "hunter2" not in said
    assert new["metadata"] == {"name": "kube-wecom-eventer", "namespace": "kube-system"}
    assert "annotations" not in new["spec"]["template"]["metadata"]
    assert set(new["spec"]) == {"replicas", "strategy", "selector", "template"}
    assert set(pod_of(new)) == {"serviceAccountName", "terminationGracePeriodSeconds", "securityContext", "containers"}
    assert "terminationMessagePath" not in pod_of(new)["containers"][0]
    assert "app.kubernetes.io/instance, app.kubernetes.io/managed-by" in " ".join(said.replace("#", " ").split())
    assert "status" not in new


def test_the_pod_is_restricted() -> None:
    """As our own manifests are."""
    new, _ = made(deployment())
    assert violations([new]) == []
    ours = yaml.safe_load((MANIFESTS / "deployment.yaml").read_text(encoding="utf-8"))
    for part in (pod_of, lambda each: pod_of(each)["containers"][0]):
        assert part(new)["securityContext"] == part(ours)["securityContext"]


def test_a_sidecar_stays_as_it_is() -> None:
    """It may need to be root, so only our own container is told not to be."""
    sidecar = {"name": "proxy", "image": "envoy", "volumeMounts": [{"name": "config", "mountPath": "/etc/envoy"}]}
    volumes = [{"name": "config", "configMap": {"name": "envoy"}}, {"name": "unused", "emptyDir": {}}]
    new, _ = made(deployment(containers=[sidecar, eventer()], pod={"volumes": volumes}))
    pod = pod_of(new)
    assert pod["containers"][0] == sidecar
    assert "securityContext" not in pod
    assert pod["containers"][1]["securityContext"]["runAsUser"] == 65532
    assert pod["volumes"] == volumes[:1]


def test_the_hosts_time_zone_is_no_longer_mounted() -> None:
    """TZ decides, and is said to where it was not there."""
    mounts = [
        {"name": "localtime", "mountPath": "/etc/localtime", "readOnly": True},
        {"name": "zoneinfo", "mountPath": "/usr/share/zoneinfo/", "readOnly": True},
    ]
    volumes = [{"name": each["name"], "hostPath": {"path": each["mountPath"]}} for each in mounts]
    new, said = made(deployment(containers=[eventer(volumeMounts=mounts)], pod={"volumes": volumes}))
    pod = pod_of(new)
    assert "volumes" not in pod
    assert "volumeMounts" not in pod["containers"][0]
    assert {"name": "TZ", "value": "Asia/Shanghai"} in pod["containers"][0]["env"]
    assert "No longer mounted: /etc/localtime, /usr/share/zoneinfo/." in said
    assert "TZ was not set" in said


@pytest.mark.parametrize(
    ("mount", "words"),
    [
        ({"name": "v", "mountPath": "/etc/ssl/certs"}, "does not read the system's certificates"),
        ({"name": "v", "mountPath": "/root/.kube"}, "make sure that it may read /root/.kube"),
    ],
)
def test_a_volume_that_may_not_do_what_it_did_is_kept_and_said(mount: dict[str, Any], words: str) -> None:
    """Another user, another trust store."""
    volumes = [{"name": "v", "hostPath": {"path": "/x"}}]
    new, said = made(deployment(containers=[eventer(volumeMounts=[mount])], pod={"volumes": volumes}))
    assert pod_of(new)["volumes"] == volumes
    assert words in " ".join(said.replace("#", " ").split())


def test_probes_are_ours() -> None:
    """Theirs are replaced, and that is said; the port is the one of the args."""
    old = eventer(
        command=["/kube-eventer", SOURCE, "--sink=log:", "--healthz-port=9000"],
        livenessProbe={"exec": {"command": ["curl", "localhost"]}},
        ports=[{"name": "http", "containerPort": 80}],
    )
    new, said = made(deployment(containers=[old]))
    container = pod_of(new)["containers"][0]
    assert container["ports"] == [{"name": "http", "containerPort": 80}, {"containerPort": 9000}]
    assert container["livenessProbe"] == {
        "httpGet": {"path": "/healthz", "port": 9000}, "periodSeconds": 10, "failureThreshold": 3,
    }  # fmt: skip
    assert container["readinessProbe"] == {"httpGet": {"path": "/readyz", "port": 9000}, "periodSeconds": 5}
    assert "These replace the livenessProbe from before" in said


@pytest.mark.parametrize(
    ("args", "host_network", "kept", "probe"),
    [
        (["--healthz-ip=127.0.0.1"], False, [], {"port": "http"}),
        (["--healthz-ip=127.0.0.1"], True, ["--healthz-ip=127.0.0.1"], {"port": "http", "host": "127.0.0.1"}),
        (["--healthz-ip=0.0.0.0"], False, ["--healthz-ip=0.0.0.0"], {"port": "http"}),
        (["--healthz-port=0"], False, [], {"port": "http"}),
    ],
)
def test_probes_reach_the_daemon(args: list[str], host_network: bool, kept: list[str], probe: dict[str, Any]) -> None:
    """The kubelet comes to the pod's address; on the machine's network to the machine's own."""
    old = eventer(command=["/kube-eventer", *args, "--sink=log:"])
    new, _ = made(deployment(containers=[old], pod={"hostNetwork": host_network}))
    container = pod_of(new)["containers"][0]
    assert container["args"] == [*kept, "--sink=log:?level=Warning"]
    assert container["livenessProbe"]["httpGet"] == {"path": "/healthz", **probe}


@pytest.mark.parametrize(
    ("replicas", "written", "args", "strategy"),
    [
        (None, 1, [], {"type": "Recreate"}),
        (1, 1, [], {"type": "Recreate"}),
        (2, 2, ["--leader-elect"], None),
        (0, 0, [], {"type": "Recreate"}),
    ],
)
def test_several_replicas_elect_a_leader(
    replicas: int | None, written: int, args: list[str], strategy: dict[str, str] | None
) -> None:
    """kube-eventer's told each event once for each of them."""
    new, said = made(deployment(spec={"replicas": replicas}))
    assert new["spec"]["replicas"] == written
    assert new["spec"].get("strategy") == strategy
    assert pod_of(new)["containers"][0]["args"] == [SOURCE, *args, "--sink=log:?level=Warning"]
    assert ("scaled to 0" in said) is (replicas == 0)


def test_a_small_memory_limit_is_said() -> None:
    """It was made for another program."""
    for limit, said_so in (("100Mi", True), ("250Mi", False), ("1Gi", False), ("100000Ki", True), ("1e8", False)):
        _, said = made(deployment(containers=[eventer(resources={"limits": {"memory": limit}})]))
        assert (f"The limit of {limit}" in said) is said_so, limit


def test_the_account_keeps_its_pull_secrets() -> None:
    """The new one could not pull otherwise."""
    account = {
        "apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "kube-eventer", "namespace": "kube-system"},
        "imagePullSecrets": [{"name": "registry"}],
    }  # fmt: skip
    ran = Ran("-", objects=[account, deployment()])
    assert [each["imagePullSecrets"] for each in ran.objects("ServiceAccount")] == [[{"name": "registry"}]]


def test_a_variable_that_held_a_key_is_read_from_the_secret() -> None:
    """In its place among the others."""
    env = [{"name": "ROBOT", "value": "k-1"}, {"name": "OTHER", "value": "x"}]
    old = eventer(command=["/kube-eventer", ROBOT.replace("7fe90cd7-08a2-4c85-9ee7-ee7791044d29", "$(ROBOT)")], env=env)
    ran = Ran("-", objects=[deployment(containers=[old])])
    (container,) = pod_of(ran.objects("Deployment")[0])["containers"]
    assert container["env"][2:] == [
        {"name": "ROBOT", "valueFrom": {"secretKeyRef": {"name": "kube-wecom-eventer-keys", "key": "ROBOT"}}},
        env[1],
    ]
    assert ran.objects("Secret")[0]["stringData"] == {"ROBOT": "k-1"}


def test_a_variable_in_plain_text_that_looks_like_a_key_is_read_from_the_secret_whoever_reads_it() -> None:
    """A library may, and no sink names it: what is printed may go into Git all the same."""
    key = "0123456789abcdef0123456789abcdef"
    env = [
        {"name": "ACCESS_KEY_SECRET", "value": "short"},
        {"name": "HOOK", "value": f"https://example.com/{key}"},
        {"name": "ZONE", "value": "cn-hangzhou"},
    ]
    old = deployment(containers=[eventer(command=["/kube-eventer", SOURCE, "--sink=log:"], env=env)])
    ran = Ran("-", "--secrets=command", objects=[old])
    assert key not in ran.text + ran.said
    (container,) = pod_of(ran.objects("Deployment")[0])["containers"]
    moved = [each["name"] for each in container["env"] if "secretKeyRef" in each.get("valueFrom", {})]
    assert moved == ["ACCESS_KEY_SECRET", "HOOK"]
    assert env[2] in container["env"]
    assert "--from-literal=ACCESS_KEY_SECRET='...' --from-literal=HOOK='http...'" in ran.said


def test_what_is_made_can_be_migrated_again() -> None:
    """Ours, with its image, becomes the same args; only the names differ."""
    first = Ran("-", objects=[deployment(containers=[eventer(command=["/kube-eventer", SOURCE, ROBOT])])])
    (new,) = first.objects("Deployment")
    second = Ran("-", "--as=another", objects=[yaml.safe_load(yaml.safe_dump(new))])
    assert second.status == 0
    (again,) = second.objects("Deployment")
    assert pod_of(again)["containers"][0]["args"] == pod_of(new)["containers"][0]["args"]
    assert second.objects("Secret") == []
