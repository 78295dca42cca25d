"""A small Kubernetes API server: an ASGI app over an ObjectStore.

Owns paths, credentials and the open watches. What a kind of object needs is in resources.py, what happens
to single objects in objects.py, lists are in listing.py.
There is no RBAC, no controller, and managedFields are not kept.
Paths and verbs: https://kubernetes.io/docs/reference/using-api/api-concepts/
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from random import Random

import msgspec

from kube_wecom_eventer.demo.asgi import (
    BodyTooLarge,
    ClientGone,
    Exchange,
    Receive,
    Request,
    Scope,
    Send,
    read_exchange,
)
from kube_wecom_eventer.demo.faults import Faults
from kube_wecom_eventer.demo.listing import list_of, selector_of, watch_position, whole_number
from kube_wecom_eventer.demo.objects import ObjectVerbs
from kube_wecom_eventer.demo.resources import EVENTS, NAMESPACES, RESOURCES, Resource
from kube_wecom_eventer.demo.status import (
    JsonObject,
    StatusError,
    bad_request,
    forbidden,
    method_not_allowed,
    unauthorized,
    unknown_path,
)
from kube_wecom_eventer.demo.store import Key, ObjectStore
from kube_wecom_eventer.demo.watch import Selection, Watch

# As the real server's --min-request-timeout: a watch that names no timeout ends after 30 to 60 minutes.
MIN_WATCH_SECONDS = 1800.0
INITIAL_NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")
ACCESS_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
VERSION = {"major": "1", "minor": "20", "gitVersion": "v1.20.2-demo", "platform": "demo"}

_encode = msgspec.json.encode


class ApiServer:
    """The app. ``tokens``: the bearer tokens it accepts; None accepts every request.

    ``faults`` meet requests; the methods below meet the open watches and the store.
    """

    def __init__(
        self,
        *,
        store: ObjectStore,
        random: Random,
        tokens: Collection[str] | None = None,
        resources: Iterable[Resource] = RESOURCES,
    ) -> None:
        self.store = store
        self.faults = Faults()
        self._random = random
        self._tokens = tokens
        self._resources = {(each.group, each.version, each.name): each for each in resources}
        self._watches: set[Watch] = set()
        for name in INITIAL_NAMESPACES:
            key = Key(NAMESPACES.name, "", name)
            if store.find(key) is None:
                content = {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": name}}
                store.create(key, NAMESPACES.decode(content))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        try:
            exchange = await read_exchange(scope, receive, send)
        except ClientGone:
            return None
        except BodyTooLarge as error:
            refusal = StatusError(413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728")
            return await error.exchange.respond(refusal.code, _encode(refusal.status))
        try:
            if fault := self.faults.take(exchange.request):
                return await fault.play(exchange)
            return await self._answer(exchange)
        except StatusError as error:
            return await exchange.respond(error.code, _encode(error.status))

    def create_event(self, event: JsonObject) -> JsonObject:
        """Create an event, or write it anew where one of its name exists, without an HTTP request.

        ``metadata`` needs name and namespace. What comes back must not be changed.
        """
        key = Key(EVENTS.full_name, event["metadata"]["namespace"], event["metadata"]["name"])
        content = EVENTS.decode({**event, "kind": EVENTS.kind, "apiVersion": EVENTS.api_version})
        if self.store.find(key) is None:
            return self.store.create(key, content)
        return self.store.update(key, content)

    def open_watches(self, resource: str = "") -> int:
        """How many watches are open now, of one resource or of all."""
        return sum(resource in ("", watch.resource) for watch in self._watches)

    def shut_down(self) -> None:
        """End the open watches, as a server that is asked to stop does."""
        self.close_watches()

    def close_watches(self) -> None:
        """End all open watches now, cleanly."""
        for watch in tuple(self._watches):
            watch.end()

    def cut_watches(self) -> None:
        """Let every open watch send half of its next line and close its connection."""
        for watch in tuple(self._watches):
            watch.cut_next_line()

    def send_garbage(self, line: bytes = b'{"type":"ADDED","object":{"metadata":') -> None:
        """Send ``line``, by default broken JSON, to every open watch; the watch goes on."""
        for watch in tuple(self._watches):
            watch.send_line(line)

    def compact(self) -> int:
        """Compact the history up to now: a watch that starts from before gets 410. Open ones go on."""
        return self.store.compact()

    def restore(self, revision: int) -> None:
        """Go back to ``revision``, as restored from a backup, and close all watches."""
        self.store.restore(revision)
        self.close_watches()

    async def _answer(self, exchange: Exchange) -> None:
        request = exchange.request
        if request.path in ("/healthz", "/livez", "/readyz"):
            return await exchange.respond(200, b"ok", content_type="text/plain; charset=utf-8")
        if request.path == "/version":
            return await exchange.respond(200, _encode(VERSION))
        if request.path == ACCESS_REVIEWS and request.method == "POST":
            return await exchange.respond(201, _encode(_allowed(request)))
        resource, namespace, name = self._locate(request.path)
        self._authenticate(request, resource, namespace)
        if request.method == "GET" and not name:
            if request.query.get("watch", "0") not in ("0", "false", ""):
                return await self._watch(exchange, resource, namespace)
            return await exchange.respond(200, _encode(list_of(request, resource, namespace, self.store)))
        verbs = ObjectVerbs(store=self.store, random=self._random, resource=resource, namespace=namespace)
        code, answer = _on_object(verbs, request, name)
        return await exchange.respond(code, _encode(answer))

    def _locate(self, path: str) -> tuple[Resource, str, str]:
        """Resource, namespace and name of a path; StatusError 404 for one that names nothing we have."""
        match path.strip("/").split("/"):
            case ["api", "v1", *rest]:
                group, version = "", "v1"
            case ["apis", group, version, *rest]:
                pass
            case _:
                raise unknown_path()
        namespace = ""
        if len(rest) >= 3 and rest[0] == "namespaces":
            namespace, rest = rest[1], rest[2:]
        plural, name = (*rest, "", "")[:2]
        resource = self._resources.get((group, version, plural))
        if resource is None or len(rest) > 2 or (namespace and not resource.namespaced):
            raise unknown_path()
        if name and resource.namespaced and not namespace:
            raise unknown_path()
        return resource, namespace, name

    def _authenticate(self, request: Request, resource: Resource, namespace: str) -> None:
        if self._tokens is None:
            return
        header = request.headers.get("authorization")
        if header is None:
            # With anonymous access on, the default, it is RBAC that refuses: 403, not 401.
            user = "system:anonymous"
            raise forbidden("list", resource.name, user=user, namespace=namespace, group=resource.group)
        if header.removeprefix("Bearer ") not in self._tokens:
            raise unauthorized()

    async def _watch(self, exchange: Exchange, resource: Resource, namespace: str) -> None:
        request = exchange.request
        whole_number(request, "limit")  # means nothing here, yet a bad one is refused
        timeout = whole_number(request, "timeoutSeconds") or MIN_WATCH_SECONDS * (1 + self._random.random())
        selected = selector_of(request, resource)
        selection = Selection(resource=resource.full_name, namespace=namespace, selected=selected)
        watch = Watch(store=self.store, selection=selection, position=watch_position(request))
        self._watches.add(watch)
        try:
            await watch.run(exchange, timeout=timeout)
        finally:
            self._watches.discard(watch)


def _allowed(request: Request) -> JsonObject:
    """Answer a SelfSubjectAccessReview: there is no RBAC, so everything is allowed."""
    try:
        review: JsonObject = msgspec.json.decode(request.body, type=JsonObject)
    except msgspec.DecodeError as error:
        raise bad_request(str(error)) from None
    return {**review, "status": {"allowed": True}}


def _on_object(verbs: ObjectVerbs, request: Request, name: str) -> tuple[int, JsonObject]:
    match request.method, bool(name):
        case "POST", False if verbs.can_create:
            return verbs.create(request)
        case "GET", True:
            return verbs.get(name)
        case "PUT", True:
            return verbs.replace(request, name)
        case "PATCH", True:
            return verbs.patch(request, name)
        case "DELETE", True:
            return verbs.delete(request, name)
        case _:
            raise method_not_allowed()
