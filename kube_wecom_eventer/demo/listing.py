"""Lists: what there is at one revision, whole or in pages.

Owns selecting, paging and the resourceVersion of a list.
How paging works: https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

import msgspec

from kube_wecom_eventer.demo.asgi import Request
from kube_wecom_eventer.demo.resources import Resource
from kube_wecom_eventer.demo.selectors import Predicate, field_selector, label_selector
from kube_wecom_eventer.demo.status import (
    JsonObject,
    StatusError,
    bad_request,
    expired_continue,
    too_large_version,
)
from kube_wecom_eventer.demo.store import ObjectStore


class _ContinueToken(msgspec.Struct):
    """Where a paged list goes on: after this key, in the snapshot of that revision (-1: the present)."""

    revision: int
    namespace: str
    name: str


def selector_of(request: Request, resource: Resource) -> Predicate:
    """The request's fieldSelector and labelSelector in one; StatusError 400 for a bad one."""
    fields = request.query.get("fieldSelector", "")
    by_field = field_selector(fields, resource.fields, resource.unsupported_field)
    by_label = label_selector(request.query.get("labelSelector", ""))
    return lambda subject: by_field(subject) and by_label(subject)


def list_of(request: Request, resource: Resource, namespace: str, store: ObjectStore) -> JsonObject:
    """The ``...List`` object that answers the request; StatusError 400, 410 or 504."""
    selected = selector_of(request, resource)
    limit = whole_number(request, "limit")
    after, revision = _place(request, store)
    items = [each for each in store.list(resource.full_name, namespace, at=revision) if selected(each)]
    if after is not None:
        items = [each for each in items if _key_of(each) > after]
    metadata: JsonObject = {"resourceVersion": str(revision)}
    if 0 < limit < len(items):
        remaining = len(items) - limit
        items = items[:limit]
        metadata["continue"] = _continue_token(revision, _key_of(items[-1]))
        if not (request.query.get("fieldSelector") or request.query.get("labelSelector")):
            metadata["remainingItemCount"] = remaining  # the real server can't tell it for a selection
    return {
        "kind": f"{resource.kind}List",
        "apiVersion": resource.api_version,
        "metadata": metadata,
        "items": [_without_type(each) for each in items],
    }


def whole_number(request: Request, parameter: str) -> int:
    """A number of the query, 0 where it is missing; StatusError 400 for what is none."""
    text = request.query.get(parameter) or "0"
    try:
        return int(text)
    except ValueError:
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from None


def watch_position(request: Request) -> int | None:
    """The resourceVersion that a watch starts after; None: with all that there is."""
    text = request.query.get("resourceVersion", "")
    if text in ("", "0"):
        return None
    if not text.isdecimal():
        # 500 and no reason, where a list gets 400: the real server does so.
        raise StatusError(500, "", _not_a_version(text))
    return int(text)


def _place(request: Request, store: ObjectStore) -> tuple[tuple[str, str] | None, int]:
    """Where a list starts, and at which revision: now, or that of the page before."""
    text = request.query.get("resourceVersion") or "0"
    if token := request.query.get("continue"):
        if text != "0":
            raise bad_request("specifying resource version is not allowed when using continue")
        return _continued(token, store)
    if not text.isdecimal():
        raise bad_request(f"invalid resource version: {_not_a_version(text)}")
    version = int(text)
    if version > store.revision:
        raise too_large_version(version, store.revision)
    exact = request.query.get("resourceVersionMatch") == "Exact"
    return None, version if exact else store.revision


def _continued(token: str, store: ObjectStore) -> tuple[tuple[str, str], int]:
    try:
        place = msgspec.json.decode(base64.urlsafe_b64decode(token), type=_ContinueToken)
    except (binascii.Error, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise bad_request(f"invalid continue token: continue key is not valid: {error}") from None
    after = (place.namespace, place.name)
    if place.revision < 0:
        return after, store.revision
    if store.is_compacted(place.revision):
        raise expired_continue(_continue_token(-1, after))
    return after, place.revision


def _key_of(subject: JsonObject) -> tuple[str, str]:
    return subject["metadata"].get("namespace", ""), subject["metadata"]["name"]


def _continue_token(revision: int, key: tuple[str, str]) -> str:
    token = _ContinueToken(revision=revision, namespace=key[0], name=key[1])
    return base64.urlsafe_b64encode(msgspec.json.encode(token)).decode()


def _without_type(subject: JsonObject) -> dict[str, Any]:
    """The items of a list carry no kind and no apiVersion of their own."""
    return {name: value for name, value in subject.items() if name not in ("kind", "apiVersion")}


def _not_a_version(text: str) -> str:
    return f'resourceVersion: Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax'
