"""Apprise, the library that knows many services by URLs of its own: opening such a URL, and one call that sends.

It is imported when the first URL is opened, so that whoever has no such sink neither needs nor pays for it. Knows
nothing of sinks and events; what follows from a failure is not its business. Nothing that it says holds a part of the
URL.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from kube_wecom_eventer.suggestion import did_you_mean

if TYPE_CHECKING:
    from apprise import NotifyBase

EXTRA = "pip install 'kube-wecom-eventer[apprise]'"

Format = Literal["text", "markdown", "html"]
Tone = Literal["info", "success", "warning"]
"""What a message says: that something is so, is well again, or is wrong. Apprise's words."""

_NATIVE = {
    "wecombot": "wecom:?key=KEY",
    "wechat": "wechat:?corp_id=ID",
    "dingtalk": "dingtalk:?access_token=TOKEN",
}
"""Services of which Apprise takes every HTTP 200 for success, which theirs is not; and our own sinks for them."""

_LOCAL = frozenset({"blink1", "dbus", "gio", "glib", "gnome", "kde", "macosx", "qt", "syslog", "windows"})
"""They speak to the machine that they run on: in a pod nobody hears it."""

_RELAYS = frozenset({"apprise", "apprises"})
"""An Apprise API server says that it has taken a message, not that somebody has got it."""

_CALLED = {
    "email": "mailtos", "mail": "mailtos", "smtp": "mailtos", "smtps": "mailtos", "msteams": "workflows",
    "teams": "workflows", "telegram": "tgram", "mattermost": "mmosts", "rocketchat": "rockets",
}  # fmt: skip
"""What a service may be called, by the scheme that it has."""

_PAGE = 32_768
"""Characters of a body: whoever takes HTML of this size, and a subject, sends mail."""

_CHATS = frozenset({"matrix", "matrixs"})
"""They take HTML of this size, too, but are no mail: an ``@room`` in it calls everybody."""

_MAIL = frozenset({"mailto", "mailtos"})

_CONNECT, _ANSWER, _MAIL_TIMEOUT, _LONGEST = 5.0, 20.0, 30.0, 60.0
"""Seconds for each step of a conversation, not for all of it: connecting, waiting for an answer; each step with a mail
server; the most that a URL may ask for."""

_MOST_SAID, _LONGEST_SAID = 200, 1000
"""Lines that are kept of what the library logs in one call, and their characters."""

_MESSAGE = re.compile(r"\bpayload\b", re.IGNORECASE)
"""Marks the lines for debugging that hold the message itself, as the plugins write them."""

_SHORTEST = 4
"""Characters; shorter parts of a URL would make a text unreadable, and are nobody's token."""

_QUOTINGS = ("", "/", "!$&'()*+=:@", "!#$%&'()*+,/:;=?@[]~")
"""Signs that stand as they are in a URL: in a part, in a path, as Apprise makes one, as `requests` repairs one."""

_SCHEME = re.compile(r"[a-z][a-z0-9]{0,30}")
_ADDRESS = re.compile(r"[a-z]+://\S+", re.IGNORECASE)


class Unusable(Exception):
    """A URL can't be opened. The text is for a person and shows nothing of it but the scheme."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What a service takes. ``limit``: bytes of a body, ``title_limit``: of a title.

    ``addresses``: a text there can mention people by an ``@`` or a tag.
    """

    format: Format
    limit: int
    title_limit: int
    addresses: bool = True


MAIL = Form(format="html", limit=24_000, title_limit=200, addresses=False)
"""A mail. Mail programs show what is longer only on demand, if at all."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What is sent: a title, and a body in a format. Services that have colours or signs show the ``tone``."""

    title: str
    body: str
    format: Format
    tone: Tone


@dataclass(frozen=True, slots=True)
class Told:
    """What came of it. ``said``: what the library logged, without parts of the URL; ``warned``: the last warning."""

    accepted: bool
    said: tuple[str, ...] = ()
    warned: str = ""


