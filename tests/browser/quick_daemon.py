"""The daemon, which asks a broken robot again after two seconds instead of a minute: a script for these tests."""

from __future__ import annotations

import sys

from kube_wecom_eventer import cli
from kube_wecom_eventer.notify import delays

if __name__ == "__main__":
    delays._PROBE_FIRST = 2.0
    sys.exit(cli.main(sys.argv[1:]))
