"""Applying what users apply, and running the daemon that it describes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from kube_wecom_eventer.demo.serving import serve
from kube_wecom_eventer.demo.wecom import WeComGroup
from tests.support.api_servers import service_account_environ
from tests.support.daemon import DaemonProcess, installed, running_daemon
from tests.support.envtest import RealCluster

WECOM = "https://qyapi.weixin.qq.com"


def applied(cluster: RealCluster, folder: Path) -> list[dict[str, Any]]:
    """Apply a kustomization as a user does; return its objects. Kinds that an old server lacks are left out."""
    objects = [each for each in yaml.safe_load_all(cluster.kubectl("kustomize", str(folder))) if each]
    served = cluster.kubectl("api-versions").split()
    cluster.kubectl(
        "apply", "-f", "-", input=yaml.safe_dump_all(each for each in objects if each["apiVersion"] in served)
    )
    return objects


def container_of(objects: list[dict[str, Any]]) -> tuple[dict[str, Any], str, str]:
    """Return the Deployment's container, its namespace and its ServiceAccount."""
    (deployment,) = [each for each in objects if each["kind"] == "Deployment"]
    pod = deployment["spec"]["template"]["spec"]
    return pod["containers"][0], deployment["metadata"]["namespace"], pod["serviceAccountName"]


def pod_of(objects: list[dict[str, Any]]) -> str:
    """Return what a pod of the Deployment may be called."""
    (deployment,) = [each for each in objects if each["kind"] == "Deployment"]
    return f"{deployment['metadata']['name']}-6d4cf56db6-x7zkq"


@asynccontextmanager
async def deployed(
    cluster: RealCluster, objects: list[dict[str, Any]], folder: Path, *, program: str, keys: dict[str, str]
) -> AsyncIterator[tuple[DaemonProcess, WeComGroup]]:
    """Run what the Deployment runs, as its ServiceAccount, with a group of its own; see `started`."""
    wecom = WeComGroup(keys=["xxxxxxx"], clock=lambda: datetime.now(UTC))
    async with (
        serve(wecom) as url,
        started(cluster, objects, folder, program=program, keys=keys, wecom_url=url) as daemon,
    ):
        yield daemon, wecom


@asynccontextmanager
async def started(
    cluster: RealCluster,
    objects: list[dict[str, Any]],
    folder: Path,
    *,
    program: str,
    keys: dict[str, str],
    wecom_url: str,
) -> AsyncIterator[DaemonProcess]:
    """Run what the Deployment runs, as its ServiceAccount; only the two hosts differ. ``keys``: its Secrets' values."""
    container, namespace, account = container_of(objects)
    environ = service_account_environ(cluster, folder, namespace=namespace, name=account)
    known = {**keys, "POD_NAME": pod_of(objects)}
    environ |= {each["name"]: each.get("value") or known[each["name"]] for each in container.get("env", [])}
    args = [
        arg.replace(WECOM, wecom_url)
        .replace("wecom:?", f"wecom:?api={wecom_url}&")
        .replace("wechat:?", f"wechat:?api={wecom_url}&")
        .replace("https://kubernetes.default", cluster.url)
        for arg in [*container.get("command", [])[1:], *container.get("args", [])]
    ]
    if "--namespace-routes=true" in args:
        args.append(f"--route-allowed-hosts={urlsplit(wecom_url).netloc}")
    async with running_daemon(*args, environ=environ, program=installed(program)) as daemon, await daemon.ready():
        yield daemon


def create_event(cluster: RealCluster, namespace: str, name: str, **fields: Any) -> None:
    """Create a Warning about a pod, with kubectl."""
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": namespace},
        "involvedObject": {"kind": "Pod", "namespace": namespace, "name": "p"},
        "type": "Warning",
        "reason": "BackOff",
        "message": 'a "quoted"\nmessage',
        "lastTimestamp": "2026-11-20T01:02:03Z",
        **fields,
    }
    cluster.kubectl("create", "-f", "-", input=yaml.safe_dump(event))