class Service:
    """An opened URL. Not to be used by two threads at a time."""

    def __init__(self, plugin: NotifyBase, *, url: str) -> None:
        self._plugin: Any = plugin
        self._redaction = _Redaction(url)
        self.scheme = _scheme_of(url, self._plugin)
        self._mail = self.scheme in _MAIL
        self.form = _form(self._plugin, chat=self.scheme in _CHATS)
        _bound(self._plugin, mail=self._mail)

    @property
    def parameters(self) -> frozenset[str]:
        """The parameters that this service's URLs may have."""
        return frozenset(self._plugin.template_args)

    @property
    def place(self) -> tuple[str, int | None]:
        """Where it connects to, if that is what the URL names as host: a mail server always is."""
        plugin = self._plugin
        return str(plugin.smtp_host if self._mail else plugin.host or "").lower(), plugin.port

    @property
    def is_mail(self) -> bool:
        """Whether it speaks to a mail server itself."""
        return self._mail

    @property
    def mode(self) -> str:
        """By which of several ways it sends; empty where there is one."""
        return str(getattr(self._plugin, "mode", "") or "")

    @property
    def user(self) -> str:
        """As whom it sends."""
        return str(self._plugin.user or "")

    @property
    def account(self) -> str:
        """What a mail server counts mails by: its own place and the user; empty where only the service knows."""
        if not self._mail:
            return ""
        host, port = self.place
        return f"mail-{hashlib.sha256(f'{self.user}@{host}:{port}'.encode()).hexdigest()[:8]}"

    @property
    def receivers(self) -> tuple[str, ...]:
        """Whom a mail goes to, each by a copy of its own; empty where only the service knows."""
        return tuple(dict.fromkeys(address for _, address in self._plugin.targets)) if self._mail else ()

    def tell(self, notice: Notice, receiver: str = "") -> Told:
        """Send, and wait for the answers: seconds as a rule, minutes at worst. ``receiver``: one of a mail's.

        Raises nothing: what a plugin raises is a failure like any other.
        """
        from apprise import NotifyFormat, NotifyType  # noqa: PLC0415 see the module

        if self._mail:
            self._plugin.targets = [(False, receiver)]
        with _listening() as heard:
            try:
                accepted = self._plugin.notify(
                    title=notice.title,
                    body=notice.body,
                    body_format=NotifyFormat(notice.format),
                    notify_type=NotifyType(notice.tone),
                    overflow="truncate",
                )
            except Exception as error:
                accepted = False
                heard.said.append(f"{type(error).__name__}: {error}")
        return Told(bool(accepted), tuple(map(self._shown, heard.said)), self._shown(heard.warned))

    def _shown(self, line: str) -> str:
        return self._redaction.clean(line)[:_LONGEST_SAID]


def open_service(url: str) -> Service:
    """Open a URL of Apprise's; nothing is connected.

    Raises:
        Unusable: the library is not installed, doesn't know the URL or the service, or the service is not for a daemon.
    """
    try:
        from apprise import Apprise, AppriseAsset  # noqa: PLC0415 see the module
        from apprise.manager_plugins import NotificationManager  # noqa: PLC0415
    except ImportError:
        raise Unusable(f"needs the library Apprise, which is not installed; {EXTRA}") from None
    scheme, separator, _ = url.partition("://")
    scheme = scheme.lower()
    if not separator or not _SCHEME.fullmatch(scheme):
        raise Unusable("what stands there is no URL of Apprise's; write for example mailtos://... or slack://...")
    _refuse(scheme)
    asset = AppriseAsset(
        app_id="kube-wecom-eventer",
        app_desc="Kubernetes events",
        app_url="https://kubernetes.io/docs/tasks/debug/",
        # Nothing is kept on a disk, fetched from elsewhere for decoration, or followed to where nobody sent it.
        storage_mode="memory",
        image_url_mask="",
        image_url_logo="",
        http_redirects=False,
        pgp_autogen=False,
        pem_autogen=False,
    )
    with _listening() as heard:
        try:
            plugin = Apprise.instantiate(url, asset=asset, suppress_exceptions=False)
        except Exception as error:
            plugin = None
            heard.said.append(str(error))
    if plugin is None:
        known: list[str] = NotificationManager().schemas()  # type: ignore[no-untyped-call]
        if scheme not in known and scheme not in ("http", "https"):
            meant = (
                f"; write {_CALLED[scheme]}://" if scheme in _CALLED else did_you_mean(scheme, known, written="{}://")
            )
            raise Unusable(f"{scheme}:// is no service that Apprise knows{meant}")
        why = next((_Redaction(url).clean(line) for line in reversed(heard.said) if line), "")
        why = f": {_ADDRESS.sub('***', why)}" if why else ""
        way = "; a mail needs a sender and receivers: from=NAME@DOMAIN, to=NAME@DOMAIN" if scheme in _MAIL else ""
        raise Unusable(f"{scheme}://...: Apprise can't use this URL{why}{way}")
    service = Service(plugin, url=url)
    _refuse(service.scheme)
    return service


