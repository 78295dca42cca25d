"""Where the secrets of a sink are, and how a variable takes the place of each."""

from __future__ import annotations

from collections.abc import Callable

from kube_wecom_eventer.commands.migrate.environment import MARKED, MARKS, Environment
from kube_wecom_eventer.commands.migrate.secrecy import (
    SecretFields,
    holds_secret,
    secret_header,
    secret_name,
    secret_pieces,
    secret_value,
)
from kube_wecom_eventer.config.sink import SHARED

_NO_SECRETS = SHARED | {"api"}

ROBOT_KEY, HEADER, TOKEN = "WECOM_ROBOT_KEY", "WEBHOOK_HEADER", "WEBHOOK_TOKEN"


def hide_key(value: str, real: str, *, environ: Environment, secrets: SecretFields) -> str:
    """Return what takes a robot's key's place. ``real``: the key as it would stand in a sink, encoded."""
    if MARKED.fullmatch(value) or environ.unknown(value):
        _keep_variables(value, environ, secrets)
        return value
    return MARKS[secrets.variable(real, prefix=ROBOT_KEY)]


def hide_option(
    scheme: str, name: str, value: str, *, encode: Callable[[str], str], environ: Environment, secrets: SecretFields
) -> str:
    """Return what takes the place of an option's value, which is kept where it is no secret.

    A variable's value is put into the sink before it is decoded, so it is encoded.
    """
    if name == "header":
        header, equals, content = value.partition("=")
        if not equals or not secret_header(header.strip()):
            return value
        return f"{header}={_hidden(content.strip(), HEADER, encode, environ, secrets)}"
    if name in _NO_SECRETS or not (secret_name(name) or secret_value(value)):
        _keep_secret_variables(value, environ, secrets)
        return value
    prefix = TOKEN if scheme == "webhook" else f"{scheme}_{name}".upper()
    return _hidden(value, prefix, encode, environ, secrets)


def hide_url(url: str, *, environ: Environment, secrets: SecretFields) -> str:
    """Return a URL with variables in the place of its secret parts. A URL is not decoded."""
    _keep_secret_variables(url, environ, secrets)
    for piece in secret_pieces(url):
        url = url.replace(piece, _hidden(piece, TOKEN, str, environ, secrets))
    return url


def _hidden(value: str, prefix: str, encode: Callable[[str], str], environ: Environment, secrets: SecretFields) -> str:
    if not value:
        return value
    if MARKED.search(value):
        _keep_variables(value, environ, secrets)
        return value
    return MARKS[secrets.variable(encode(value), prefix=prefix)]


def _keep_variables(value: str, environ: Environment, secrets: SecretFields) -> None:
    for name in environ.marked_names(value):
        if literal := environ.literal.get(name):
            secrets.keep(name, literal)


def _keep_secret_variables(text: str, environ: Environment, secrets: SecretFields) -> None:
    """Keep those of a text that is no secret by itself whose own values are."""
    for name in environ.marked_names(text):
        literal = environ.literal.get(name)
        if literal and (secret_name(name) or holds_secret(literal)):
            secrets.keep(name, literal)
