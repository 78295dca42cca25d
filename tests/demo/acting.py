"""The demo's cluster, its two groups and the actions on them, without a daemon and without HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

from kube_wecom_eventer.demo.actions import Actions
from kube_wecom_eventer.demo.cluster import Cluster
from kube_wecom_eventer.demo.records import Note
from kube_wecom_eventer.demo.robots import TEMPLATE, TEMPLATE_NAMESPACE, robots, template
from kube_wecom_eventer.demo.scenario import Scenario
from kube_wecom_eventer.demo.status import JsonObject
from kube_wecom_eventer.demo.texts import ENGLISH
from kube_wecom_eventer.demo.wecom import WeComGroup


def now() -> datetime:
    """The time of day."""
    return datetime.now(UTC)


class Stage:
    """All of them, and what happened: ``created`` events, ``said`` notes, how often the state ``changed``."""

    def __init__(self) -> None:
        self.created: list[JsonObject] = []
        self.said: list[Note] = []
        self.changed = 0
        self.robots = robots(ENGLISH)
        random = Random(1)
        self.cluster = Cluster(random=random, clock=now, created=lambda event, _: self.created.append(event))
        self.cluster.set_config_map(TEMPLATE_NAMESPACE, TEMPLATE, {"content": template(ENGLISH)})
        self.wecom = WeComGroup(keys=[robot.key for robot in self.robots], clock=now)
        self.actions = Actions(
            cluster=self.cluster,
            scenario=Scenario(random=random, clock=now),
            wecom=self.wecom,
            robots=self.robots,
            texts=ENGLISH,
            say=self.said.append,
            changed=self._change,
        )
        self.actions.open = True

    def _change(self) -> None:
        self.changed += 1
