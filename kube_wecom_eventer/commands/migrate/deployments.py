"""The Deployment to migrate, found among objects, in whatever way they were written.

Owns what is read and what is refused. Knows nothing of what becomes of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

import msgspec
import yaml

from kube_wecom_eventer.config import ObjectName
from kube_wecom_eventer.config.object_name import NAMESPACE, SUBDOMAIN
from kube_wecom_eventer.errors import ConfigError

PROGRAMS = ("kube-eventer", "kube-wecom-eventer")
"""What the container runs, in kube-eventer's image and in ours."""

DEFAULT_NAMESPACE = "kube-system"
"""Where kube-eventer's own YAML puts it."""

_MOST_NODES = 100_000
"""Values in one input. Aliases of YAML can make a small file stand for more than any memory holds."""

_HELM = "it looks like a Helm template; render it first: helm template ... | kube-wecom-eventer migrate -"
_QUOTES = '; in YAML it needs quotes, as "--sink=log:" does'
_SHELLS = ("sh", "bash", "ash", "dash", "zsh")
_OTHER_KINDS = ("DaemonSet", "StatefulSet", "ReplicaSet", "ReplicationController", "Job", "CronJob", "Pod")


class _EnvVar(msgspec.Struct):
    name: Annotated[str, msgspec.Meta(pattern=r"^[-._a-zA-Z0-9]+\Z")]
    value: str | None = None


_Objects = list[dict[str, Any]]


class _Named(msgspec.Struct):
    name: str = ""


class _Mount(_Named, rename="camel"):
    mount_path: str = ""


class _Resources(msgspec.Struct):
    requests: dict[str, Any] | None = None
    limits: dict[str, Any] | None = None


class _Container(msgspec.Struct, rename="camel"):
    name: str = ""
    image: str = ""
    command: list[str] | None = None
    args: list[str] | None = None
    env: list[_EnvVar] | None = None
    env_from: _Objects | None = None
    ports: list[_Named] | None = None
    volume_mounts: list[_Mount] | None = None
    security_context: dict[str, Any] | None = None
    resources: _Resources | None = None


class _PodSpec(msgspec.Struct, rename="camel"):
    containers: list[_Container]
    init_containers: list[_Container] | None = None
    volumes: list[_Named] | None = None
    security_context: dict[str, Any] | None = None
    termination_grace_period_seconds: int | None = None


class _Meta(msgspec.Struct):
    name: str = ""
    namespace: str | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None


class _Template(msgspec.Struct):
    spec: _PodSpec
    metadata: _Meta | None = None


class _Selector(msgspec.Struct, rename="camel"):
    match_labels: dict[str, str] | None = None


class _Spec(msgspec.Struct):
    template: _Template
    replicas: int | None = None
    selector: _Selector | None = None


class _Deployment(msgspec.Struct):
    """The shape that the rest of the migration relies on; what else there is may have any."""

    metadata: _Meta
    spec: _Spec


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A Deployment whose shape is checked, and the index of the container that runs kube-eventer.

    ``assumed``: the input names no namespace. ``config_maps``: the data of those that are known, by name; None where
    it is known that there is none. ``pull_secrets``: those of its ServiceAccount.
    """

    deployment: Mapping[str, Any]
    index: int
    namespace: str
    assumed: bool = False
    config_maps: dict[ObjectName, Mapping[str, str] | None] = field(default_factory=dict)
    pull_secrets: Sequence[Mapping[str, Any]] = ()

    @property
    def name(self) -> str:
        """The Deployment's name."""
        return str(self.deployment["metadata"]["name"])

    @property
    def pod(self) -> Mapping[str, Any]:
        """The spec of its pods."""
        pod: Mapping[str, Any] = self.deployment["spec"]["template"]["spec"]
        return pod

    @property
    def container(self) -> Mapping[str, Any]:
        """The container that runs kube-eventer."""
        container: Mapping[str, Any] = self.pod["containers"][self.index]
        return container

    @property
    def account(self) -> str:
        """The name of its ServiceAccount."""
        return str(self.pod.get("serviceAccountName") or self.pod.get("serviceAccount") or "default")


