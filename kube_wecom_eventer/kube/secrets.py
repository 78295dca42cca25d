"""Single fields of Secrets, read when they are needed: robot keys that teams keep in their own namespaces.

A Secret is got by its name, never listed or watched, so that a rule with resourceNames is all the right it needs.
https://kubernetes.io/docs/concepts/security/rbac-good-practices/#secrets
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import NamedTuple

import msgspec
import structlog

from kube_wecom_eventer.config import Secret
from kube_wecom_eventer.config.object_name import parse_config_map_name
from kube_wecom_eventer.config.secret_field import FIELD
from kube_wecom_eventer.errors import ApiError, Forbidden, NotFound, SecretError
from kube_wecom_eventer.kube.client import UNREADABLE, ApiClient, missing_rule

_TIMEOUT = 5.0
"""Seconds for one request: a message waits for it."""
_KEPT = 3600.0
"""Seconds for which the last known value stands in for an API server that can't be asked."""
_AT_ONCE = 8
"""Requests under way: a daemon that starts with the routes of many teams asks for all of their keys."""
_FIELDS = 10_000
"""Fields that are remembered, the one that was used longest ago out first."""
_LONGEST = 4096
"""Characters of a value: a key, a token or a URL is no longer, and what is remembered stays small."""
_NAMED = 10
"""Fields that an error names."""

log = structlog.get_logger()


class _Field(NamedTuple):
    namespace: str
    name: str
    field: str

    @property
    def secret(self) -> str:
        return f"Secret {self.namespace}/{self.name}"


class _SecretObject(msgspec.Struct):
    kind: str
    data: dict[str, str] | None = None


_secret_object = msgspec.json.Decoder(_SecretObject)
_Answer = Mapping[str, str] | ApiError


@dataclass(slots=True)
class _Known:
    """What is remembered of a field. Times are the loop's.

    ``answered_at``: of the last attempt, whatever came of it. ``error`` is what came of it, None for a ``value`` that
    may be used; that was last confirmed at ``confirmed_at``.
    """

    answered_at: float = -inf
    confirmed_at: float = -inf
    value: Secret | None = None
    error: SecretError | None = None
    from_memory: bool = False


