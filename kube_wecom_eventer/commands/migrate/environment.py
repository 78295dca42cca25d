"""The environment of the container, and what becomes of ``$(NAME)``, ``$NAME`` and ``${NAME}`` in its args.

Two programs replace variables: first the kubelet ``$(NAME)``, then the daemon, in sinks, ``$NAME`` and ``${NAME}``.
A variable stays a variable in what is written: its place is held by a mark until then.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from kube_wecom_eventer.config.uri import VARIABLE

_OPEN, _CLOSE = "\ue000", "\ue001"
"""Around a variable's name. Of the private use area: nobody writes them, and no decoding touches them."""

MARKED = re.compile(f"{_OPEN}([^{_CLOSE}]*){_CLOSE}")
_DOLLAR = re.compile(r"\$(?:\$|\(([^)]*)\)|.)?", re.DOTALL)
_DAEMONS = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""The names that the daemon itself replaces; the kubelet knows more."""

UNKNOWN = "unknown"
"""Stands for a value that is not in the Deployment, but in a Secret or a ConfigMap that it names."""
UNKNOWN_URL = "https://unknown.invalid/cgi-bin/webhook/send?key=unknown"
"""The same, where a whole URL is wanted."""


def kubelets(text: str, values: Mapping[str, str]) -> str:
    """Replace ``$(NAME)`` as the kubelet does: what is not set stays as it is, and ``$$`` stands for ``$``.

    Source: https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
    """

    def replaced(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        return values.get(match[1], match[0]) if match[1] is not None else match[0]

    return _DOLLAR.sub(replaced, text)


class Marks(Mapping[str, str]):
    """Every variable, each standing for itself."""

    def __getitem__(self, name: str) -> str:
        return f"{_OPEN}{name}{_CLOSE}"

    def __contains__(self, name: object) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


MARKS = Marks()


def written(text: str) -> str:
    """Return an arg as it is to be written: marks as variables again, and what the kubelet would replace escaped."""
    return _variables(re.sub(rf"\$(?=[$({_OPEN}])", "$$", text))


def _variables(text: str) -> str:
    """Return a text with marks as variables: the daemon's, which show in no list of processes, where it can."""
    return MARKED.sub(lambda mark: f"${{{mark[1]}}}" if _DAEMONS.fullmatch(mark[1]) else f"$({mark[1]})", text)


class Environment:
    """The variables of a container. ``literal``: those whose values stand in the Deployment."""

    def __init__(self, container: Mapping[str, Any]) -> None:
        self.literal: dict[str, str] = {}
        self._named: set[str] = set()
        for entry in container.get("env") or ():
            self._named.add(entry["name"])
            if entry.get("valueFrom") is None:
                self.literal[entry["name"]] = kubelets(entry.get("value") or "", self.literal)
            else:
                self.literal.pop(entry["name"], None)
        self._open = bool(container.get("envFrom"))

    def marked(self, text: str) -> str:
        """Return an arg with the kubelet's variables as marks."""
        return kubelets(text, {name: MARKS[name] for name in self._named})

    def daemons(self, text: str, values: Mapping[str, str]) -> str:
        """Return a marked text as the daemon gets it: what only the kubelet can replace is replaced."""
        return (
            MARKED.sub(
                lambda mark: mark[0] if _DAEMONS.fullmatch(mark[1]) else values.get(mark[1], f"$({mark[1]})"), text
            )
            .replace(_OPEN, "${")
            .replace(_CLOSE, "}")
        )

    def unknown(self, text: str) -> tuple[str, ...]:
        """Return the variables marked in a text whose values can't be known here."""
        return tuple(
            name for name in self.marked_names(text) if name not in self.literal and (name in self._named or self._open)
        )

    def marked_names(self, text: str) -> tuple[str, ...]:
        """Return the variables that a text names, by mark or as the daemon replaces them."""
        return tuple(dict.fromkeys(MARKED.findall(VARIABLE.sub(lambda match: MARKS[match[1] or match[2]], text))))

    def values(self, *, unknown: str = UNKNOWN) -> Mapping[str, str]:
        """Return all variables, with ``unknown`` for the values that can't be known here."""
        known = {name: self.literal.get(name, unknown) for name in self._named}
        return _Values(known, other=unknown if self._open else None)


class _Values(Mapping[str, str]):
    """``other``: the value of all other names, where the container takes its environment from elsewhere, too."""

    def __init__(self, known: Mapping[str, str], *, other: str | None) -> None:
        self._known = known
        self._other = other

    def __getitem__(self, name: str) -> str:
        if name in self._known:
            return self._known[name]
        if self._other is not None and name != "TZ":
            return self._other
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)
