"""docs/reference.md and docs/reference.zh-CN.md are what the code says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.reference.__main__ import CHINESE, ROOT, main, pages
from tools.reference.catalogue import Catalogue
from tools.reference.markdown import linked, table


def test_the_pages_are_what_the_generator_writes() -> None:
    """Whoever changes a text in the code runs `make docs`."""
    made = pages(Catalogue.read(CHINESE))
    assert [path for path, text in made.items() if (ROOT / path).read_text(encoding="utf-8") != text] == []


def test_each_text_has_its_translation_and_none_is_left_over() -> None:
    """The English text that was translated stands beside it, so a change asks for a new translation."""
    catalogue = Catalogue.read(CHINESE)
    pages(catalogue)
    assert catalogue.problems() == []


def test_what_is_wrong_with_translations_is_said(tmp_path: Path) -> None:
    """All at once, what is missing in a form that can be pasted."""
    file = tmp_path / "zh.yaml"
    file.write_text("same: {en: a, zh: 甲}\nold: {en: before, zh: 乙}\nleft: {en: c, zh: 丙}\n")
    catalogue = Catalogue.read(file)
    assert [catalogue.say(*each) for each in (("same", "a"), ("old", "now"), ("new", "it's"))] == ["甲", "乙", "it's"]
    assert catalogue.problems() == [
        "old: the English text is now 'now'; translate it",
        'new: has no translation; add\nnew:\n  en: "it\'s"\n  zh:',
        "left: is not used; remove it",
    ]


def test_one_name_is_for_one_text() -> None:
    """Two texts of one name would get one translation."""
    catalogue = Catalogue({})
    catalogue.say("name", "a")
    with pytest.raises(ValueError, match="name names two texts"):
        catalogue.say("name", "b")


def test_nothing_is_written_where_a_translation_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Half a Chinese page is none."""
    empty = tmp_path / "zh.yaml"
    empty.write_text("{}")
    monkeypatch.setattr("tools.reference.__main__.CHINESE", empty)
    monkeypatch.setattr("tools.reference.__main__.ROOT", tmp_path)
    assert main() == 1
    assert "\nflag.sink: has no translation" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [empty]


def test_pages_that_a_text_names_become_links() -> None:
    """With their anchors, in Chinese, too, and without the sign behind them."""
    assert linked("see docs/routing.md#many-teams.") == "see [routing.md](routing.md#many-teams)."
    assert linked("见 docs/a.zh-CN.md#多个团队一条路由。") == "见 [a.zh-CN.md](a.zh-CN.md#多个团队一条路由)。"
    assert linked("docs/a.md, docs/b.md") == "[a.md](a.md), [b.md](b.md)"


def test_a_bar_does_not_end_a_cell() -> None:
    """As in `-o=table|json`."""
    assert table(["a", "b"], [["`x|y`", ""]]) == "| a | b |\n|---|---|\n| `x\\|y` |  |"
