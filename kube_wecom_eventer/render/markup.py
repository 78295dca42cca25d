"""Texts from an event that stand within WeCom's markdown: they must not become markup themselves.

WeCom documents no escape character, so each sign that would act is changed as little as shows: a zero-width space
behind it where that breaks the construct, a look-alike where it doesn't. Names, paths and image references hold
none of these signs and stay as they are, byte for byte, so that they can be copied.
Source: https://developer.work.weixin.qq.com/document/path/99110 (markdown and markdown_v2 of the group robot).
"""

from __future__ import annotations

import re

from kube_wecom_eventer.render.text import ZERO_WIDTH_SPACE, harmless

_TAG_START = re.compile(r"<(?=[A-Za-z/!?@]|\Z)")
_TILDE_FENCE = re.compile(r"~(?=~~)")
_LINE_BREAK = re.compile("\r\n|[\r\x85\u2028\u2029]")
_ACTIVE_LINE_START = re.compile(r"(?m)^([ \t]*)(?=[#>])")
_BLOCK_START = re.compile(r"^(?=[-+=|]|[0-9]{1,9}[.)])")
_ADDRESSING = re.compile(r"(?<![\w@])@(?=\w)|@(?=(?:all|channel|everyone|here|room|team)\b)", re.IGNORECASE)
_DEFINITION = re.compile(r"(?m)^([ \t]*\[[^\[\]]*\])(?=:)")
_OUTER_UNDERSCORE = re.compile(r"(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])")


def contained(text: str) -> str:
    """Return a text that can't break out of, or into, the markup around it, nor mention anybody.

    For values in a user's template: only what would unbalance its markup is touched. A ``<`` before what may be a
    tag's name gets a zero-width space behind it. A backtick becomes an apostrophe: nothing invisible keeps it from
    closing a code span, and in a message it only quotes a name. Three tildes, a fence in markdown_v2, are parted.
    """
    text = _TAG_START.sub("<" + ZERO_WIDTH_SPACE, harmless(text)).replace("`", "'")
    return _TILDE_FENCE.sub("~" + ZERO_WIDTH_SPACE, text)


def tagless(text: str) -> str:
    """Return a text that can't make a tag: for texts of WeCom's applications, where ``<a href>`` is a link."""
    return _TAG_START.sub("<" + ZERO_WIDTH_SPACE, harmless(text))


def tagless_line(text: str) -> str:
    """Return the same on one line."""
    return tagless(" ".join(harmless(text).split()))


def joins_to_tag(before: str, after: str) -> bool:
    """Return whether two contained texts, one behind the other, would begin a tag or a mention."""
    return before.endswith("<") and _TAG_START.match("<" + after[:1]) is not None


def inert(text: str) -> str:
    """Return a text without markup of its own, for the built-in markdown.

    On top of ``contained``: a zero-width space parts ``](`` (a link) and ``**`` (bold), and stands before a ``#`` or
    ``>`` at the start of a line (heading, quote). All line breaks become ``\\n``, so that no other sign starts a line.
    """
    text = contained(_LINE_BREAK.sub("\n", text))
    text = text.replace("](", f"]{ZERO_WIDTH_SPACE}(").replace("**", f"*{ZERO_WIDTH_SPACE}*")
    text = text.replace("**", f"*{ZERO_WIDTH_SPACE}*")  # of three, the second and third met only now
    return _ACTIVE_LINE_START.sub(rf"\1{ZERO_WIDTH_SPACE}", text)


def inert_line(text: str) -> str:
    """Return the same on one line. A backslash at its end gets a zero-width space, lest it escape what follows."""
    line = inert(" ".join(harmless(text).split()))
    return line + ZERO_WIDTH_SPACE if line.endswith("\\") else line


def inert_line_v2(text: str) -> str:
    """Return the same for markdown_v2, which has emphasis by ``*`` and ``_``, too, and ``~~`` strikes through.

    There a zero-width space breaks nothing, so look-alikes stand in. An underscore inside a name stays: it is no
    emphasis there.
    """
    line = _OUTER_UNDERSCORE.sub("＿", inert_line(text).replace("*", "∗"))
    return line.replace(f"~{ZERO_WIDTH_SPACE}", "～").replace("~~", "～～")


def quoted(text: str) -> str:
    """Return a text as a quote of markdown: a sign before each line, nothing active inside."""
    return "\n".join(f"> {line}".rstrip() for line in inert(text).split("\n"))


def quoted_commonmark(text: str) -> str:
    """Return a text as a quote of CommonMark, or DingTalk's dialect of it: each line a line, nothing active inside.

    It has lists, emphasis and images, and joins lines that have no two spaces at their end.
    """
    lines = (inert_line_v2(line) for line in _LINE_BREAK.sub("\n", text).split("\n"))
    return "  \n".join(f"> {_BLOCK_START.sub(ZERO_WIDTH_SPACE, line)}".rstrip() for line in lines)


def unaddressed(text: str) -> str:
    """Return a text that mentions nobody in any chat, and hides no link behind other words: chats read markup in texts.

    An ``@`` before a name gets a zero-width space behind it, and so does a ``<`` that may begin a tag. The ``@`` of an
    image's digest or a mail address stays as it can be copied, unless it would call everybody.

    Slack: ``<!channel>``; Discord and Mattermost: ``@everyone``, ``@all``; Feishu: ``<at>``; Telegram: ``@name``.
    """
    return _silent(tagless(text))


def unaddressed_line(text: str) -> str:
    """Return the same on one line."""
    return _silent(tagless_line(text))


def unaddressed_contained(text: str) -> str:
    """Return a text that mentions nobody and stays within the markup around it."""
    return _silent(unlinked(text))


def unlinked(text: str) -> str:
    """Return a text that stays within the markup around it, and makes no link and no image there: a mail program
    fetches that from wherever it is. Both may be written with their address at once, or where a line defines it."""
    return _undefined(contained(text)).replace("](", f"]{ZERO_WIDTH_SPACE}(")


def unaddressed_inert_line(text: str) -> str:
    """Return a line of CommonMark without markup of its own that mentions nobody."""
    return _silent(inert_line_v2(text))


def unaddressed_quote(text: str) -> str:
    """Return a quote of CommonMark that mentions nobody."""
    return _silent(quoted_commonmark(_undefined(text)))


def _undefined(text: str) -> str:
    return _DEFINITION.sub(rf"\1{ZERO_WIDTH_SPACE}", text)


def _silent(text: str) -> str:
    return _ADDRESSING.sub("@" + ZERO_WIDTH_SPACE, text).replace("](", f"]{ZERO_WIDTH_SPACE}(")


def fenced_text(text: str) -> str:
    """Return a text that may stand in a fence of backticks: as it was, but for a fence of its own."""
    return _LINE_BREAK.sub("\n", harmless(text)).replace("```", "'''")
