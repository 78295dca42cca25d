from __future__ import annotations

from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from kube_wecom_eventer.commands.migrate.yaml_writer import Commented, Inline, Remark, write_documents

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=40) | st.sampled_from(
    ["a\nb", "a\nb\n", "\n", " a\nb", "a \nb", "a\n\n", "on", "1e3", "0o17", "# x", "a: b", "a #b", "- x", "?", "", "~",
     "--sink=log:", "--sink=wecom:?key=${K}&reason=[^U]", "2026-01-01", "12:30", "{{ .X }}", "'", '"', "|", "null"]
)  # fmt: skip
SCALARS = TEXTS | st.integers() | st.booleans() | st.none()
TREES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=12
)


@settings(derandomize=True, deadline=None, max_examples=400)
@given(documents=st.lists(TREES.filter(lambda tree: tree is not None), min_size=1, max_size=3))
def test_whatever_is_written_is_read_again(documents: list[Any]) -> None:
    """Each tree of texts, numbers, lists and mappings comes back as it was."""
    assert list(yaml.safe_load_all(write_documents(documents))) == documents


@settings(derandomize=True, deadline=None)
@given(tree=TREES)
def test_comments_change_nothing_that_is_read(tree: Any) -> None:
    """Whatever has a comment, at whatever depth."""
    commented = _commented(tree)
    assert yaml.safe_load(write_documents([{"a": commented, "b": [commented, Remark(("gone: x",))]}])) == {
        "a": tree,
        "b": [tree],
    }


def _commented(tree: Any) -> Any:
    if isinstance(tree, dict):
        return Commented({key: _commented(value) for key, value in tree.items()}, ("a: comment", "- another"))
    if isinstance(tree, list):
        return Commented([Remark(("first",)), *(_commented(item) for item in tree)], ("of a list",))
    return Commented(tree, ("of a scalar",))


def test_comments_stand_above_what_they_are_about() -> None:
    """Above a key, above an item's dash, and in the place of an item that is no more."""
    written = write_documents(
        [
            Commented({"args": Commented([Commented("a", ("on a",)), Remark(("- b",)), "c"], ("on args",))}, ("top",)),
            {"env": [{"name": Commented("x", ("on x",)), "value": "1"}], "verbs": Inline(["list", "*", ""])},
        ]
    )
    assert written == (
        "# top\n# on args\nargs:\n  # on a\n  - a\n  # - b\n  - c\n---\n"
        'env:\n  # on x\n  - name: x\n    value: "1"\nverbs: [list, \'*\', ""]\n'
    )


def test_a_list_of_remarks_alone_is_empty() -> None:
    """It says what was left out, and is still a list."""
    assert write_documents([{"args": [Remark(("gone",))]}]) == "# gone\nargs: []\n"


def test_many_lines_are_a_literal_block() -> None:
    """As a person would write them."""
    assert write_documents([{"content": "{\n  a\n}", "more": ["x\ny\n"]}]) == (
        "content: |-\n  {\n    a\n  }\nmore:\n  - |\n    x\n    y\n"
    )


def test_a_comment_is_one_line() -> None:
    """What would end it is shown as a sign, so nothing from a user's text becomes YAML, and nothing stops the rest."""
    written = write_documents([Commented("a", ("x\nargs: []", "y\x1b\u2028z"))])
    assert written == "# x\ufffdargs: []\n# y\ufffd\ufffdz\na\n"
