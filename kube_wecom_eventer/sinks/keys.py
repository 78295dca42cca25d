"""Keys, secrets and tokens that are read from the cluster before each message."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from kube_wecom_eventer.config import Credential, Secret, SecretField
from kube_wecom_eventer.config.uri import http_address
from kube_wecom_eventer.errors import EventerError
from kube_wecom_eventer.sinks.outcome import Outcome, Verdict

ReadKey = Callable[[], Awaitable[Secret]]
"""Returns a key as it is now. Raises EventerError, whose text is for a person."""


async def read_key(read: ReadKey, *, parameter: str = "") -> Secret | Outcome:
    """Return a key, or the outcome of a destination that can't be asked without it.

    parameter: what an address has the key in, where somebody may have stored the whole address for it.
    """
    try:
        key = await read()
    except EventerError as error:
        hint = f"; grant {rule}" if (rule := getattr(error, "hint", "")) else ""
        return Outcome(verdict=Verdict.BROKEN, reason="no_key", detail=f"{error}{hint}", costs_nothing=True)
    if parameter and http_address(key.reveal()):
        detail = f"the Secret holds a whole address; store only what follows {parameter}= in it"
        return Outcome(verdict=Verdict.BROKEN, reason="no_key", detail=detail, costs_nothing=True)
    return key


def reading(credential: Credential, read: Callable[[SecretField], ReadKey]) -> ReadKey:
    """Return what reads a credential: ``read`` makes it where that is in a Secret."""
    if credential.place:
        return read(credential.place)

    async def known() -> Secret:
        return credential.value

    return known
