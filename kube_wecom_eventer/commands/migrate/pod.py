"""From kube-eventer's pod to ours: what users added is kept, what our image needs is put in.

Knows nothing of args and rights; `arguments` and `rights` do.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kube_wecom_eventer import __version__
from kube_wecom_eventer.command_line import PROGRAM
from kube_wecom_eventer.commands.migrate import pod_notes as notes
from kube_wecom_eventer.commands.migrate.arguments import Arg, Arguments
from kube_wecom_eventer.commands.migrate.deployments import Found
from kube_wecom_eventer.commands.migrate.notes import Language, Note, texts
from kube_wecom_eventer.commands.migrate.yaml_writer import Commented, Remark

Object = dict[str, Any]

_DEFAULTS: Mapping[str, Any] = {
    "restartPolicy": "Always", "dnsPolicy": "ClusterFirst", "schedulerName": "default-scheduler", "securityContext": {},
    "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
}  # fmt: skip
"""What the API server writes by itself into each object, and nobody needs to read."""

_OURS_IN_POD = {"containers", "volumes", "serviceAccount", "serviceAccountName", "securityContext",
                "terminationGracePeriodSeconds"}  # fmt: skip
_OURS_IN_CONTAINER = {"name", "image", "command", "args", "env", "ports", "livenessProbe", "readinessProbe",
                      "startupProbe", "resources", "volumeMounts", "securityContext"}  # fmt: skip
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_ZONE_PATHS = ("/etc/localtime", "/usr/share/zoneinfo", "/etc/timezone")
_TRUST_STORES = ("/etc/ssl", "/etc/pki", "/usr/local/share/ca-certificates", "/usr/share/ca-certificates")
_GRACE = 30
"""Seconds: 20 to tell what waits, and some to store how far it has come."""

_RESOURCES = {"requests": {"cpu": "20m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}}
_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}
_LITTLE_MEMORY = 128 * 2**20

_USER = {"runAsNonRoot": True, "runAsUser": 65532, "runAsGroup": 65532, "seccompProfile": {"type": "RuntimeDefault"}}
_CONFINED = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}


def _written_anew(key: str, value: Any, ours: Container[str]) -> bool:
    return key in ours or _DEFAULTS.get(key) == value


def _name_of(entry: Any) -> str:
    return str((entry.value if isinstance(entry, Commented) else entry)["name"])


def _of_zone(mount: Mapping[str, Any]) -> bool:
    return str(mount.get("mountPath")).rstrip("/") in _ZONE_PATHS


@dataclass(frozen=True, slots=True, kw_only=True)
class PodWriter:
    """Writes the pod's spec. ``said`` collects the notes that the summary repeats."""

    found: Found
    arguments: Arguments
    image: str | None
    name: str
    secret: str
    language: Language
    said: list[Note]

    def spec(self) -> Object:
        """Return the spec of the pods."""
        pod = self.found.pod
        alone = len(pod["containers"]) == 1 and not pod.get("initContainers")
        container = self._container(alone=alone)
        containers = [container if index == self.found.index else each for index, each in enumerate(pod["containers"])]
        security = {**(pod.get("securityContext") or {}), **(_USER if alone else {})}
        grace = pod.get("terminationGracePeriodSeconds") or _GRACE
        spec: Object = {
            "serviceAccountName": self.name,
            "terminationGracePeriodSeconds": max(grace, _GRACE),
            **{key: value for key, value in pod.items() if not _written_anew(key, value, _OURS_IN_POD)},
        }
        if security:
            spec["securityContext"] = self._noted(security, notes.SECURITY) if alone else security
        spec["containers"] = containers
        volumes = self._volumes(containers)
        if volumes:
            spec["volumes"] = volumes
        return spec

    def _noted(self, value: Any, *about: Note) -> Commented:
        self.said.extend(about)
        return Commented(value, texts(about, self.language))

    def _container(self, *, alone: bool) -> Object:
        old = self.found.container
        kept = {key: value for key, value in old.items() if not _written_anew(key, value, _OURS_IN_CONTAINER)}
        ports, port = self._ports()
        new: Object = {
            "name": str(old.get("name") or self.name).replace("kube-eventer", "kube-wecom-eventer"),
            "image": self.image or self._noted(f"{PROGRAM}:{__version__}", notes.IMAGE_ASSUMED),
            "args": self._args(),
            "env": self._env(),
            **kept,
            "ports": ports,
            **self._probes(port),
            "resources": self._resources(),
        }
        mounts = self._mounts()
        if mounts:
            new["volumeMounts"] = mounts
        new["securityContext"] = {**({} if alone else _USER), **_CONFINED}
        return new

    def _args(self) -> Commented:
        items = [self._arg(arg) for arg in self.arguments.args]
        about = (notes.TOLD_AT_ONCE, *([notes.COMMAND_DROPPED] if self.found.container.get("command") else []))
        return self._noted([item for each in items for item in each], *about)

    def _arg(self, arg: Arg) -> list[Any]:
        lines = texts(arg.notes, self.language)
        if not arg.text:
            return [Remark((*lines, *([f"- {arg.shown}"] if arg.shown else ())))]
        return [Commented(arg.text, lines) if lines else arg.text]

    def _env(self) -> list[Any]:
        old = self.found.container.get("env") or []
        moved = self.arguments.secrets.values
        names = {entry["name"] for entry in old}
        env: list[Any] = [
            {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            *([] if "TZ" in names else [self._zone({"name": "TZ", "value": "Asia/Shanghai"}, notes.TIME_ZONE)]),
        ]
        for entry in old:
            if entry["name"] == "TZ":
                env.append(self._zone(entry))
            elif entry["name"] != "POD_NAME":
                env.append(self._from_secret(entry["name"]) if entry["name"] in moved else entry)
        env += [self._from_secret(name) for name in moved if name not in names]
        if moved:
            first = next(index for index, entry in enumerate(env) if _name_of(entry) in moved)
            env[first] = self._noted(env[first], notes.moved_to_secret(self.secret))
        return env

    def _zone(self, entry: Object, *about: Note) -> Any:
        paths = [each["mountPath"] for each in self.found.container.get("volumeMounts") or () if _of_zone(each)]
        about = (*about, *([notes.volumes_dropped(paths)] if paths else ()))
        return self._noted(entry, *about) if about else entry

    def _from_secret(self, name: str) -> Object:
        return {"name": name, "valueFrom": {"secretKeyRef": {"name": self.secret, "key": name}}}

    def _ports(self) -> tuple[list[Object], str | int]:
        """Return the container's ports, and how a probe names that of the web endpoints."""
        port = self.arguments.settings.web_port
        old = self.found.container.get("ports") or []
        known = next((each for each in old if each.get("containerPort") == port), None)
        if known is not None:
            return list(old), known.get("name") or port
        if any(each.get("name") == "http" for each in old):
            return [*old, {"containerPort": port}], port
        return [*old, {"name": "http", "containerPort": port}], "http"

    def _probes(self, port: str | int) -> Object:
        host = self.arguments.settings.web_host
        on_machine = {"host": host} if host in ("127.0.0.1", "::1", "localhost") else {}
        probes: Object = {
            "livenessProbe": {
                "httpGet": {"path": "/healthz", "port": port, **on_machine},
                "periodSeconds": 10,
                "failureThreshold": 3,
            },
            "readinessProbe": {"httpGet": {"path": "/readyz", "port": port, **on_machine}, "periodSeconds": 5},
        }
        old = [name for name in _PROBES if self.found.container.get(name)]
        if old:
            probes["livenessProbe"] = self._noted(probes["livenessProbe"], notes.probes_replaced(old))
        return probes

    def _resources(self) -> Any:
        old = self.found.container.get("resources")
        if not old:
            return _RESOURCES
        limit = str((old.get("limits") or {}).get("memory") or "")
        number = limit.rstrip("kKMGi")
        if number.isdigit() and int(number) * _UNITS.get(limit[len(number) :], 2**40) < _LITTLE_MEMORY:
            return self._noted(old, notes.little_memory(limit))
        return old

    def _mounts(self) -> list[Any]:
        mounts: list[Any] = []
        for mount in self.found.container.get("volumeMounts") or ():
            path = str(mount.get("mountPath"))
            if _of_zone(mount):
                continue
            if path.startswith(_TRUST_STORES):
                mounts.append(self._noted(mount, notes.trust_store(path)))
            elif self._of_the_host(str(mount.get("name"))):
                mounts.append(self._noted(mount, notes.unprivileged(path)))
            else:
                mounts.append(mount)
        return mounts

    def _of_the_host(self, name: str) -> bool:
        return any(each.get("name") == name and "hostPath" in each for each in self.found.pod.get("volumes") or ())

    def _volumes(self, containers: Sequence[Mapping[str, Any]]) -> list[Any]:
        everyone = [*containers, *(self.found.pod.get("initContainers") or ())]
        mounted = {
            (mount.value if isinstance(mount, Commented) else mount).get("name")
            for each in everyone
            for mount in each.get("volumeMounts") or ()
        }
        return [each for each in self.found.pod.get("volumes") or () if each.get("name") in mounted]