def read_objects(data: bytes, *, where: str) -> list[dict[str, Any]]:
    """Return the objects of YAML or JSON, those in Lists included. Raises ConfigError where it is neither."""
    try:
        # Bytes, because a file that PowerShell wrote is UTF-16.
        documents = list(yaml.safe_load_all(data))
        _count_nodes(documents)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise ConfigError([f"{where}: no YAML: {_yaml_problem(error, data)}"]) from None
    objects = [each for document in documents for each in _flat(document)]
    if not objects:
        raise ConfigError([f"{where}: holds no Kubernetes object; write the YAML of the Deployment, or - for stdin"])
    return objects


def _yaml_problem(error: Exception, data: bytes) -> str:
    if b"{{" in data:
        return _HELM
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    # Without the lines around it, which yaml quotes: a key may stand there.
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or (str(error) if type(error) is ValueError else "unreadable characters")
    return f"{problem}, line {mark.line + 1}" if mark else str(problem)


def _count_nodes(node: Any) -> None:
    """Raise ValueError where a tree has too many values; an alias counts each time."""
    waiting, count = [node], 0
    while waiting:
        each = waiting.pop()
        count += 1
        if count > _MOST_NODES:
            raise ValueError("it has too many values, or aliases of aliases")
        if isinstance(each, dict):
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each


def _flat(document: Any) -> Iterator[dict[str, Any]]:
    if not isinstance(document, dict):
        return
    if isinstance(document.get("items"), list) and str(document.get("kind", "")).endswith("List"):
        for item in document["items"]:
            yield from _flat(item)
    elif "kind" in document:
        yield document


def choose(objects: Sequence[dict[str, Any]], *, where: str, name: str | None, namespace: str | None) -> Found:
    """Return the one Deployment of kube-eventer among the objects.

    Raises:
        ConfigError: there is none, or more than one, or it can't be read.
    """
    deployments = [each for each in objects if each.get("kind") == "Deployment"]
    named = [each for each in deployments if _fits(each, name, namespace)]
    candidates = [each for each in named if _may_be_ours(each)]
    if len(candidates) > 1:
        names = ", ".join(_named(each) for each in candidates)
        raise ConfigError([f"{where}: {len(candidates)} Deployments of kube-eventer: {names}; choose one by --name="])
    # One that was asked for by name is refused with the reason, not passed over.
    chosen = candidates or (named if len(named) == 1 else [])
    if not chosen:
        raise ConfigError([f"{where}: {_none(objects, deployments, name)}"])
    (deployment,) = chosen
    found = checked(deployment, where=where, namespace=namespace)
    account = next((each for each in objects if _is(each, "ServiceAccount", found.namespace, found.account)), {})
    return replace(found, config_maps=_config_maps(objects), pull_secrets=account.get("imagePullSecrets") or ())


def _fits(deployment: Mapping[str, Any], name: str | None, namespace: str | None) -> bool:
    metadata = _metadata(deployment)
    return (name is None or metadata.get("name") == name) and (
        namespace is None or metadata.get("namespace") in (None, namespace)
    )


