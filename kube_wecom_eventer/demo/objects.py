"""The verbs on single objects: create, get, replace, patch, delete.

Owns what happens between a request's body and the store: decoding, names, rules, preconditions.
"""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec

from kube_wecom_eventer.demo.asgi import Request
from kube_wecom_eventer.demo.resources import NAMESPACES, Resource
from kube_wecom_eventer.demo.status import (
    Cause,
    JsonObject,
    StatusError,
    about,
    bad_request,
    conflict,
    invalid,
    unsupported_media_type,
)
from kube_wecom_eventer.demo.store import Key, ObjectStore

# The alphabet and length of the server's own suffixes: no vowels, so no words.
SUFFIX_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
SUFFIX_LENGTH = 5
NAME_LIMIT = 63  # bytes of a generated name

Answer = tuple[int, JsonObject]


class ObjectVerbs:
    """The verbs for one resource in one namespace. Each returns the HTTP status and what to answer with."""

    def __init__(self, *, store: ObjectStore, random: Random, resource: Resource, namespace: str) -> None:
        self._store = store
        self._random = random
        self._resource = resource
        self._namespace = namespace

    @property
    def can_create(self) -> bool:
        """Whether the path says where a new object would go: not the list over all namespaces."""
        return bool(self._namespace) or not self._resource.namespaced

    def get(self, name: str) -> Answer:
        """The object."""
        return 200, self._store.get(self._key(name))

    def create(self, request: Request) -> Answer:
        """Store a new object, under its name or one made from ``generateName``."""
        content = self._decoded(_json(request))
        metadata = content["metadata"]
        if metadata.get("resourceVersion"):
            raise StatusError(500, "", "resourceVersion should not be set on objects to be created")
        if not metadata.get("name") and (prefix := metadata.get("generateName")):
            suffix = "".join(self._random.choices(SUFFIX_ALPHABET, k=SUFFIX_LENGTH))
            metadata["name"] = prefix[: NAME_LIMIT - SUFFIX_LENGTH] + suffix
        self._check_namespace()
        self._check(content)
        return 201, self._store.create(self._key(metadata["name"]), content)

    def replace(self, request: Request, name: str) -> Answer:
        """Put the object in place of the one that is there."""
        content = self._decoded(_json(request))
        self._check_name(content, name)
        if self._store.find(self._key(name)) is None and self._resource.create_on_update:
            self._check_namespace()
            self._check(content)
            return 201, self._store.create(self._key(name), content)
        return 200, self._stored(name, content)

    def patch(self, request: Request, name: str) -> Answer:
        """Merge the body into the object (RFC 7396).

        A strategic merge differs only for lists with a merge key; none of these resources has one.
        """
        kinds = ("application/merge-patch+json", "application/strategic-merge-patch+json")
        if _content_type(request) not in kinds:
            raise unsupported_media_type("415: Unsupported Media Type")
        try:
            changes = msgspec.json.decode(request.body)
        except msgspec.DecodeError:
            raise StatusError(500, "", "Invalid JSON Patch") from None
        current = self._store.get(self._key(name))
        merged = _merged(current, changes)
        expected = _expected(changes if isinstance(changes, dict) else {})
        content = self._decoded(merged)
        self._check_name(content, name)
        # Without a version of its own, a patch is for whatever is there.
        content["metadata"]["resourceVersion"] = expected or current["metadata"]["resourceVersion"]
        return 200, self._stored(name, content)

    def delete(self, request: Request, name: str) -> Answer:
        """Remove the object, if the preconditions of the body hold."""
        key = self._key(name)
        current = self._store.get(key)
        options = _json(request) if request.body else {}
        for field, label in (("uid", "UID"), ("resourceVersion", "ResourceVersion")):
            wanted = options.get("preconditions", {}).get(field)
            actual = current["metadata"][field]
            if wanted not in (None, actual):
                why = f"the {label} in the precondition ({wanted}) does not match {actual}"
                raise conflict(self._resource.full_kind, name, why)
        self._store.delete(key)
        details = {**about(self._resource.full_name, name), "uid": current["metadata"]["uid"]}
        answer = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Success",
            "details": details,
        }
        return 200, answer

    def _key(self, name: str) -> Key:
        return Key(self._resource.full_name, self._namespace, name)

    def _stored(self, name: str, content: JsonObject) -> JsonObject:
        current = self._store.get(self._key(name))
        metadata = content["metadata"]
        expected = _expected(content)
        if not expected and not self._resource.unconditional_update:
            text = "Invalid value: 0x0: must be specified for an update"
            cause = Cause("metadata.resourceVersion", "FieldValueInvalid", text)
            raise invalid(self._resource.full_name, name, [cause])
        if metadata.get("uid", current["metadata"]["uid"]) != current["metadata"]["uid"]:
            raise conflict(self._resource.full_name, name, "Precondition failed: UID in precondition")
        self._check(content)
        return self._store.update(self._key(name), content, expected=expected)

    def _decoded(self, content: JsonObject) -> JsonObject:
        """The object in the server's form; StatusError 400 for one that is of another kind or namespace."""
        resource = self._resource
        kind = content.get("kind", resource.kind)
        if kind != resource.kind:
            raise bad_request(f'{kind} in version "v1" cannot be handled as a {resource.kind}')
        metadata = dict(content.get("metadata") or {})
        if resource.namespaced:
            if metadata.setdefault("namespace", self._namespace) != self._namespace:
                text = "the namespace of the provided object does not match the namespace sent on the request"
                raise bad_request(text)
        else:
            metadata.pop("namespace", None)
        for name in ("labels", "annotations"):
            if not metadata.get(name):
                metadata.pop(name, None)
        named = {"kind": resource.kind, "apiVersion": resource.api_version}
        return resource.decode({**content, **named, "metadata": metadata})

    def _check_name(self, content: JsonObject, name: str) -> None:
        own = content["metadata"].get("name")
        if not own:
            text = f"the name of the object ({name} based on URL) was undeterminable: name must be provided"
            raise bad_request(text)
        if own != name:
            raise bad_request(f"the name of the object ({own}) does not match the name on the URL ({name})")

    def _check_namespace(self) -> None:
        if self._resource.namespaced:
            self._store.get(Key(NAMESPACES.name, "", self._namespace))

    def _check(self, content: JsonObject) -> None:
        name = content["metadata"].get("name", "")
        if not name:
            text = "Required value: name or generateName is required"
            causes = [Cause("metadata.name", "FieldValueRequired", text)]
        elif self._resource.name_rule.fullmatch(name) is None:
            rule = f"regex used for validation is '{self._resource.name_rule.pattern}'"
            causes = [Cause("metadata.name", "FieldValueInvalid", f'Invalid value: "{name}": {rule}')]
        else:
            causes = self._resource.check(content)
        if causes:
            raise invalid(self._resource.full_kind, name, causes)


def _expected(content: JsonObject) -> str:
    """The resourceVersion that a write names, empty for none; StatusError 500 for a text that is none."""
    version = str((content.get("metadata") or {}).get("resourceVersion") or "")
    if version and not version.isdecimal():
        raise StatusError(500, "", f'strconv.ParseUint: parsing "{version}": invalid syntax')
    return version


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip()


def _json(request: Request) -> JsonObject:
    if _content_type(request) not in ("", "application/json"):
        raise unsupported_media_type("the body of the request was in an unknown format - accepted: application/json")
    try:
        content = msgspec.json.decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise bad_request(f"couldn't get version/kind; json parse error: {error}") from None
    if not isinstance(content, dict):
        raise bad_request("couldn't get version/kind; json parse error: the body is no object")
    return content


def _merged(target: Any, changes: Any) -> Any:
    if not isinstance(changes, dict):
        return changes
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in changes.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = _merged(result.get(name), value)
    return result
