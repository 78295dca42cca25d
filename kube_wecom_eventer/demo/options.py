"""The arguments of the command ``demo``."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from kube_wecom_eventer.command_parser import CommandParser
from kube_wecom_eventer.demo.texts import Texts, texts_for

FAST = 5.0  # times more events with --fast
BURST = 25  # pods that fail at once, halfway through
PAGE_PORT = 8085

_DESCRIPTION = """\
The daemon at work, without a cluster and without a WeCom account: it runs as a process of its own between a small API \
server and two WeCom groups on this machine, which keep WeCom's limits. A cluster's day is played in half a minute; \
the terminal shows each event, and each message as it arrives.

A page in the browser shows the same as a group chat, with buttons to try things out: a storm of 5,000 events, a crash \
loop, WeCom down, an API server that restarts, a revoked key, a broken template. Its address is printed at the start; \
only this machine reaches it. From another one: `ssh -L 8085:127.0.0.1:8085 HOST`, then http://127.0.0.1:8085.

The demo ends by itself after the day, once what waits is sent, so it can stand in a script. While a browser has the \
page open it goes on, until the page has been closed for 20 s; with `--stay` it goes on in any case. Ctrl-C ends it; \
a second one does not wait for what is still unsent."""


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


def parser() -> CommandParser:
    """Return the command's options."""
    found = CommandParser(
        "demo",
        description=_DESCRIPTION,
        examples=(
            ("demo", "A day, then the end."),
            ("demo --lang=zh", "In Chinese."),
            ("demo --stay --seconds=0", "No day: only what you start on the page."),
            ("demo --fast --seconds=60", "A busy minute: what waits is merged into digests."),
        ),
        statuses={
            0: "Messages have arrived.",
            1: "None has, or the daemon has ended.",
            2: "An option is wrong.",
            130: "Ended by a second Ctrl-C.",
        },
    )
    found.add_argument("--seconds", type=float, default=30.0, help="How long events are made; 0 for no day.")
    found.add_argument("--fast", action="store_true", help=f"{FAST:g} times as many events.")
    found.add_argument("--burst", type=int, default=BURST, help="Pods that fail at once, halfway through.")
    found.add_argument("--seed", type=int, help="Play the same day again.")
    found.add_argument(
        "--lang",
        choices=("en", "zh"),
        help="Language of terminal, page and messages. Unset: by LANG, and the page follows the browser.",
    )
    found.add_argument("--stay", action="store_true", help="Go on until Ctrl-C, whoever looks.")
    found.add_argument(
        "--page-port", type=int, help=f"The page's port; 0 takes a free one. Unset: {PAGE_PORT}, or a free one."
    )
    found.add_argument("--no-page", action="store_true", help="No page, only the terminal.")
    return found


def parse(argv: Sequence[str], environment: Mapping[str, str]) -> Options:
    """Read the arguments; SystemExit 2 with what to write for each wrong one, 0 for --help."""
    known = parser()
    found = known.parse_args(argv)
    if problems := list(_problems(found)):
        known.refuse(problems)
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


def _problems(found: Namespace) -> Iterator[str]:
    if not 0 <= found.seconds <= 86_400:
        yield f"--seconds={found.seconds:g}: write 0 to 86400"
    if found.seconds == 0 and not found.stay:
        yield "--seconds=0 plays no day, so nothing would happen: add --stay"
    elif found.seconds == 0 and found.no_page:
        yield "--seconds=0 plays no day, and only the page can make events: leave out --no-page"
    if not 0 <= found.burst <= 10_000:
        yield f"--burst={found.burst}: write 0 to 10000"
    if found.page_port is not None and not 0 <= found.page_port <= 65_535:
        yield f"--page-port={found.page_port}: write 1 to 65535, or 0 for a free one"
    if found.page_port is not None and found.no_page:
        yield "--page-port and --no-page exclude each other: write one of them"
