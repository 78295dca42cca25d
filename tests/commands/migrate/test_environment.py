from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kube_wecom_eventer.commands.migrate.environment import Environment, kubelets, written


@pytest.mark.parametrize(
    ("text", "replaced"),
    [
        ("$(A)-$(B)", "1-$(B)"),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$1"),
        ("$(A", "$(A"),
        ("$", "$"),
        ("a$", "a$"),
        ("$$", "$"),
        ("${A} $A", "${A} $A"),
        ("$(A.b)", "2"),
        ("$()", "$()"),
    ],
)
def test_variables_are_replaced_as_the_kubelet_does(text: str, replaced: str) -> None:
    """What is not set stays, and two dollars are one."""
    assert kubelets(text, {"A": "1", "A.b": "2"}) == replaced


@settings(derandomize=True, deadline=None)
@given(text=st.text(st.sampled_from("$(){}AB.x"), max_size=12))
def test_what_is_written_reaches_the_daemon_as_before(text: str) -> None:
    """The kubelet makes the same of it, but that a variable of its own may become one of the daemon's."""
    values = {"A": "1", "B": "2", "x.A": "3"}
    environ = Environment({"env": [{"name": name, "value": value} for name, value in values.items()]})
    again = kubelets(written(environ.marked(text)), values)
    daemons = environ.daemons(environ.marked(text), values)
    assert again == daemons
    assert daemons.replace("${A}", "1").replace("${B}", "2") == (
        kubelets(text, values).replace("${A}", "1").replace("${B}", "2")
    )


def test_which_values_are_known() -> None:
    """Those that stand in the Deployment, built of one another; not those of Secrets."""
    environ = Environment(
        {
            "env": [
                {"name": "HOST", "value": "example.com"},
                {"name": "URL", "value": "https://$(HOST)/x"},
                {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
                {"name": "EMPTY"},
            ]
        }
    )
    assert environ.literal == {"HOST": "example.com", "URL": "https://example.com/x", "EMPTY": ""}
    assert environ.unknown(environ.marked("$(KEY) ${KEY} $(URL) $NOWHERE")) == ("KEY",)
    assert environ.values()["KEY"] == "unknown"
    assert "NOWHERE" not in environ.values()


def test_any_name_may_come_from_elsewhere() -> None:
    """With envFrom, what is not named may be set all the same."""
    environ = Environment({"envFrom": [{"secretRef": {"name": "s"}}]})
    assert environ.unknown("$KEY") == ("KEY",)
    assert environ.values()["KEY"] == "unknown"
    assert "TZ" not in environ.values()
