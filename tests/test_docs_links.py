"""Whoever follows a link in the documentation arrives; whoever begins at the index finds every page."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    path
    for path in ROOT.rglob("*.md")
    if path.relative_to(ROOT).parts[0] != "build" and not any(part[0] == "." for part in path.relative_to(ROOT).parts)
)

_FENCE = re.compile(r"^( *)(```|~~~).*?^\1\2", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]+`")
_LINK = re.compile(r"\[(?:[^\[\]]|\[[^\[\]]*\])*\]\(\s*<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]:\s*(\S+)", re.MULTILINE)
_HTML_LINK = re.compile(r"<(?:a|img)\b[^>]*\b(?:href|src)=\"([^\"]+)\"")
_HEADING = re.compile(r"^#{1,6} +(.+?)(?: +#+)?$", re.MULTILINE)
_HTML_ANCHOR = re.compile(r"<a\b[^>]*\b(?:id|name)=\"([^\"]+)\"")


def text_of(path: Path) -> str:
    """Return a page without its blocks of code."""
    return _FENCE.sub("", path.read_text(encoding="utf-8"))


def links(text: str) -> list[str]:
    """Return what the page's links lead to, other sites left out."""
    prose = _CODE.sub("", text)
    found = [one or other for one, other in _LINK.findall(prose)] + _HTML_LINK.findall(prose)
    return [link for link in found if not re.match(r"[a-z][a-z0-9+.-]*:", link)]


def anchors(text: str) -> set[str]:
    """Return the anchors of a page, as GitHub makes them of its headings."""
    found: set[str] = set(_HTML_ANCHOR.findall(text))
    seen: Counter[str] = Counter()
    for heading in _HEADING.findall(text):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        slug = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return found


def broken(link: str, page: Path) -> str:
    """Return what is wrong with a link of a page; an empty text where it leads somewhere."""
    place, _, anchor = unquote(link).partition("#")
    target = (page.parent / place).resolve() if place else page
    if not target.exists():
        return f"{link}: there is no such file"
    if not target.is_relative_to(ROOT):
        return f"{link}: leads out of the repository"
    if anchor and (target.suffix != ".md" or anchor not in anchors(text_of(target))):
        return f"{link}: there is no such heading"
    return ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_each_link_of_a_page_leads_somewhere(page: Path) -> None:
    """To a file or folder that exists, and to a heading that it has."""
    assert [wrong for link in links(text_of(page)) if (wrong := broken(link, page))] == []


@pytest.mark.parametrize(("index", "of_others"), [("README.md", ".zh-CN.md"), ("README.zh-CN.md", "")])
def test_the_index_names_each_page_of_its_language(index: str, of_others: str) -> None:
    """A page that nobody links to is read by nobody. What has no Chinese twin is in the Chinese index as it is."""
    docs = ROOT / "docs"
    named = {link.partition("#")[0] for link in links(text_of(docs / index))}
    pages = {path.name for path in docs.glob("*.md") if not path.name.startswith("README")}
    if of_others:
        expected = {name for name in pages if not name.endswith(of_others)}
    else:
        expected = {
            name for name in pages if name.endswith(".zh-CN.md") or name.replace(".md", ".zh-CN.md") not in pages
        }
    assert sorted(expected - named) == []


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("## Across restarts", "across-restarts"),
        ("### `--watch-namespaces=payments,shop`", "--watch-namespacespaymentsshop"),
        ("## Secret 与轮换", "secret-与轮换"),
        ("### 多个团队，一条路由", "多个团队一条路由"),
        ("## [A link](x.md), and *more*", "a-link-and-more"),
        ("# Twice\n\n# Twice", "twice-1"),
    ],
)
def test_anchors_are_githubs(heading: str, anchor: str) -> None:
    """Lower case, signs left out, a hyphen for each space, a number from the second on."""
    assert anchor in anchors(heading)


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    """Else the test above could not fail."""
    text = "[a](missing.md) [b](README.md#nowhere) [c](https://example.com/missing) `[d](code.md)`\n\n[e]: gone.md\n"
    assert links(text) == ["missing.md", "README.md#nowhere", "gone.md"]
    assert broken("missing.md", ROOT / "README.md") == "missing.md: there is no such file"
    assert broken("README.md#nowhere", ROOT / "README.md") == "README.md#nowhere: there is no such heading"
    assert broken("#develop", ROOT / "README.md") == ""
    assert broken("docs", ROOT / "README.md") == ""
