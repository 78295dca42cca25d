"""Any text at all, as a template."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from kube_wecom_eventer.errors import TemplateError
from kube_wecom_eventer.render.template import Limits

from .cases import CASES
from .events import execute

PIECES = sorted({piece for case in CASES for piece in case.template.replace("{{", " {{ ").split()})
LIMITS = Limits(steps=2_000, output=20_000)
BOUNDED = settings(max_examples=250, derandomize=True, deadline=None, database=None)


def _gives_a_result_or_fails(template: str) -> None:
    try:
        written = execute(template, limits=LIMITS).result
    except TemplateError as error:
        assert "\n" not in str(error)  # noqa: PT017  # either outcome is right
    else:
        assert len(written) <= LIMITS.output
        written.encode()


@BOUNDED
@given(st.text(st.characters(codec=None), max_size=60))
def test_any_characters(template: str) -> None:
    """Any characters give a result that can be encoded, or a TemplateError of one line."""
    _gives_a_result_or_fails(template)


@BOUNDED
@given(st.lists(st.sampled_from(PIECES), max_size=25))
def test_any_pieces_of_templates(pieces: list[str]) -> None:
    """Any mixture of pieces of real templates gives a result or a TemplateError."""
    _gives_a_result_or_fails(" ".join(pieces))


@BOUNDED
@given(st.lists(st.sampled_from([piece for piece in PIECES if "{" not in piece and "}" not in piece]), max_size=8))
def test_any_action(pieces: list[str]) -> None:
    """Any mixture of words in one action gives a result or a TemplateError."""
    _gives_a_result_or_fails("{{ " + " ".join(pieces) + " }}")


@BOUNDED
@given(
    st.text("%vdsqxXobceEfgGtTUpw+-# 0123456789.*[]", max_size=12),
    st.sampled_from(["1", "-1.5", ".Labels", ".", '"é"']),
)
def test_any_format(directive: str, argument: str) -> None:
    """Any format of printf gives a result or a TemplateError."""
    _gives_a_result_or_fails(f'{{{{ printf "%{directive}" {argument} {argument} }}}}')
