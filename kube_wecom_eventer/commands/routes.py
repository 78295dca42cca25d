"""``kube-wecom-eventer routes``: asks a running daemon for its routes and shows them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import tzinfo

import httpx
import msgspec
import yaml
from msgspec import structs

from kube_wecom_eventer.command_parser import CommandParser
from kube_wecom_eventer.commands.progress import Progress
from kube_wecom_eventer.commands.texts import printable
from kube_wecom_eventer.route_states import RoutesAnswer, RouteState

_COLUMNS = ("ROUTE", "STATE", "DESTINATION", "LAST MESSAGE", "WHAT IS WRONG")
_TIMEOUT = 10.0


def parser() -> CommandParser:
    """Return the command's options."""
    found = CommandParser(
        "routes",
        description="Asks a running daemon how each of its routes is doing, those of its args and those that "
        "namespaces declare: state, destination, when the last message was accepted, and what is wrong.\n\n"
        "States: `ok`; `broken`: the destination takes nothing now; `refused`: what is written can't be a route; "
        "`unchanged`: the same, and the last good route stays. What to do: docs/routing.md#troubleshooting.",
        examples=(
            ("routes", "All routes of the daemon in this pod: put kubectl exec deploy/NAME -- before it."),
            ("routes -n payments -o json", "Those that the namespace payments declares, for a program."),
        ),
        statuses={
            0: "All routes are `ok`.",
            1: "One is not, or the daemon can't see all of them.",
            2: "The daemon can't be asked, or an option is wrong.",
        },
    )
    found.add_argument("--url", default="http://127.0.0.1:8084", help="The daemon's web endpoints.")
    found.add_argument("-o", "--output", choices=("table", "json", "yaml"), default="table", help="The form.")
    found.add_argument("-n", "--namespace", help="Only the routes that this namespace declares.")
    return found


def run(argv: Sequence[str], *, zone: tzinfo) -> int:
    """Run the command. Returns 0 where all routes are well, 1 where one is not, 2 where the daemon can't be asked."""
    options = parser().parse_args(argv)
    try:
        with Progress(sys.stderr).saying(f"asking {options.url} ..."):
            answer = _answer(options.url)
    except (httpx.HTTPError, httpx.InvalidURL, msgspec.MsgspecError) as error:
        # Of httpx's words for a status, the second line is a link for programmers.
        why = str(error).partition("\n")[0]
        print(f"kube-wecom-eventer routes: --url={options.url}: no daemon answers there: {why}", file=sys.stderr)
        return 2
    if options.namespace:
        own = (state for state in answer.routes if state.source.startswith(f"ConfigMap {options.namespace}/"))
        answer = structs.replace(answer, routes=tuple(own))
    if options.output == "json":
        print(msgspec.json.format(msgspec.json.encode(answer)).decode())
    elif options.output == "yaml":
        print(yaml.safe_dump(msgspec.to_builtins(answer), allow_unicode=True, sort_keys=False), end="")
    else:
        print(_table(answer.routes, zone))
        _say_beside(answer)
    return 1 if answer.trouble or any(state.state != "ok" for state in answer.routes) else 0


def _answer(url: str) -> RoutesAnswer:
    answer = httpx.get(f"{url.rstrip('/')}/routes", timeout=_TIMEOUT, trust_env=False)
    answer.raise_for_status()
    return msgspec.json.decode(answer.content, type=RoutesAnswer)


def _say_beside(answer: RoutesAnswer) -> None:
    """Say what the table can't show."""
    if answer.trouble:
        print(f"\nThere may be routes that the daemon can't see: {printable(answer.trouble)}")
    if answer.standing_by:
        print(f"\nThis replica stands by ({answer.standing_by}): what is broken now, only the one that tells knows.")


def _table(states: Sequence[RouteState], zone: tzinfo) -> str:
    rows = [_COLUMNS, *(_row(state, zone) for state in states)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS) - 1)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]).rstrip()
        for row in rows
    )


def _row(state: RouteState, zone: tzinfo) -> tuple[str, ...]:
    told = state.last_told.astimezone(zone).strftime("%m-%d %H:%M:%S") if state.last_told else "-"
    wrong = "; ".join(filter(None, [state.trouble, *(f"(doubtful: {doubt})" for doubt in state.doubts)]))
    return state.route, state.state, state.destination or "-", told, " ".join(printable(wrong).split())
