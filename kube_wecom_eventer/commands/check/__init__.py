"""``kube-wecom-eventer check``: reads the daemon's own arguments and says what would not work, and what to do.

It asks, as the daemon would, and changes nothing; it sends nothing, unless ``--send-test`` asks for that.
"""

from kube_wecom_eventer.commands.check.arguments import parser
from kube_wecom_eventer.commands.check.command import run

__all__ = ["parser", "run"]
