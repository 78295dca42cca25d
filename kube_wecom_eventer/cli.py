"""The commands. Without a subcommand the program is the daemon, with kube-eventer's args."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import structlog

from kube_wecom_eventer import __version__
from kube_wecom_eventer.command_line import PROGRAM, show, start_of
from kube_wecom_eventer.config.settings import load_settings
from kube_wecom_eventer.errors import ConfigError
from kube_wecom_eventer.logs import configure_logs
from kube_wecom_eventer.suggestion import did_you_mean

if TYPE_CHECKING:
    from argparse import ArgumentParser

_HELP, _VERSION = ("-h", "-help", "--help"), ("-version", "--version", "--version=true")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """``summary``: what it does, in a line. ``run`` takes its args and returns the exit status.

    ``parser`` returns its options, with texts: its help and docs/reference.md are made of them.
    """

    summary: str
    run: Callable[[Sequence[str]], int]
    parser: Callable[[], ArgumentParser]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program. Returns the exit status: 0 after a clean end, 2 where what was written can't be run."""
    args = list(sys.argv[1:] if argv is None else argv)
    if args[:1] == ["help"]:
        return _help(next((each for each in args[1:] if not each.startswith("-")), ""))
    command = COMMANDS.get(args[0]) if args else None
    if args and not command and not args[0].startswith("-"):
        return _say(
            f"{start_of(args[0])}: unknown command{did_you_mean(args[0], COMMANDS) or ';'} --help lists the commands"
        )
    if any(argument in _HELP for argument in args):
        return _help(args[0] if command else "")
    if any(argument in _VERSION for argument in args):
        return _show(f"{PROGRAM} {__version__}\n")
    return _run(command, args[1:]) if command else _daemon(args)


def _run(command: Command, args: Sequence[str]) -> int:
    """Run a command until it ends, its reader leaves (``check | head``), or somebody presses Ctrl-C."""
    try:
        return command.run(args)
    except BrokenPipeError:
        return 0
    except KeyboardInterrupt:
        return 130
    finally:
        _let_go_of_output()


def _help(topic: str) -> int:
    from kube_wecom_eventer.commands import help as texts  # noqa: PLC0415

    if topic in COMMANDS:
        text = COMMANDS[topic].parser().format_help()
    elif topic in texts.TOPICS:
        text = texts.TOPICS[topic].text()
    elif topic:
        known = (*COMMANDS, *texts.TOPICS)
        return _say(f"help {topic}: unknown topic{did_you_mean(topic, known) or ';'} --help lists the topics")
    else:
        text = texts.daemon_help({name: command.summary for name, command in COMMANDS.items()})
    return _show(text)


def _show(text: str) -> int:
    with contextlib.suppress(BrokenPipeError):
        show(text, sys.stdout, environ=os.environ)
    _let_go_of_output()
    return 0


def _say(problem: str) -> int:
    print(problem, file=sys.stderr)
    return 2


def _daemon(args: Sequence[str]) -> int:
    # Imported here, as the demo is: a command that only prints should not pay for what it does not use.
    from kube_wecom_eventer import app  # noqa: PLC0415

    # As process 1 of a container we have no default action, and starting takes a moment.
    signal.signal(signal.SIGTERM, lambda number, _frame: os._exit(128 + number))
    try:
        settings = load_settings(args, environ=os.environ)
        configure_logs(log_format=settings.log_format, level=logging.DEBUG if settings.debug else logging.INFO)
        asyncio.run(_until_stopped(app.run(settings, environ=os.environ)))
    except ConfigError as error:
        _say_problems(error)
        return 2 if args else _say(f"{PROGRAM}: --help lists flags and commands; {PROGRAM} demo needs none of them")
    except KeyboardInterrupt:
        return 130
    except Exception:
        structlog.get_logger().exception("daemon_failed")
        return 1
    return 0


async def _until_stopped(running: Coroutine[Any, Any, None]) -> None:
    await running
    if threading.active_count() > 1:
        # A look-up of a name may hang in a thread for a minute; Python would wait for it at its end.
        _let_go_of_output()
        os._exit(0)


def _say_problems(error: ConfigError) -> None:
    for problem in error.problems:
        print(f"kube-wecom-eventer: {problem}", file=sys.stderr)
    for doubt in error.doubts:
        print(f"kube-wecom-eventer: warning: {doubt}", file=sys.stderr)


def _check(args: Sequence[str]) -> int:
    from kube_wecom_eventer.commands import check  # noqa: PLC0415

    configure_logs(level=logging.CRITICAL)
    return asyncio.run(check.run(args, environ=os.environ, out=sys.stdout, progress=sys.stderr))


def _check_parser() -> ArgumentParser:
    from kube_wecom_eventer.commands import check  # noqa: PLC0415

    return check.parser()


def _routes(args: Sequence[str]) -> int:
    from kube_wecom_eventer.commands import routes  # noqa: PLC0415
    from kube_wecom_eventer.config.time_zone import time_zone  # noqa: PLC0415

    return routes.run(args, zone=time_zone(os.environ, warnings=[]))


def _routes_parser() -> ArgumentParser:
    from kube_wecom_eventer.commands import routes  # noqa: PLC0415

    return routes.parser()


def _render(args: Sequence[str]) -> int:
    from kube_wecom_eventer.commands import render  # noqa: PLC0415
    from kube_wecom_eventer.config.time_zone import time_zone  # noqa: PLC0415

    configure_logs(level=logging.CRITICAL)
    zone = time_zone(os.environ, warnings=[])
    return render.run(args, environ=os.environ, zone=zone, now=datetime.now(UTC), stdin=sys.stdin, out=sys.stdout)


def _render_parser() -> ArgumentParser:
    from kube_wecom_eventer.commands import render  # noqa: PLC0415

    return render.parser()


def _migrate(args: Sequence[str]) -> int:
    from kube_wecom_eventer.commands.migrate import command  # noqa: PLC0415

    configure_logs(level=logging.CRITICAL)
    streams = command.Streams(stdin=sys.stdin.buffer, stdout=sys.stdout, stderr=sys.stderr)
    return command.run(args, environ=os.environ, streams=streams)


def _migrate_parser() -> ArgumentParser:
    from kube_wecom_eventer.commands.migrate import command  # noqa: PLC0415

    return command.parser()


def _demo(args: Sequence[str]) -> int:
    from kube_wecom_eventer.demo import command  # noqa: PLC0415

    return asyncio.run(command.run(args))


def _demo_parser() -> ArgumentParser:
    from kube_wecom_eventer.demo import command  # noqa: PLC0415

    return command.parser()


def _let_go_of_output() -> None:
    """Whoever reads us may be gone (``demo | head``); Python would complain of that at its very end."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


COMMANDS: Mapping[str, Command] = {
    "check": Command(
        summary="Say what would not work with these flags, and what to do.", run=_check, parser=_check_parser
    ),
    "routes": Command(summary="Ask a running daemon how its routes are doing.", run=_routes, parser=_routes_parser),
    "render": Command(
        summary="Show the message that a template makes of an event.", run=_render, parser=_render_parser
    ),
    "migrate": Command(
        summary="From a kube-eventer Deployment to ours, with comments.", run=_migrate, parser=_migrate_parser
    ),
    "demo": Command(summary="See it work, without a cluster.", run=_demo, parser=_demo_parser),
}
