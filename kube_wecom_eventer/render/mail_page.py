"""The HTML of the built-in mails: one column, readable on a telephone, no pictures, nothing fetched from elsewhere.

All styles stand in the elements, because mail programs drop style sheets. Apprise makes the plain-text alternative of
it: each ``p`` and ``div`` becomes a paragraph there, each ``br`` a line.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

COLOURS = {"warning": "#d9480f", "info": "#2f6f4f", "comment": "#656d76"}
"""By the name of WeCom's colour: of the bar beside the heading, and of what an alert is called in a digest."""

_FONT = "-apple-system,'Segoe UI','PingFang SC','Microsoft YaHei','Noto Sans CJK SC',Roboto,sans-serif"
_MONO = "ui-monospace,SFMono-Regular,Menlo,Consolas,monospace"

_BEGIN = (
    '<!DOCTYPE html>\n<html><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width,initial-scale=1"></head>'
    f'<body style="margin:0;padding:16px;background:#ffffff;color:#1f2328;font:15px/1.5 {_FONT}">'
    '<div style="max-width:680px;margin:0 auto">'
)
_END = "</div></body></html>"
_HEADING = '<p style="border-left:4px solid {colour};padding:2px 0 2px 12px;margin:0 0 12px">{text}</p>'
_TITLE = '<b style="font-size:17px">{text}</b>'
_ROWS = '<p style="margin:0 0 12px">{rows}</p>'
_ROW = '<span style="color:#656d76">{label}</span>{value}'
_LINK = '<a href="{url}" style="color:inherit">{text}</a>'
_MESSAGE = (
    f'<pre style="margin:0;padding:12px;background:#f6f8fa;border-radius:6px;font:13px/1.5 {_MONO};'
    'white-space:pre-wrap;overflow-wrap:anywhere">{text}</pre>'
)

DIGEST_PAGE = _BEGIN + _HEADING.replace("{text}", _TITLE.replace("{text}", "{header}")) + "{lines}{end}" + _END
"""Takes ``colour``, ``header``, ``lines`` and ``end``, all of them HTML."""

DIGEST_LINE = (
    '<div style="padding:8px 0;border-top:1px solid #e6e8eb;overflow-wrap:anywhere"><b>{reason}</b> · {where}'
    "<b>{times}</b>{message}</div>"
)
DIGEST_COLOURED = '<span style="color:{colour}">{text}</span>'
DIGEST_MESSAGE = '<br><span style="color:#656d76;font-size:13px">{text}</span>'


def mail_page(
    *,
    title: str,
    where: str,
    rows: Sequence[tuple[str, str]],
    message: str,
    between: str,
    colour: str,
    link: str = "",
) -> str:
    """Return the page of one event. The texts are plain; ``between`` stands between a label and its value.

    ``link``: where the title leads, an http URL. A value that is one leads there.
    """
    written = "<br>".join(
        _ROW.format(label=escape(f"{label}{between}"), value=_linked(value, value)) for label, value in rows
    )
    heading = f"{_TITLE.format(text=_linked(title, link))}<br>{escape(where)}"
    parts = (
        _HEADING.format(colour=colour, text=heading),
        _ROWS.format(rows=written) if rows else "",
        _MESSAGE.format(text=escape(message)) if message else "",
    )
    return _BEGIN + "\n".join(filter(None, parts)) + _END


def _linked(text: str, url: str) -> str:
    leads = url.startswith(("http://", "https://")) and not url.endswith("…")
    return _LINK.format(url=escape(url), text=escape(text)) if leads else escape(text)


def escaped_line(text: str) -> str:
    """Return a text as HTML, on one line."""
    return escape(" ".join(text.split()))
