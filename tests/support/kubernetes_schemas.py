"""Objects against Kubernetes' published JSON schemas, which the package kubernetes-validate carries.

They tell unknown fields, missing ones and wrong types, for versions that the API server of the cluster tests is not.
They don't tell whether names exist, nor what the API server's own validation and admission would say.
"""

from __future__ import annotations

from typing import Any

import kubernetes_validate

VERSIONS = ("1.25", "1.37")
"""The oldest and the newest that the package has."""

OF_OTHERS = ("monitoring.coreos.com/",)
"""Groups of custom resources, whose schemas are not Kubernetes' own: tests/manifests/test_operator_objects.py."""


def assert_valid(each: dict[str, Any]) -> None:
    """Check an object; one of a custom resource is passed over."""
    if each["apiVersion"].startswith(OF_OTHERS):
        return
    for version in VERSIONS:
        try:
            kubernetes_validate.validate(each, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            raise AssertionError(f"{version}: {each['kind']} {each['metadata']['name']}: {error.message}") from None
