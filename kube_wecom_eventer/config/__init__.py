"""What the user wrote, as frozen values: argv and the environment become `Settings`.

Owns the grammar of flags and of sink and source URIs, and says everything that is wrong with them at once.
Opens no connection and reads nothing but what it is given.
"""

from kube_wecom_eventer.config.alert_filter import ALERTS, EVENTS
from kube_wecom_eventer.config.alert_listener import AlertListenerSettings
from kube_wecom_eventer.config.application import EVERYBODY, ApplicationTarget
from kube_wecom_eventer.config.apprise import AppriseTarget
from kube_wecom_eventer.config.checkpoint import CheckpointSettings, pod_name, resolve
from kube_wecom_eventer.config.credential import Credential
from kube_wecom_eventer.config.declared_sink import parse_declared_sink
from kube_wecom_eventer.config.dingtalk import DingTalkTarget
from kube_wecom_eventer.config.filter import CLUSTER_SCOPE, FilterSettings
from kube_wecom_eventer.config.leader_election import LeaderElectionSettings
from kube_wecom_eventer.config.object_name import ObjectName
from kube_wecom_eventer.config.route_default import RouteDefault, RouteDefaults
from kube_wecom_eventer.config.secret import Secret
from kube_wecom_eventer.config.secret_field import SecretField
from kube_wecom_eventer.config.settings import Settings, load_settings
from kube_wecom_eventer.config.sink import SinkSettings
from kube_wecom_eventer.config.source import SourceSettings
from kube_wecom_eventer.config.style import StyleSettings
from kube_wecom_eventer.config.target import (
    ChatTarget,
    LogTarget,
    RobotTarget,
    Target,
    WebhookTarget,
    account,
    secrets_of,
)

__all__ = [
    "ALERTS",
    "CLUSTER_SCOPE",
    "EVENTS",
    "EVERYBODY",
    "AlertListenerSettings",
    "ApplicationTarget",
    "AppriseTarget",
    "ChatTarget",
    "CheckpointSettings",
    "Credential",
    "DingTalkTarget",
    "FilterSettings",
    "LeaderElectionSettings",
    "LogTarget",
    "ObjectName",
    "RobotTarget",
    "RouteDefault",
    "RouteDefaults",
    "Secret",
    "SecretField",
    "Settings",
    "SinkSettings",
    "SourceSettings",
    "StyleSettings",
    "Target",
    "WebhookTarget",
    "account",
    "load_settings",
    "parse_declared_sink",
    "pod_name",
    "resolve",
    "secrets_of",
]
