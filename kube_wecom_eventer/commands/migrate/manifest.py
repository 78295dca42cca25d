"""All that ``kubectl apply`` needs, as documents: the account, its rights, the Secret, the Deployment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kube_wecom_eventer import __version__
from kube_wecom_eventer.commands.migrate import pod_notes as notes
from kube_wecom_eventer.commands.migrate.arguments import Arguments
from kube_wecom_eventer.commands.migrate.deployments import PROGRAMS, Found
from kube_wecom_eventer.commands.migrate.notes import Language, Note, texts
from kube_wecom_eventer.commands.migrate.pod import PodWriter
from kube_wecom_eventer.commands.migrate.rights import rights_objects
from kube_wecom_eventer.commands.migrate.secrecy import masked
from kube_wecom_eventer.commands.migrate.yaml_writer import Commented
from kube_wecom_eventer.config import CheckpointSettings, ObjectName, resolve

Object = dict[str, Any]

_NAME_LABEL = "app.kubernetes.io/name"
_SAMPLE_POD = "5d4f8c7b9d-x7zkq"
"""What a Deployment's pods are called behind its name; only its form counts."""

_NOT_OURS = (
    "kubectl.kubernetes.io/", "deployment.kubernetes.io/", "scheduler.alpha.kubernetes.io/critical-pod",
    "pod-template-hash",
)  # fmt: skip
"""Written by Kubernetes, or without a meaning since 1.16. The first one holds the old args, keys and all."""
_MANAGED = (
    "meta.helm.sh/", "helm.sh/", "app.kubernetes.io/managed-by", "app.kubernetes.io/instance", "argocd.argoproj.io/",
    "kustomize.toolkit.fluxcd.io/", "helm.toolkit.fluxcd.io/", "objectset.rio.cattle.io/",
)  # fmt: skip
_DEFAULTS: Mapping[str, Any] = {"progressDeadlineSeconds": 600, "revisionHistoryLimit": 10}
_OURS_IN_SPEC = {"replicas", "strategy", "selector", "template"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What was asked for. ``image``: None where that was not said. ``secret_inline``: print the Secret as an object,
    else the command that makes it."""

    name: str
    image: str | None
    language: Language
    secret_inline: bool


def new_name(old: str) -> str:
    """Return what the new Deployment is called unless the user says: never like the old one."""
    return old.replace("kube-eventer", "kube-wecom-eventer") if "kube-eventer" in old else f"kube-wecom-{old}"


def _written_anew(key: str, value: Any) -> bool:
    return key in _OURS_IN_SPEC or _DEFAULTS.get(key) == value


class Manifest:
    """The documents, and in ``said`` the notes that the summary repeats."""

    def __init__(self, *, found: Found, arguments: Arguments, plan: Plan) -> None:
        self._found = found
        self._arguments = arguments
        self._plan = plan
        self._secret = f"{plan.name}-keys"
        self.said: list[Note] = []
        self._head: list[Note] = [notes.namespace_assumed(found.namespace)] if found.assumed else []
        if found.pod.get("hostNetwork"):
            self._head.append(notes.host_network(arguments.settings.web_port))

    def documents(self) -> list[Any]:
        """Return the documents in the order in which they are to be applied."""
        deployment = self._deployment()
        account: Object = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": self._metadata()}
        if self._found.pull_secrets:
            account["imagePullSecrets"] = list(self._found.pull_secrets)
        objects: list[Any] = [account, *self._rights(), *self._secret_objects(), deployment]
        self.said += self._head
        language = self._plan.language
        objects[0] = Commented(objects[0], texts([self._title(), *self._head], language))
        return objects

    def _title(self) -> Note:
        old = f"Deployment {self._found.namespace}/{self._found.name}"
        return Note(
            zh=f"由 kube-eventer 的 {old} 迁移而来（版本 {__version__}）。先看注释，再 kubectl apply -f。",
            en=f"kube-eventer's {old}, for kube-wecom-eventer {__version__}. Read the comments, then kubectl apply -f.",
            kind="why",
        )

    def _metadata(self) -> Object:
        return {"name": self._plan.name, "namespace": self._found.namespace}

    def _rights(self) -> list[Object]:
        settings = self._arguments.settings
        if settings.source.kubeconfig or settings.source.in_cluster is False:
            self._head.append(notes.RIGHTS_OF_KUBECONFIG)
            return []
        checkpoint: CheckpointSettings = resolve(
            settings.checkpoint,
            in_cluster=True,
            namespace=settings.source.namespace or self._found.namespace,
            pod_name=f"{self._plan.name}-{_SAMPLE_POD}",
        )
        return rights_objects(
            settings,
            account=ObjectName(self._found.namespace, self._plan.name),
            checkpoint=checkpoint,
            templates=self._arguments.templates,
        )

    def _secret_objects(self) -> list[Any]:
        values = self._arguments.secrets.values
        if not values:
            return []
        if self._plan.secret_inline:
            metadata = {"name": self._secret, "namespace": self._found.namespace}
            secret = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": values}
            return [Commented(secret, texts([notes.KEYS_IN_CLEAR], self._plan.language))]
        literals = " ".join(f"--from-literal={name}='{masked(value)}'" for name, value in values.items())
        command = f"kubectl -n {self._found.namespace} create secret generic {self._secret} {literals}"
        self._head.append(notes.secret_by_command(command))
        return []

    def _deployment(self) -> Object:
        spec = self._found.deployment["spec"]
        old = self._found.deployment["metadata"]
        template = spec["template"].get("metadata") or {}
        managed: list[str] = []
        metadata = {**self._metadata(), **self._kept(old, selected=(), managed=managed)}
        selected = self._to_change((spec.get("selector") or {}).get("matchLabels") or template.get("labels") or {})
        pod_metadata = self._kept(template, selected=selected, managed=managed)
        pod_metadata["labels"] = {_NAME_LABEL: self._plan.name, **pod_metadata.get("labels", {})}
        pod_metadata["labels"][_NAME_LABEL] = self._plan.name
        pod = PodWriter(
            found=self._found,
            arguments=self._arguments,
            image=self._plan.image,
            name=self._plan.name,
            secret=self._secret,
            language=self._plan.language,
            said=self.said,
        )
        about = [notes.managed_labels(list(dict.fromkeys(managed)))] if managed else []
        self.said += about
        return {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": Commented(metadata, texts(about, self._plan.language)) if about else metadata,
            "spec": {
                **self._replicas(spec.get("replicas")),
                **{key: value for key, value in spec.items() if not _written_anew(key, value)},
                "selector": {"matchLabels": {_NAME_LABEL: self._plan.name}},
                "template": {
                    "metadata": {**pod_metadata, "labels": self._selected(pod_metadata["labels"], selected)},
                    "spec": pod.spec(),
                },
            },
        }

    def _replicas(self, written: int | None) -> Object:
        count = 1 if written is None else written
        if count > 1:
            return {"replicas": count}
        if count == 0:
            self.said.append(notes.SCALED_TO_ZERO)
        replicas = count if count else Commented(0, texts([notes.SCALED_TO_ZERO], self._plan.language))
        return {
            "replicas": replicas,
            "strategy": Commented({"type": "Recreate"}, texts([notes.RECREATE], self._plan.language)),
        }

    def _kept(self, metadata: Mapping[str, Any], *, selected: Sequence[str], managed: list[str]) -> Object:
        """Return labels and annotations as the new object has them. ``selected``: labels to change."""
        kept: Object = {}
        for part in ("labels", "annotations"):
            entries = metadata.get(part) or {}
            managed += [name for name in entries if name.startswith(_MANAGED)]
            left = {
                name: self._renamed(name, str(value), selected)
                for name, value in entries.items()
                if not name.startswith((*_MANAGED, *_NOT_OURS))
            }
            if left:
                kept[part] = left
        return kept

    def _to_change(self, selector: Mapping[str, str]) -> tuple[str, ...]:
        """Return the labels that must change, so that what selects the old pods does not select the new ones."""
        named = tuple(name for name, value in selector.items() if value in (self._found.name, PROGRAMS[0]))
        return named or tuple(selector)[:1]

    def _renamed(self, name: str, value: str, selected: Sequence[str]) -> str:
        of_the_old = name in selected or value in (self._found.name, PROGRAMS[0])
        return self._plan.name if of_the_old else value

    def _selected(self, labels: Mapping[str, str], selected: Sequence[str]) -> Any:
        about = [notes.selector_changed([name for name in selected if name in labels])] if selected else []
        return Commented(labels, texts(about, self._plan.language)) if about else labels
