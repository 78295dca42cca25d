from __future__ import annotations

import pytest

from kube_wecom_eventer.workload import deployment_of


@pytest.mark.parametrize(
    ("pod", "deployment"),
    [
        ("api-6d4cf56db6-x7zkq", "api"),
        ("api-bcdfgh-x7zkq", "api"),
        ("api-6d4cf56db6-x7zkq-6d4cf56db6-x7zkq", "api-6d4cf56db6-x7zkq"),
        ("api-x7zkq", None),
        ("api-0", None),
        ("api-6d4cf56db6-eaiou", None),
        ("", None),
    ],
)
def test_a_pods_name_shows_its_deployment(pod: str, deployment: str | None) -> None:
    """Only both suffixes together show one: the ReplicaSet's hash and the pod's own."""
    assert deployment_of(pod) == deployment
