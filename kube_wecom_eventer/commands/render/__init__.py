"""``kube-wecom-eventer render``: shows the message that a template, or the built-in words, make of an event.

Sends nothing and writes nothing; asks the API server only for what the args name.
"""

from kube_wecom_eventer.commands.render.command import parser, run

__all__ = ["parser", "run"]