def _metadata(each: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = each.get("metadata")
    return metadata if isinstance(metadata, dict) else {}


def _is(each: Mapping[str, Any], kind: str, namespace: str, name: str) -> bool:
    metadata = _metadata(each)
    return (each.get("kind"), metadata.get("name"), metadata.get("namespace") or namespace) == (kind, name, namespace)


def _named(each: Mapping[str, Any]) -> str:
    metadata = _metadata(each)
    return "/".join(str(part) for part in (metadata.get("namespace"), metadata.get("name")) if part) or "without a name"


def _may_be_ours(deployment: Mapping[str, Any]) -> bool:
    try:
        containers = deployment["spec"]["template"]["spec"]["containers"]
        return any(_runs_eventer(each) or "kube-eventer" in str(each.get("image")) for each in containers)
    except (KeyError, TypeError, AttributeError):
        return False


def _none(objects: Sequence[dict[str, Any]], deployments: Sequence[dict[str, Any]], name: str | None) -> str:
    if name and deployments:
        return f"no Deployment {name}; there are: {', '.join(_named(each) for each in deployments)}"
    if deployments:
        names = ", ".join(_named(each) for each in deployments)
        return f"no Deployment of kube-eventer: none of these runs /kube-eventer: {names}"
    others = [each for each in objects if each.get("kind") in _OTHER_KINDS]
    if others:
        kinds = ", ".join(f"{each['kind']} {_named(each)}" for each in others)
        return f"no Deployment, but {kinds}; kube-eventer runs as a Deployment: write it as one, then migrate that"
    return f"no Deployment; there are only: {', '.join(sorted({str(each['kind']) for each in objects}))}"


def _config_maps(objects: Sequence[dict[str, Any]]) -> dict[ObjectName, Mapping[str, str] | None]:
    found: dict[ObjectName, Mapping[str, str] | None] = {}
    for each in objects:
        if each.get("kind") == "ConfigMap" and _metadata(each).get("name"):
            metadata, data = _metadata(each), each.get("data")
            name = ObjectName(str(metadata.get("namespace") or "default"), str(metadata["name"]))
            texts = data.items() if isinstance(data, dict) else ()
            found[name] = {str(key): text for key, text in texts if isinstance(text, str)}
    return found


def checked(deployment: dict[str, Any], *, where: str, namespace: str | None) -> Found:
    """Check the shape of a Deployment and find its container. Raises ConfigError."""
    named = f"{where}: Deployment {_named(deployment)}"
    try:
        shape = msgspec.convert(deployment, type=_Deployment)
    except (msgspec.ValidationError, RecursionError) as error:
        hint = _QUOTES if any(part in str(error) for part in (".args", ".command", ".env")) else ""
        raise ConfigError([f"{named}: can't be read: {error}{hint}"]) from None
    if not SUBDOMAIN.fullmatch(shape.metadata.name) or not NAMESPACE.fullmatch(shape.metadata.namespace or "default"):
        raise ConfigError([f"{named}: has no metadata.name and namespace that there can be"])
    containers = deployment["spec"]["template"]["spec"]["containers"]
    running = [index for index, each in enumerate(containers) if _runs_eventer(each)]
    if len(running) != 1:
        raise ConfigError([f"{named}: {_not_running(containers, len(running))}"])
    (index,) = running
    if any("{{" in text for text in _texts(containers[index])):
        raise ConfigError([f"{named}: {_HELM}"])
    written = shape.metadata.namespace or namespace
    return Found(deployment=deployment, index=index, namespace=written or DEFAULT_NAMESPACE, assumed=not written)


def _texts(container: Mapping[str, Any]) -> list[str]:
    return [str(container.get("image")), *(container.get("command") or ()), *(container.get("args") or ())]


def _runs_eventer(container: Any) -> bool:
    """Return whether the container runs kube-eventer's program itself, with args that it gets as they stand."""
    command, args = container.get("command") or [], container.get("args") or []
    if command:
        return str(command[0]).rpartition("/")[2] in PROGRAMS
    image = str(container.get("image")).rpartition("/")[2]
    return any(program in image for program in PROGRAMS) or any(
        str(arg).lstrip("-").startswith(("sink=", "source=kubernetes")) for arg in args
    )


def _not_running(containers: Sequence[Any], count: int) -> str:
    if count:
        return f"{count} containers run kube-eventer; leave one of them"
    for each in containers:
        command = each.get("command") or []
        if command and str(command[0]).rpartition("/")[2] in _SHELLS:
            return (
                f"its args are a line for {command[0]}, which only a shell can read; write the program under "
                "command: [/kube-eventer], and under args: each flag as an item of its own"
            )
        if command and " " in str(command[0]):
            return "its command is one text; write /kube-eventer and each flag as an item of its own"
    return "no container runs /kube-eventer"
