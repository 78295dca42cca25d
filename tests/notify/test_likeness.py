from __future__ import annotations

import pytest

from kube_wecom_eventer.notify.likeness import Likeness, likeness, owner_name
from tests.support.events import make_event


@pytest.mark.parametrize(
    ("kind", "name", "owner"),
    [
        ("Pod", "checkout-7d9f8c6b5d-x2vkq", "checkout"),
        ("Pod", "checkout-api-5f7c9d8b6-z9m4t", "checkout-api"),
        ("Pod", "fluentd-4kd8z", "fluentd"),
        ("Pod", "mysql-0", "mysql"),
        ("Pod", "backup-28411200-7xk2p", "backup"),
        ("Pod", "plain", "plain"),
        ("Pod", "web-frontend", "web-frontend"),
        ("ReplicaSet", "checkout-7d9f8c6b5d", "checkout"),
        ("Job", "backup-28411200", "backup"),
        ("Node", "node-1", "node-1"),
    ],
)
def test_a_generated_suffix_is_folded(kind: str, name: str, owner: str) -> None:
    """A pod's name leads back to what it is a pod of; a name without such a suffix stays."""
    assert owner_name(make_event(involvedObject={"kind": kind, "name": name})) == owner


def pod(name: str, **changes: str) -> Likeness:
    about = {"kind": "Pod", "namespace": "payments", "name": name}
    return likeness(make_event(involvedObject=about, **changes))


def test_a_hundred_pods_of_one_deployment_are_alike() -> None:
    """Their own names, UIDs and numbers in the message don't part them."""
    uids = ("2de11e63-ac68-5c29-ee5f-e0fce73e9177", "e312a57a-a1a3-8157-bc9a-93c0b8577c61")
    names = ("checkout-7d9f8c6b5d-x2vkq", "checkout-7d9f8c6b5d-88dbm")
    likenesses = {
        pod(name, message=f"Back-off 20s restarting app in pod {name}_payments({uid})")
        for name, uid in zip(names, uids, strict=True)
    }
    assert len(likenesses) == 1


def test_what_differs_is_not_alike() -> None:
    """Another reason, another text, another owner, another namespace."""
    base = pod("checkout-7d9f8c6b5d-x2vkq")
    assert base != pod("checkout-7d9f8c6b5d-x2vkq", reason="Failed")
    assert base != pod("checkout-7d9f8c6b5d-x2vkq", message="other words")
    assert base != pod("cart-7d9f8c6b5d-x2vkq")
    assert base != likeness(make_event(involvedObject={"kind": "Pod", "name": "checkout-7d9f8c6b5d-x2vkq"}))
