"""Go's text/template, read and evaluated over a Kubernetes Event as kube-eventer does.

Owns the language, its functions and what ``fmt`` and ``time`` print. Knows nothing of JSON or WeCom: a Writer
is told which text is the template's and which an action printed.
"""

from .fields import event_paths, field_uses
from .functions import NAMES as FUNCTIONS
from .run import Writer
from .template import GoAlertTemplate, GoTemplate

__all__ = ["FUNCTIONS", "GoAlertTemplate", "GoTemplate", "Writer", "event_paths", "field_uses"]