def _scheme_of(url: str, plugin: Any) -> str:
    """Return the scheme that a URL has; of a service's own address, which the library knows as such, the service's."""
    written = url.partition(":")[0].lower()
    if written not in ("http", "https"):
        return written
    own = plugin.secure_protocol or plugin.protocol
    return str(own if isinstance(own, str) else own[0])


def _refuse(scheme: str) -> None:
    if native := _NATIVE.get(scheme):
        raise Unusable(
            f"{scheme}:// of Apprise takes every HTTP 200 for success, also one that says that a message was refused; "
            f"write {native}"
        )
    if scheme in _LOCAL:
        raise Unusable(f"{scheme}:// speaks to the machine that it runs on, and nobody is at a pod to hear it")
    if scheme in _RELAYS:
        raise Unusable(f"{scheme}:// is a relay that can't say whether a message has arrived; name the service itself")


def _form(plugin: Any, *, chat: bool) -> Form:
    written = plugin.resolve_format(None).value
    longest, title = int(plugin.body_maxlen), int(plugin.title_maxlen)
    if written == "html" and longest >= _PAGE and title and not chat:
        return MAIL
    # What is no mail takes a few tags of its own as "HTML"; Apprise makes those of a text, and signs grow by that.
    share = 2 if written == "html" else 4 / 3
    limit = min(8_000, int(longest / share))
    # Without a place for it the title stands in the body.
    title_limit = min(title or 120, limit // 2, 200)
    room = limit if title and not plugin.overflow_amalgamate_title else limit - title_limit - 4
    return Form(format="text" if written == "html" else written, limit=room, title_limit=title_limit)


def _bound(plugin: Any, *, mail: bool) -> None:
    """Bound what a call takes: each wait for a peer, and the library's own pauses, where we keep the pace."""
    kind = type(plugin)
    usual = _MAIL_TIMEOUT if mail else _CONNECT
    for name, chosen in (("socket_connect_timeout", usual), ("socket_read_timeout", _ANSWER)):
        written = getattr(plugin, name)
        setattr(plugin, name, chosen if written == getattr(kind, name) else min(float(written), _LONGEST))
    if mail or len(plugin) <= 1:
        plugin.request_rate_per_sec = 0


@contextlib.contextmanager
def _listening() -> Iterator[_Listener]:
    """Collect what the library logs in this thread meanwhile: of why something failed it returns nothing.

    Its log goes nowhere else: it holds URLs and bodies.
    """
    logger = logging.getLogger("apprise")
    logger.propagate = False
    logger.setLevel(logging.DEBUG)
    listener = _Listener(threading.get_ident())
    logger.addHandler(listener)
    try:
        yield listener
    finally:
        logger.removeHandler(listener)


class _Listener(logging.Handler):
    def __init__(self, thread: int) -> None:
        super().__init__(logging.DEBUG)
        self._ident = thread
        self.said: list[str] = []
        self.warned = ""

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread != self._ident or len(self.said) >= _MOST_SAID:
            return
        # A library's mistake in a line of its log must not become a failure of the message.
        with contextlib.suppress(Exception):
            line = record.getMessage()
            # What an event says is no answer of a server's.
            if record.levelno <= logging.DEBUG and _MESSAGE.search(line):
                return
            self.said.append(line)
            if record.levelno >= logging.WARNING:
                self.warned = self.said[-1]


class _Redaction:
    """Takes the parts of a URL out of texts: which of them are secret, only the service knows."""

    def __init__(self, url: str) -> None:
        scheme, _, rest = url.partition("://")
        # Not by the rules of the web: a service may have tokens before the `@`, with a `/` between them.
        place, _, query = rest.partition("?")
        host, _, path = place.partition("/")
        values = [pair.partition("=")[2] for pair in re.split("[&;]", query)]
        written = (rest, place, host, path, f"/{path}", *re.split("[/#]", place), *re.split("[/#:@]", place), query)
        decoded = {*map(unquote, (*written, *values)), *map(unquote_plus, values)}
        quoted = {quote(each, safe=safe) for each in decoded for safe in _QUOTINGS}
        found = {url, *written, *values, *decoded, *quoted, *map(quote_plus, decoded)} - {"", scheme}
        # The longest first: what is part of another would leave the rest of that one behind.
        self._parts = sorted((each for each in found if len(each) >= _SHORTEST), key=len, reverse=True)

    def clean(self, text: str) -> str:
        for part in self._parts:
            text = text.replace(part, "***")
        return text
