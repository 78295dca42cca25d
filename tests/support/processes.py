"""Child processes that cannot outlive the test run, not even when it is killed.

Owns starting, ending and reading the log of one process. Knows nothing of Kubernetes.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

# The shell holds our end of a pipe: when we close it, or die in whatever way, the child is killed.
# The child gets no stdin of its own, and the shell ends with the child's exit code.
_GUARD = """
exec 3<&0
"$@" 3<&- </dev/null & child=$!
{ cat <&3 >/dev/null; kill -9 $child 2>/dev/null; } &
exec 3<&-
wait $child
"""


class ProcessFailed(Exception):
    """A child process ended, or did not become ready in time. The text holds the end of its log."""


class GuardedProcess:
    """One child process whose output goes to ``log``; it is killed when this object or this process ends."""

    def __init__(self, command: Sequence[str], *, log: Path) -> None:
        self._name = Path(command[0]).name
        self._log = log
        with log.open("ab") as output:
            self._shell = subprocess.Popen(
                ["/bin/sh", "-c", _GUARD, "guard", *command],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
            )

    def wait_until(self, ready: Callable[[], bool], *, timeout: float) -> None:
        """Return once ``ready`` holds; ProcessFailed if it ends first, or after ``timeout`` seconds."""
        deadline = time.monotonic() + timeout
        while not ready():
            if self._shell.poll() is not None:
                raise ProcessFailed(f"{self._name} ended with {self._shell.returncode}:\n{self._last_lines()}")
            if time.monotonic() > deadline:
                raise ProcessFailed(f"{self._name} is not ready after {timeout:g} s:\n{self._last_lines()}")
            time.sleep(0.05)

    def kill(self) -> None:
        """End the child at once (SIGKILL) and wait until it is gone. Harmless when it is gone already."""
        if self._shell.stdin is not None and not self._shell.stdin.closed:
            self._shell.stdin.close()
        self._shell.wait(timeout=10)

    def _last_lines(self) -> str:
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-20:])
