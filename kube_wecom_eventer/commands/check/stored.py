"""What is stored in the cluster: watched namespaces, the checkpoint, silences, templates, declared routes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

import msgspec

from kube_wecom_eventer.building import build_store
from kube_wecom_eventer.commands.check.findings import Report
from kube_wecom_eventer.config import CheckpointSettings, ObjectName, Settings
from kube_wecom_eventer.errors import ApiError, CheckpointError, NotFound
from kube_wecom_eventer.event import ObjectMeta
from kube_wecom_eventer.following import Following
from kube_wecom_eventer.kube.checkpoint import UnusableCheckpoint, decode
from kube_wecom_eventer.kube.client import UNREADABLE, ApiClient


async def say_missing(client: ApiClient, watched: Sequence[str], report: Report) -> None:
    """Say which of the watched namespaces there is not, where we may know: to watch it needs no right to get it."""
    for namespace in watched:
        try:
            await client.get(f"/api/v1/namespaces/{namespace}")
        except NotFound:
            report.doubtful("--watch-namespaces", f"there is no namespace {namespace}, so no event of it is told")
        except ApiError:
            pass  # it may well be there


async def check_checkpoint(client: ApiClient, place: CheckpointSettings, zone: tzinfo, report: Report) -> None:
    """Say whether there is a checkpoint that can be used; write nothing."""
    store = build_store(place, client=client, writer="check")
    where = "checkpoint"
    try:
        stored = await store.read()
        written = decode(stored).written_at if stored else None
    except CheckpointError as error:
        hints = [f"grant {error.hint}"] if error.hint else []
        report.bad(where, f"{store.described}: {error}; a restart would lose events", *hints)
    except UnusableCheckpoint as error:
        report.bad(where, f"{store.described}: {error}; the daemon would keep it aside and start from now")
    else:
        if place.kind == "none":
            report.doubtful(where, "none: a restart begins from now", "--checkpoint=file:PATH keeps one")
        elif written is None:
            report.good(where, f"{store.described}: none yet")
        else:
            report.good(
                where, f"{store.described}: written at {datetime.fromtimestamp(written, zone):%Y-%m-%d %H:%M:%S}"
            )


class _Object(msgspec.Struct):
    metadata: ObjectMeta


class _Objects(msgspec.Struct):
    items: list[_Object] | None = None


async def found_elsewhere(client: ApiClient, name: ObjectName, own_namespace: str) -> list[str]:
    """Return the other namespaces that have a ConfigMap of this name, of those that may be asked; sorted."""
    for path in ("/api/v1/configmaps", f"/api/v1/namespaces/{own_namespace}/configmaps"):
        try:
            body = await client.get(path, {"fieldSelector": f"metadata.name={name.name}"})
            items = msgspec.json.decode(body, type=_Objects).items or []
        except (ApiError, *UNREADABLE):
            continue
        return sorted({item.metadata.namespace for item in items} - {name.namespace})
    return []


def say_config_maps(following: Following, settings: Settings, report: Report) -> None:
    """Say of the ConfigMaps with templates and silences what is wrong with them; templates are tried elsewhere."""
    for name, trouble in following.config_map_troubles.items():
        report.bad(f"ConfigMap {name}", f"can't be read: {trouble}")
    silences = following.silences
    for problem in silences.problems:
        report.bad("silences", f"ConfigMap {silences.name}: {problem}; it silences nothing")
    for doubt in silences.doubts:
        report.doubtful("silences", f"ConfigMap {silences.name}: {doubt}")
    if settings.silences and silences.name not in following.config_map_troubles:
        if silences.missing:
            report.doubtful("silences", f"there is no ConfigMap {silences.name}, so nothing is silenced")
        else:
            report.good("silences", f"ConfigMap {silences.name}: silences that hold now: {silences.holding()}")


def say_declared(following: Following, report: Report) -> None:
    """Say which routes namespaces declare, and what is wrong with them."""
    if trouble := following.routes_trouble:
        report.bad("declared routes", f"can't all be known: {trouble}")
    if following.declares and not following.declared:
        report.note("declared routes", "none; a ConfigMap with the label kube-wecom-eventer.io/route=true declares one")
    for route in following.declared:
        for problem in route.problems:
            report.bad(route.name, f"ConfigMap {route.source}: {problem}")
        for doubt in route.doubts:
            report.doubtful(route.name, f"ConfigMap {route.source}: {doubt}")
