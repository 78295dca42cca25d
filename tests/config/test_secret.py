from __future__ import annotations

import pickle

import pytest

from kube_wecom_eventer.config import Secret


def test_no_way_of_printing_shows_the_value() -> None:
    """str, repr, format and an f-string of a container all hide it."""
    secret = Secret("hunter2")
    shown = f"{secret} {secret!r} {[secret]} {secret!s} {format(secret)} {secret.fingerprint()}"
    assert "hunter2" not in shown
    assert secret.reveal() == "hunter2"


def test_equal_secrets_are_equal_and_share_a_fingerprint() -> None:
    """Two sinks with one key are one destination."""
    assert Secret("a") == Secret("a")
    assert hash(Secret("a")) == hash(Secret("a"))
    assert Secret("a") != Secret("b")
    assert Secret("a").fingerprint() == Secret("a").fingerprint() != Secret("b").fingerprint()


def test_a_secret_is_not_pickled() -> None:
    """It can't leave the process by way of a copy."""
    with pytest.raises(TypeError, match="not to be copied"):
        pickle.dumps(Secret("a"))
