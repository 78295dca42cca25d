"""What somebody may have meant who wrote a name that nothing here has."""

from __future__ import annotations

from collections.abc import Iterable

_ALIKE = 0.75
"""Of 1, which is the same: a letter too few in ``kind`` for ``kinds``, two exchanged in ``nmae`` for ``name``."""


def near(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Return the known names that ``name`` looks like, at most two, the best one first; case, ``-`` and ``_`` aside."""
    from difflib import get_close_matches  # noqa: PLC0415 most runs have nothing to suggest

    by_letters = {_letters(each): each for each in sorted(known)}
    letters = _letters(name)
    if letters in by_letters:
        return (by_letters[letters],)
    if len(letters) > 2 and (exchanged := [each for each in by_letters if sorted(each) == sorted(letters)]):
        return tuple(by_letters[each] for each in exchanged[:2])
    return tuple(by_letters[found] for found in get_close_matches(letters, by_letters, n=2, cutoff=_ALIKE))


def did_you_mean(name: str, known: Iterable[str], *, written: str = "{}") -> str:
    """Return a question, as ``; did you mean --since?``, and nothing where no name is near.

    ``written``: how the name is written, with ``{}`` in its place.
    """
    names = near(name, known)
    return f"; did you mean {' or '.join(written.format(each) for each in names)}?" if names else ""


def _letters(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")
