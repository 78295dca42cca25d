"""``apprise:URL``: any service that the library Apprise knows, by a URL as Apprise writes it.

Two programs read the query of such a sink. What bears the name of a parameter of ours is ours, all else is Apprise's,
as it is written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from urllib.parse import quote

from kube_wecom_eventer.apprise_library import Form, Service, Unusable, open_service
from kube_wecom_eventer.config.apprise_reach import refused_opened, refused_unopened
from kube_wecom_eventer.config.credential import Credential, credential_parameters, read_credential
from kube_wecom_eventer.config.parameter import APPRISE, Parameter, doubt_unknown, names
from kube_wecom_eventer.config.secret import Secret
from kube_wecom_eventer.config.shown import shown_name
from kube_wecom_eventer.config.uri import OptionUri
from kube_wecom_eventer.suggestion import did_you_mean, near

SCHEME = "apprise"
URL = "url"
PACE, _FASTEST = 20, 600
"""Messages a minute: what most chats take, and no mail server minds; the most that may be asked for."""

APPRISE_PARAMETERS = (
    *credential_parameters(URL, "URL", "Apprise's whole URL, where it does not stand behind `apprise:`", (APPRISE,)),
    Parameter(
        "pace",
        f"Messages in any minute, 1 to {_FASTEST}. Sinks of one mail account share it.",
        str(PACE),
        (APPRISE,),
    ),
)

_WITHOUT_EFFECT = ("header", "ca_file", "method", "msgtype", "mentioned_list", "mentioned_mobile_list", "mention_owner")


@dataclass(frozen=True, slots=True, kw_only=True)
class AppriseTarget:
    """A service by its URL, which is a secret as a whole. ``service``: its scheme; ``form``: what it takes; both empty
    where the URL is read from a Secret.

    ``pace``: messages a minute. ``allowed_hosts``: where it may send, None: anywhere. ``receivers``: addresses instead
    of those in the URL, which is a mail server's then; ``tenant``: the namespace whose routes name them. ``owner``: the
    namespace whose routes have this URL of their own.
    """

    url: Credential
    shown: str
    service: str = ""
    form: Form | None = None
    pace: int = PACE
    allowed_hosts: Collection[str] | None = None
    receivers: tuple[str, ...] = ()
    tenant: str = ""
    owner: str = ""

    @property
    def destination(self) -> str:
        """Name the destination, without giving the URL away."""
        name = "-".join(filter(None, (SCHEME, self.service, self.url.name)))
        return f"{name}@{self.tenant}" if self.tenant else name

    @property
    def is_mail(self) -> bool:
        """Whether the URL is known to be a mail server's."""
        return self.service in ("mailto", "mailtos")

    def account(self, of: str) -> str:
        """Name what a service counts messages by: see `apprise_library.Service.account`, else the URL's fingerprint.

        Whoever writes a user's name need not be that user: a namespace's own URL takes no turns of the platform's, and
        does not say how fast that may send.
        """
        name = f"{SCHEME}-{of}"
        return f"{name}@{self.owner}" if self.owner else name

    @property
    def written_secret(self) -> str:
        """The parameter that holds a secret in plain text; empty where none does."""
        return "" if self.url.place else URL

    def refusal(self, url: Secret, service: Service | None = None) -> str:
        """Return why a URL, or what it was opened as, may not be used; empty: it may."""
        if self.receivers and service and not service.is_mail:
            return f"{service.scheme}:// is no mail server, and this route names addresses"
        if self.allowed_hosts is None:
            return ""
        if service is None:
            return refused_unopened(url.reveal(), self.allowed_hosts)
        return refused_opened(service, self.allowed_hosts)


