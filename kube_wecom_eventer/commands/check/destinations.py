"""Whether what a route sends to can be reached from here, and what it says to a test message."""

from __future__ import annotations

import asyncio
import email.utils
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

import httpx
from socksio.exceptions import ProtocolError

from kube_wecom_eventer.building import HttpClients
from kube_wecom_eventer.commands.check.findings import Report
from kube_wecom_eventer.config import (
    ApplicationTarget,
    AppriseTarget,
    DingTalkTarget,
    LogTarget,
    RobotTarget,
    Target,
    WebhookTarget,
    secrets_of,
)
from kube_wecom_eventer.errors import ConfigError
from kube_wecom_eventer.kube.client import UNANSWERED
from kube_wecom_eventer.render import Message
from kube_wecom_eventer.routing import Way
from kube_wecom_eventer.sinks import AppriseService, Verdict

_ByHttp = RobotTarget | ApplicationTarget | DingTalkTarget | WebhookTarget

_TIMEOUT = 8.0
_CLOCK_MARGIN = 30.0
"""Seconds that clocks may differ by."""


async def check_destinations(ways: Iterable[Way], clients: HttpClients, report: Report, *, now: datetime) -> None:
    """Ask each host once for anything at all, without a key; read each key that a Secret holds; and ask WeCom whether
    an application's secret is right, which tells nobody."""
    asked: dict[tuple[str, str | None], bool] = {}
    keys: set[str] = set()
    for way in ways:
        target = way.settings.target
        if isinstance(target, LogTarget):
            continue
        if isinstance(target, AppriseTarget):
            if target.destination not in keys:
                keys.add(target.destination)
                await _service(way, report)
            continue
        try:
            host = _host(target.endpoint.reveal())
        except httpx.InvalidURL:
            report.bad(way.route.name, f"{target.shown}: the URL can't be used")
            continue
        if (host, target.ca_file) not in asked:
            asked[host, target.ca_file] = await _reach(host, target, clients, report, now=now)
        if target.destination not in keys:
            keys.add(target.destination)
            await _keys(way, report, reached=asked[host, target.ca_file])


def _host(url: str) -> str:
    parts = httpx.URL(url)
    return str(parts.copy_with(userinfo=b"", raw_path=b"/", fragment=None))


async def _keys(way: Way, report: Report, *, reached: bool) -> None:
    target = way.settings.target
    secrets, is_application = secrets_of(target), isinstance(target, ApplicationTarget)
    if not secrets and not is_application:
        return
    report.working(f"asking for the key of {way.route.name} ...")
    outcome = await way.terms.sink.ready()
    # That the host can't be reached has been said.
    if outcome and (reached or outcome.reason == "no_key"):
        text, _, rule = outcome.detail.partition("; grant ")
        report.bad(way.route.name, text, *([f"grant {rule}"] if rule else []))
        return
    for secret in secrets:
        report.good(way.route.name, f"Secret {secret} holds a key")
    if is_application and not outcome:
        report.good(way.route.name, "WeCom takes the application's secret")


async def _service(way: Way, report: Report) -> None:
    """Look whether Apprise's URL can be had and opened, and whether a mail server is there; nobody is told anything."""
    name, sink = way.route.name, way.terms.sink
    report.working(f"looking at the URL of {name} ...")
    if outcome := await sink.ready():
        text, _, rule = outcome.detail.partition("; grant ")
        report.bad(name, text, *([f"grant {rule}"] if rule else []))
        return
    for secret in secrets_of(way.settings.target):
        report.good(name, f"Secret {secret} holds a URL")
    if not isinstance(sink, AppriseService) or not (place := sink.mail_server):
        report.note(name, "whether this service can be reached shows when something is sent: --send-test")
        return
    started = time.monotonic()
    try:
        async with asyncio.timeout(_TIMEOUT):
            _, writer = await asyncio.open_connection(*place)
            writer.close()
    except (OSError, TimeoutError) as error:
        text = str(error) or "no connection in time"
        report.bad(name, f"the mail server can't be reached: {text}", "look at the host, its port and NetworkPolicies")
        return
    report.good(name, f"the mail server can be reached, in {(time.monotonic() - started) * 1000:.0f} ms")


