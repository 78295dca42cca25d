"""The API server's errors, as ``Status`` objects.

Owns codes, reasons and texts; they are those that a real kube-apiserver gave to the same requests
(tests/demo/test_api_conformance.py asks both).
Meaning of the fields: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/
"""

from __future__ import annotations

from typing import Any, NamedTuple

JsonObject = dict[str, Any]


class Cause(NamedTuple):
    """Why one field of an object is refused: the field's path, the reason's name and a sentence."""

    field: str
    reason: str
    message: str


class StatusError(Exception):
    """The API server refuses a request. ``status`` is the Status object that it answers with."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        *,
        details: JsonObject | None = None,
        metadata: JsonObject | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status: JsonObject = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": metadata or {},
            "status": "Failure",
            "message": message,
            "code": code,
        }
        if reason:
            self.status["reason"] = reason
        if details is not None:
            self.status["details"] = details


def not_found(resource: str, name: str) -> StatusError:
    """There is no such object."""
    return StatusError(404, "NotFound", f'{resource} "{name}" not found', details=about(resource, name))


def unknown_path() -> StatusError:
    """The path names nothing that the server has."""
    return StatusError(404, "NotFound", "the server could not find the requested resource", details={})


def already_exists(resource: str, name: str) -> StatusError:
    """A create meets an object of that name."""
    text = f'{resource} "{name}" already exists'
    return StatusError(409, "AlreadyExists", text, details=about(resource, name))


def conflict(resource: str, name: str, why: str = "") -> StatusError:
    """The object is no longer the one that the writer has read."""
    why = why or "the object has been modified; please apply your changes to the latest version and try again"
    text = f'Operation cannot be fulfilled on {resource} "{name}": {why}'
    return StatusError(409, "Conflict", text, details=about(resource, name))


def expired_watch() -> StatusError:
    """The asked resourceVersion is compacted. A watch says it as an ERROR line inside a 200."""
    return StatusError(410, "Expired", "The resourceVersion for the provided watch is too old.")


def expired_list() -> StatusError:
    """The exact resourceVersion that a list asks for is compacted."""
    return StatusError(410, "Expired", "The resourceVersion for the provided list is too old.")


def expired_continue(token: str) -> StatusError:
    """The snapshot behind a continue token is compacted; ``token`` goes on without a consistent view."""
    text = (
        "The provided continue parameter is too old to display a consistent list result. You can start a new "
        "list without the continue parameter, or use the continue token in this response to retrieve the "
        "remainder of the results."
    )
    return StatusError(410, "Expired", text, metadata={"continue": token})


def bad_request(message: str) -> StatusError:
    """The request makes no sense."""
    return StatusError(400, "BadRequest", message)


def unauthorized() -> StatusError:
    """The bearer token is not known."""
    return StatusError(401, "Unauthorized", "Unauthorized")


def forbidden(verb: str, resource: str, *, user: str, namespace: str = "", group: str = "") -> StatusError:
    """No RBAC rule allows ``user`` to do that."""
    where = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
    text = f'{resource} is forbidden: User "{user}" cannot {verb} resource "{resource}" in API group "{group}" {where}'
    return StatusError(403, "Forbidden", text, details={"kind": resource})


def method_not_allowed() -> StatusError:
    """The path exists, the method does not fit."""
    text = "the server does not allow this method on the requested resource"
    return StatusError(405, "MethodNotAllowed", text, details={})


def unsupported_media_type(message: str) -> StatusError:
    """The body's Content-Type is none that the verb reads."""
    return StatusError(415, "UnsupportedMediaType", message)


def invalid(kind: str, name: str, causes: list[Cause]) -> StatusError:
    """The object breaks a rule of its kind."""
    said = [f"{cause.field}: {cause.message}" for cause in causes]
    text = said[0] if len(said) == 1 else f"[{', '.join(said)}]"
    details: JsonObject = {
        **about(kind, name),
        "causes": [{"reason": c.reason, "message": c.message, "field": c.field} for c in causes],
    }
    if not name:
        del details["name"]
    return StatusError(422, "Invalid", f'{kind} "{name}" is invalid: {text}', details=details)


def too_large_version(asked: int, current: int) -> StatusError:
    """A list asks for a resourceVersion that does not exist yet; the real server waits 3 s for it first."""
    cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    text = f"Timeout: Too large resource version: {asked}, current: {current}"
    return StatusError(504, "Timeout", text, details={"causes": [cause]})


def about(resource: str, name: str) -> JsonObject:
    """The details that name an object; ``resource`` is a plural or kind, with ``.GROUP`` if it has one."""
    plural, _, group = resource.partition(".")
    return {"name": name, **({"group": group} if group else {}), "kind": plural}
