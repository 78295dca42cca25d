"""What the user wrote, as frozen values: argv and the environment become `Settings`.

Owns the grammar of flags and of sink and source URIs, and says everything that is wrong with them at once.
Opens no connection and reads nothing but what it is given.
"""

from kube_wecom_eventer.config.secret import Secret
from kube_wecom_eventer.config.settings import Settings, load_settings
from kube_wecom_eventer.config.sink import (
    CLUSTER_SCOPE,
    FilterSettings,
    ObjectName,
    RobotAddress,
    SinkSettings,
)
from kube_wecom_eventer.config.source import SourceSettings

__all__ = [
    "CLUSTER_SCOPE",
    "FilterSettings",
    "ObjectName",
    "RobotAddress",
    "Secret",
    "Settings",
    "SinkSettings",
    "SourceSettings",
    "load_settings",
]