async def _reach(host: str, target: _ByHttp, clients: HttpClients, report: Report, *, now: datetime) -> bool:
    report.working(f"asking {host} ...")
    started = time.monotonic()
    try:
        client = clients.client(target.ca_file)
        # Of the page nothing is read: it may have no end.
        async with asyncio.timeout(_TIMEOUT), client.stream("GET", host, follow_redirects=False) as answer:
            pass
    except ConfigError as error:
        for problem in error.problems:
            report.bad(host, problem)
        return False
    except (*UNANSWERED, httpx.InvalidURL, OSError, ValueError) as error:
        report.bad(host, f"can't be reached: {_in_words(error)}", *_ways_out(error, target))
        return False
    if answer.status_code == httpx.codes.PROXY_AUTHENTICATION_REQUIRED:
        report.bad(host, "the proxy wants credentials (HTTP 407)", "HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT")
        return False
    report.good(host, f"can be reached, in {(time.monotonic() - started) * 1000:.0f} ms")
    compare_clocks(answer.headers.get("date", ""), host, report, now=now)
    return True


def compare_clocks(date: str, whose: str, report: Report, *, now: datetime) -> None:
    """Say it where this machine's clock is not that of an answer's ``Date`` header."""
    try:
        there = email.utils.parsedate_to_datetime(date)
    except ValueError:
        return
    behind = (there - now).total_seconds()
    if abs(behind) > _CLOCK_MARGIN:
        way = "behind" if behind > 0 else "ahead of"
        report.doubtful(
            whose,
            f"this machine's clock is {abs(behind):.0f} s {way} that of {whose}",
            "synchronise the clock (NTP): silences, --since and signatures depend on it",
        )


def _in_words(error: Exception) -> str:
    known: dict[type[Exception], str] = {
        httpx.ConnectTimeout: "no connection in time",
        httpx.ReadTimeout: "connected, but no answer in time",
        TimeoutError: f"no answer within {_TIMEOUT:g} s",
        httpx.ProxyError: f"the proxy refuses: {error}",
        ProtocolError: f"what answers is no SOCKS proxy: {error}",
    }
    return known.get(type(error), f"{type(error).__name__}: {error}".rstrip(": "))


def _ways_out(error: Exception, target: Target) -> Sequence[str]:
    text = str(error)
    if "CERTIFICATE" in text.upper():
        return ("a company's own authority? name its PEM file with ca_file=FILE",)
    if isinstance(error, httpx.ProxyError | ProtocolError):
        return ("correct HTTPS_PROXY or ALL_PROXY, or name the host in NO_PROXY",)
    proxy = "HTTPS_PROXY=http://HOST:PORT"
    if isinstance(target, RobotTarget | ApplicationTarget):
        proxy += ", or api=URL of a proxy before WeCom"
    return (f"no way out from here? {proxy}; in a cluster look at NetworkPolicies",)


async def send_tests(ways: Iterable[Way], report: Report, *, test_message: Callable[[Way], Message]) -> None:
    """Send one marked message to each destination, by each address that the routes name for it."""
    tested: set[Target] = set()
    for way in ways:
        target = way.settings.target
        if target in tested:
            report.note(way.route.name, "the same destination as above")
            continue
        tested.add(target)
        report.working(f"sending to {target.shown} ...")
        sink = way.terms.sink
        outcome = await sink.ready() or await sink.send(test_message(way))
        if outcome.verdict is Verdict.ACCEPTED:
            report.good(way.route.name, f"the test message was accepted by {target.shown}")
            if outcome.missed:
                report.bad(way.route.name, f"it did not reach {', '.join(outcome.missed)}")
        else:
            report.bad(way.route.name, f"{target.shown}: {outcome.detail}")
