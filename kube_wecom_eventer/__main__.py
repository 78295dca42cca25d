"""``python -m kube_wecom_eventer``: the same as the command."""

import sys

from kube_wecom_eventer.cli import main

sys.exit(main())
