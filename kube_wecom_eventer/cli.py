"""The commands. Without a subcommand the program is the daemon, with kube-eventer's args."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

import structlog

from kube_wecom_eventer import __version__
from kube_wecom_eventer.config.settings import FLAGS, load_settings
from kube_wecom_eventer.errors import ConfigError
from kube_wecom_eventer.logs import configure_logs

_USAGE = """\
kube-wecom-eventer: Kubernetes events, in the right WeCom group.

  kube-wecom-eventer --sink=URI [--sink=URI ...] [flags]   run the daemon
  kube-wecom-eventer check [the daemon's args]             say what would not work, and what to do
                     check --send-test [...]               and send a test message to each destination
  kube-wecom-eventer routes [-o table|json|yaml]           ask a running daemon how its routes are doing
  kube-wecom-eventer demo                                  see it work, without a cluster
  kube-wecom-eventer --version

A sink:
  --sink='wecom:?key=KEY&level=Warning&namespaces=payments'
  --sink='webhook:https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=KEY&level=Warning'   (as kube-eventer has it)
  --sink='webhook:https://example.com/hook?method=POST'   --sink=log:

Flags (as Go reads them: -x equals --x; a bool takes its value behind '='):
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program. Returns the exit status: 0 after a clean end, 2 where what was written can't be run."""
    args = list(sys.argv[1:] if argv is None else argv)
    if args and (command := _COMMANDS.get(args[0])):
        return command(args[1:])
    if args[:1] == ["help"]:
        args = ["--help"]
    if args and not args[0].startswith("-"):
        print(f"{args[0]}: unknown command; --help lists the commands", file=sys.stderr)
        return 2
    if _asks_for_help(args):
        return _help()
    if any(argument in ("-version", "--version", "--version=true") for argument in args):
        print(f"kube-wecom-eventer {__version__}")
        return 0
    return _daemon(args)


def _asks_for_help(args: Sequence[str]) -> bool:
    return any(argument in ("-h", "-help", "--help") for argument in args)


def _help() -> int:
    print(_USAGE + _flag_lines())
    return 0


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
        return _say_problems(error)
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


def _say_problems(error: ConfigError) -> int:
    for problem in error.problems:
        print(f"kube-wecom-eventer: {problem}", file=sys.stderr)
    for doubt in error.doubts:
        print(f"kube-wecom-eventer: warning: {doubt}", file=sys.stderr)
    return 2


def _check(args: Sequence[str]) -> int:
    if _asks_for_help(args):
        return _help()
    from kube_wecom_eventer.commands.check import Check  # noqa: PLC0415

    configure_logs(level=logging.CRITICAL)
    return asyncio.run(Check(environ=os.environ, out=sys.stdout).run(args))


def _routes(args: Sequence[str]) -> int:
    from kube_wecom_eventer.commands import routes  # noqa: PLC0415
    from kube_wecom_eventer.config.time_zone import time_zone  # noqa: PLC0415

    return routes.run(args, zone=time_zone(os.environ, warnings=[]))


def _demo(args: Sequence[str]) -> int:
    from kube_wecom_eventer.demo import command  # noqa: PLC0415

    try:
        return asyncio.run(command.run(args))
    except KeyboardInterrupt:
        return 130
    finally:
        _let_go_of_output()


def _let_go_of_output() -> None:
    """Whoever reads us may be gone (``demo | head``); Python would complain of that at its very end."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _flag_lines() -> str:
    shown = (flag for flag in FLAGS.values() if not flag.help.startswith("klog's"))
    lines = []
    for flag in shown:
        default = f" (default {flag.default})" if flag.default else ""
        lines.append(f"  --{flag.name:<17} {flag.help}{default}")
    return "\n".join([*lines, "  klog's flags are accepted and ignored"])


_COMMANDS: Mapping[str, Callable[[Sequence[str]], int]] = {
    "check": _check,
    "routes": _routes,
    "demo": _demo,
}