class SecretReader:
    """Reads fields of Secrets.

    An answer, also a refusal, holds for ``fresh_for`` seconds without asking again. Where the API server can't be
    asked, the last known value is used for up to an hour.
    """

    def __init__(self, *, client: ApiClient, fresh_for: float = 1.0) -> None:
        self._client = client
        self._fresh_for = fresh_for
        self._known: OrderedDict[_Field, _Known] = OrderedDict()
        self._asking: dict[tuple[str, str], asyncio.Task[_Answer]] = {}
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def value(self, namespace: str, name: str, field: str) -> Secret:
        """Return the field's text, without the white space around it.

        Raises SecretError. A definite refusal (no such Secret or field, no right to read it, no text that can be a
        key) ends the use of the value that was known before.
        """
        if parse_config_map_name(f"{namespace}/{name}") is None:
            # It would become part of a path; names of Secrets have the rule of ConfigMaps' names.
            raise SecretError(f"no Secret can be called {f'{namespace}/{name}'[:320]!r}; write the name of one")
        if not FIELD.fullmatch(field):
            raise SecretError(
                f"Secret {namespace}/{name}: no field can be called {field[:256]!r}; write the name of one"
            )
        wanted = _Field(namespace, name, field)
        known = self._remembered(wanted)
        loop = asyncio.get_running_loop()
        if loop.time() - known.answered_at >= self._fresh_for:
            answer = await self._answer(namespace, name)
            known.answered_at = loop.time()
            self._settle(wanted, known, answer)
        if known.error is not None:
            raise known.error.with_traceback(None)
        assert known.value is not None  # noqa: S101 an answer is a value or an error
        return known.value

    def _remembered(self, wanted: _Field) -> _Known:
        known = self._known.setdefault(wanted, _Known())
        self._known.move_to_end(wanted)
        if len(self._known) > _FIELDS:
            self._known.popitem(last=False)
        return known

    async def _answer(self, namespace: str, name: str) -> _Answer:
        """Ask for a Secret, or wait for the answer that another waits for."""
        key = namespace, name
        asking = self._asking.get(key)
        if asking is None:
            asking = self._asking[key] = asyncio.create_task(self._ask(namespace, name))
            asking.add_done_callback(lambda _: self._asking.pop(key))
        # Whoever gives up waiting must not take the answer from the others.
        return await asyncio.shield(asking)

    async def _ask(self, namespace: str, name: str) -> _Answer:
        try:
            async with self._turns:
                body = await self._client.get(f"/api/v1/namespaces/{namespace}/secrets/{name}", timeout=_TIMEOUT)
            read = _secret_object.decode(body)
        except ApiError as error:
            return error
        except UNREADABLE:
            # Not what the reader says: it might quote the Secret.
            return ApiError("the answer can't be read")
        return (read.data or {}) if read.kind == "Secret" else ApiError("the answer is no Secret")

    def _settle(self, wanted: _Field, known: _Known, answer: _Answer) -> None:
        """Note what the answer means for one field."""
        if isinstance(answer, ApiError) and not isinstance(answer, NotFound | Forbidden):
            return self._stand_in(wanted, known, answer)
        known.error = None
        try:
            known.value = _value(wanted, answer)
            known.confirmed_at = known.answered_at
        except SecretError as error:
            known.value, known.error = None, error
        if known.from_memory:
            log.info("secret_answered", secret=f"{wanted.namespace}/{wanted.name}", field=wanted.field)
        known.from_memory = False
        return None

    def _stand_in(self, wanted: _Field, known: _Known, error: ApiError) -> None:
        """Let the last known value stand in for an answer, if there is one that is not too old."""
        if known.answered_at - known.confirmed_at >= _KEPT:
            known.value = None
        if known.value is None:
            text = f"{wanted.secret} can't be read now, its field {wanted.field!r} is needed: {error}"
            known.error = SecretError(text, temporary=True)
        elif not known.from_memory:
            log.warning(
                "secret_from_memory",
                secret=f"{wanted.namespace}/{wanted.name}",
                field=wanted.field,
                error=str(error),
                at_most_seconds=int(_KEPT),
            )
            known.from_memory = True


def _value(wanted: _Field, answer: _Answer) -> Secret:
    """Read the field from an answer. Raises SecretError."""
    secret, field = wanted.secret, wanted.field
    if isinstance(answer, NotFound):
        raise SecretError(f"{secret}: there is none; create it, with the field {field!r}")
    if isinstance(answer, ApiError):
        rule = missing_rule("secrets", kind=f"Role of namespace {wanted.namespace}", verbs=["get"], names=[wanted.name])
        text = f"{secret}, field {field!r}: a Role there must grant the right to get the Secret: {answer}"
        raise SecretError(text, hint=rule)
    if field not in answer:
        raise SecretError(f"{secret} has no field {field!r}, {_fields(answer)}")
    value = _text(answer[field])
    problem = "is not base64 of UTF-8" if value is None else _problem(value)
    if value is None or problem:
        raise SecretError(f"{secret}, field {field!r}: the value {problem}; store the bare value there")
    return Secret(value)


def _fields(data: Mapping[str, str]) -> str:
    if not data:
        return "it is empty; add the field"
    names = sorted(data)
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"only {', '.join(map(repr, names[:_NAMED]))}{more}; name one of these, or add the field"


def _text(encoded: str) -> str | None:
    """Decode a value; None where that can't be done. An error of the decoder would carry the value."""
    try:
        return base64.b64decode(encoded, validate=True).decode().strip()
    except (binascii.Error, ValueError):
        return None


def _problem(text: str) -> str:
    """Say what keeps a text from being a key, a token or a URL, without showing it; empty: nothing."""
    if not text:
        return "is empty"
    if len(text) > _LONGEST:
        return f"has {len(text)} characters, more than {_LONGEST}"
    if any(sign.isspace() for sign in text):
        return "has white space in it"
    for sign in text:
        # Control characters, and those that nobody sees, as a byte order mark.
        if not sign.isprintable():
            return f"has the invisible character U+{ord(sign):04X} in it"
    return ""
