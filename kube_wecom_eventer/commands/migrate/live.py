"""What the migration asks the API server: one Deployment, and what it names. It only reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from kube_wecom_eventer.config import ObjectName
from kube_wecom_eventer.errors import ApiError, ConfigError, NotFound
from kube_wecom_eventer.kube.client import UNREADABLE, ApiClient


async def ask_deployment(client: ApiClient, *, name: str, namespace: str) -> dict[str, Any]:
    """Return a Deployment from the API server. Raises ConfigError."""
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}"
    try:
        deployment = msgspec.json.decode(await client.get(path), type=dict[str, Any])
    except NotFound:
        where = f"{client.server}: there is no Deployment {namespace}/{name}"
        raise ConfigError([f"{where}; say where it is: --namespace=NAMESPACE --name=NAME"]) from None
    except (ApiError, *UNREADABLE) as error:
        raise ConfigError([f"{client.server}: Deployment {namespace}/{name} can't be read: {error}"]) from None
    return {**deployment, "kind": "Deployment"}


async def ask_config_maps(client: ApiClient, names: Sequence[ObjectName]) -> dict[ObjectName, Mapping[str, str] | None]:
    """Return the data of these ConfigMaps, None for one that is not there; one that can't be read is left out."""
    found: dict[ObjectName, Mapping[str, str] | None] = {}
    for name in names:
        try:
            body = await client.get(f"/api/v1/namespaces/{name.namespace}/configmaps/{name.name}")
            found[name] = msgspec.json.decode(body, type=dict[str, Any]).get("data") or {}
        except NotFound:
            found[name] = None
        except (ApiError, *UNREADABLE):
            continue
    return found


async def ask_pull_secrets(client: ApiClient, *, name: str, namespace: str) -> Sequence[Mapping[str, Any]]:
    """Return the imagePullSecrets of a ServiceAccount; none where it can't be read."""
    try:
        body = await client.get(f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}")
        account = msgspec.json.decode(body, type=dict[str, Any])
    except (ApiError, *UNREADABLE):
        return ()
    return account.get("imagePullSecrets") or ()