def parse_apprise(
    uri: OptionUri,
    *,
    known: frozenset[str],
    namespace: str,
    problems: list[str],
    warnings: list[str],
    allowed_hosts: Collection[str] | None = None,
) -> AppriseTarget | None:
    """Read an ``apprise:`` sink. ``known``: the parameters that all sinks share. ``allowed_hosts``: where it may send;
    None: anywhere."""
    before = len(problems)
    ours = known | names(APPRISE_PARAMETERS)
    pace = _pace(uri, problems)
    url = _url(uri, ours, namespace=namespace, problems=problems)
    if url is None or len(problems) > before:
        return None
    target = AppriseTarget(
        url=url,
        shown=f"{SCHEME}:***",
        pace=pace,
        allowed_hosts=allowed_hosts,
    )
    if url.place:
        doubt_unknown(uri, ours, sink=f"{SCHEME}: with {URL}_secret=", warnings=warnings)
        _doubt_without_effect(uri, frozenset(), warnings)
        return target
    service = _service(target, problems)
    if service is None:
        return None
    _doubt(uri, ours, service, warnings)
    return replace(target, shown=f"{SCHEME}:{service.scheme}://***", service=service.scheme, form=service.form)


def _service(target: AppriseTarget, problems: list[str]) -> Service | None:
    """Open the URL of a target, if it may have it."""
    url = target.url.value
    problem = target.refusal(url)
    service = None
    if not problem:
        try:
            service = open_service(url.reveal())
            problem = target.refusal(url, service)
        except Unusable as error:
            problem = str(error)
    if problem:
        problems.append(f"{SCHEME}: {problem}")
    return None if problem else service


def _url(uri: OptionUri, ours: frozenset[str], *, namespace: str, problems: list[str]) -> Credential | None:
    """Return Apprise's URL: what stands behind ``apprise:``, with what of the query is not ours."""
    way = f"{URL}_secret=NAME" if namespace else f"{URL}_secret=NAMESPACE/NAME"
    missing = "" if uri.url else f"has no URL; write {SCHEME}:mailtos://... or any other of Apprise's, or {way}"
    credential = read_credential(uri, URL, namespace=namespace, problems=problems)
    if credential and uri.url:
        problems.append(f"{SCHEME}: has a URL, and {URL}= beside it; write one of them")
        return None
    if not credential and missing and not problems:
        problems.append(f"{SCHEME}: {missing}")
    if credential or not uri.url:
        return credential
    query = "&".join(_apprises(uri, ours))
    return Credential(Secret(f"{uri.url}?{query}" if query else uri.url))


def _apprises(uri: OptionUri, ours: Collection[str]) -> Iterator[str]:
    """Yield the pairs of the query that are Apprise's, as it reads them: to it a ``+`` is no space."""
    for (name, _), pair in zip(uri.options, uri.written, strict=True):
        if name not in ours:
            yield pair
    for text in uri.every("query"):
        name, equals, value = text.partition("=")
        if equals:
            yield f"{quote(name, safe='')}={quote(value, safe='')}"


def _doubt(uri: OptionUri, ours: frozenset[str], service: Service, warnings: list[str]) -> None:
    """Doubt what one of the two readers of the query may not do as it was meant."""
    scheme, theirs = f"{service.scheme}://", service.parameters
    for name in dict.fromkeys(name for name, _ in uri.options):
        if name in ours and name in theirs:
            warnings.append(
                f"{name}= is ours here and does not reach {scheme}, which has a parameter of that name, too; for that "
                f"one write query={name}=VALUE"
            )
        elif name not in ours and name.lower() not in theirs and not name.startswith(("+", "-", ":", " ")):
            meant = did_you_mean(name, ours) if near(name, ours) else did_you_mean(name, theirs)
            warnings.append(
                f"{shown_name(name)}= is no parameter of ours, and none that Apprise names for {scheme}{meant}"
            )
    _doubt_without_effect(uri, theirs, warnings)


def _doubt_without_effect(uri: OptionUri, theirs: Collection[str], warnings: list[str]) -> None:
    written = {name for name, _ in uri.options}
    warnings += [
        f"{name}= has no effect on {SCHEME}: sinks"
        for name in _WITHOUT_EFFECT
        if name in written and name not in theirs
    ]


def _pace(uri: OptionUri, problems: list[str]) -> int:
    text = uri.first("pace") or str(PACE)
    if text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= _FASTEST:
        return int(text)
    problems.append(f"{SCHEME}: pace={text}: write how many messages a minute, from 1 to {_FASTEST}")
    return PACE
