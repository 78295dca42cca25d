"""The arguments of the command ``demo``."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kube_wecom_eventer.demo.texts import Texts, texts_for

FAST = 5.0  # times more events with --fast
BURST = 25  # pods that fail at once, halfway through
PAGE_PORT = 8085

_DESCRIPTION = """\
See the daemon at work, without a cluster and without a WeCom account.

It starts a small Kubernetes API server and two WeCom groups on loopback, with WeCom's limits and error
codes, and the daemon itself, as a process of its own, between them. Then a cluster's day is played in half
a minute. The terminal shows the events, and in frames what the groups see.

A page in the browser shows the same as a group chat, and has buttons to try things out: a storm of 5,000
events, a crash loop, WeCom down, a revoked key and more. Its address is printed at the start; only this
machine reaches it. Through ssh: ssh -L 8085:127.0.0.1:8085 HOST, then open http://127.0.0.1:8085.
"""
_EPILOG = """\
When it ends:
  Nobody looks at the page    after the day, once what waits is sent. So it can stand in a script.
  A browser has it open       not before the page has been closed for 20 s. The terminal says so.
  With --stay                 not by itself.
  Ctrl-C                      ends it in each case; a second Ctrl-C does not wait for what is still unsent.

Exit status: 0 if messages arrived; 1 if none did or the daemon failed, with the reason on the screen; 2 for
wrong arguments.

Examples:
  kube-wecom-eventer demo                            a day, then the end
  kube-wecom-eventer demo --stay --seconds 0         no day: only what you start on the page
  kube-wecom-eventer demo --lang zh --fast --seed 7  in Chinese, five times as busy, the same each time
"""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the command line says. ``page_port``: None for no page. ``port_is_wish``: another one will do.

    ``lang``: the language that was asked for, empty where none was. ``texts``: those of that or the locale.
    """

    seconds: float
    fast: bool
    burst: int
    seed: int | None
    stay: bool
    page_port: int | None
    port_is_wish: bool
    lang: str
    texts: Texts


def parse(argv: Sequence[str], environment: Mapping[str, str]) -> Options:
    """Read the arguments; SystemExit 2 with what to write for a wrong one, 0 for --help."""
    parser = _parser()
    found = parser.parse_args(argv)
    problems = []
    if not 0 <= found.seconds <= 86_400:
        problems.append(f"--seconds {found.seconds:g}: write 0 to 86400")
    if found.seconds == 0 and not found.stay:
        problems.append("--seconds 0 plays no day, so nothing would happen: add --stay")
    elif found.seconds == 0 and found.no_page:
        problems.append("--seconds 0 plays no day, and only the page can make events: leave out --no-page")
    if not 0 <= found.burst <= 10_000:
        problems.append(f"--burst {found.burst}: write 0 to 10000")
    if found.page_port is not None and not 0 <= found.page_port <= 65_535:
        problems.append(f"--page-port {found.page_port}: write 1 to 65535, or 0 for a free one")
    if found.page_port is not None and found.no_page:
        problems.append("--page-port and --no-page exclude each other: write one of them")
    if problems:
        parser.error("\n  ".join(problems))
    locale = environment.get("LC_ALL") or environment.get("LC_MESSAGES") or environment.get("LANG") or ""
    wish = PAGE_PORT if found.page_port is None else found.page_port
    return Options(
        seconds=found.seconds,
        fast=found.fast,
        burst=found.burst,
        seed=found.seed,
        stay=found.stay,
        page_port=None if found.no_page else wish,
        port_is_wish=found.page_port is None,
        lang=found.lang or "",
        texts=texts_for(found.lang or locale),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="kube-wecom-eventer demo",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    day = parser.add_argument_group("the day")
    day.add_argument("--seconds", type=float, default=30.0, metavar="N", help="how long it lasts (default 30)")
    day.add_argument("--fast", action="store_true", help=f"{FAST:g} times as many events")
    day.add_argument(
        "--burst", type=int, default=BURST, metavar="N", help=f"pods that fail at once, halfway (default {BURST})"
    )
    day.add_argument("--seed", type=int, metavar="N", help="play the same day again")
    page = parser.add_argument_group("the page")
    page.add_argument(
        "--page-port",
        type=int,
        metavar="PORT",
        help=f"its port (default {PAGE_PORT}, or a free one where that is taken)",
    )
    page.add_argument("--no-page", action="store_true", help="no page, only the terminal")
    page.add_argument("--stay", action="store_true", help="go on until Ctrl-C, whoever looks")
    parser.add_argument(
        "--lang",
        choices=("en", "zh"),
        help="language of terminal, page and messages (default: from LANG; the page follows the browser)",
    )
    return parser
