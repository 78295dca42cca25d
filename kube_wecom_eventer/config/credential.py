"""A secret that a sink needs: written in its URI, in a file of the daemon's pod, or in a Secret of the cluster.

One rule for all of them: ``NAME=``, ``NAME_file=`` or ``NAME_secret=``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kube_wecom_eventer.config.parameter import Parameter
from kube_wecom_eventer.config.secret import Secret
from kube_wecom_eventer.config.secret_field import SecretField, parse_secret_field
from kube_wecom_eventer.config.shown import shown_name, shown_value
from kube_wecom_eventer.config.uri import OptionUri, http_address


@dataclass(frozen=True, slots=True)
class Credential:
    """``value``: what it is, known since the start. ``place``: where it is read before each message instead; then the
    ``value`` is empty."""

    value: Secret
    place: SecretField | None = None

    @property
    def name(self) -> str:
        """Name it without giving it away, for a destination's name."""
        return str(self.place) if self.place else self.value.fingerprint()


def ways_to(name: str) -> tuple[str, str, str]:
    """Return the parameters that say what a credential is."""
    return name, f"{name}_file", f"{name}_secret"


def credential_parameters(name: str, word: str, what: str, sinks: tuple[str, ...]) -> tuple[Parameter, ...]:
    """Return the same with their helps. ``word``: of a person, as ``key``; ``what``: a sentence that says whose."""
    written, in_file, in_secret = ways_to(name)
    return (
        Parameter(
            written,
            f"{what}; `${{NAME}}` takes it from the environment and keeps it out of the args.",
            sinks=sinks,
        ),
        Parameter(in_file, f"A file that holds the {word}, read at start.", sinks=sinks),
        Parameter(
            in_secret,
            f"`NAMESPACE/NAME[/FIELD]`: a Secret in the cluster and its field, `{name}` unless said. It is read when a "
            f"message is sent, so that a rotated {word} needs no restart; the right is `get` on that Secret. In a "
            "route that a namespace declares `NAME[/FIELD]`; see docs/routing.md#secrets-and-rotation.",
            sinks=sinks,
        ),
    )


def read_credential(
    uri: OptionUri, name: str, *, namespace: str, problems: list[str], missing: str = ""
) -> Credential | None:
    """Read the credential that the parameters of ``name`` say.

    ``namespace``: where its Secret is; empty: the parameter names that. ``missing``: what is wrong where none is
    written. None where there is a problem, or none is written; problems are lines without the credential.
    """
    written = {option: value for option in ways_to(name) if (value := uri.first(option))}
    if len(written) > 1:
        problems.append(f"{uri.scheme}: has {' and '.join(f'{each}=' for each in written)}; write one of them")
        return None
    if text := written.get(f"{name}_secret"):
        return _in_secret(uri, name, text, namespace, problems)
    if path := written.get(f"{name}_file"):
        return _in_file(uri, name, path, problems)
    if not written and missing:
        ways = f"{name}_secret=NAME" if namespace else f"{name}_secret=, {name}_file= or {name}="
        problems.append(f"{uri.scheme}: {missing}; write {ways}")
    return Credential(Secret(written[name])) if written else None


def _in_secret(uri: OptionUri, name: str, text: str, namespace: str, problems: list[str]) -> Credential | None:
    place = parse_secret_field(text, namespace=namespace, default=name)
    if place is None:
        form = "NAME or NAME/FIELD" if namespace else "NAMESPACE/NAME or NAMESPACE/NAME/FIELD"
        problems.append(f"{uri.scheme}: {name}_secret={_shown(text)}: no Secret's name; write {name}_secret={form}")
        return None
    return Credential(Secret(""), place)


def _in_file(uri: OptionUri, name: str, path: str, problems: list[str]) -> Credential | None:
    try:
        text = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        problems.append(f"{uri.scheme}: {name}_file={_shown(path)}: can't be read: {reason_of(error)}")
        return None
    if not text or len(text.split()) != 1:
        problems.append(f"{uri.scheme}: {name}_file={_shown(path)}: must hold the {name}, and nothing else")
        return None
    return Credential(Secret(text))


def _shown(place: str) -> str:
    """Return a place as it may be shown: without a ``/``, or as a URL, it may be the credential itself."""
    return shown_value(place) if "/" in place else shown_name(place)


def holds_address(uri: OptionUri, name: str, credential: Credential | None, problems: list[str]) -> bool:
    """Whether a robot's whole address was written for its key or token, which is then added to ``problems``."""
    held = credential is not None and http_address(credential.value.reveal()) is not None
    if held:
        problems.append(f"{uri.scheme}: {name}= holds a whole address; write only what follows {name}= in it")
    return held


def reason_of(error: Exception) -> str:
    """Say why a file could not be read."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
