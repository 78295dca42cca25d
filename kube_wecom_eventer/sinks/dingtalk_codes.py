"""Error codes of DingTalk's custom robots.

Sources: https://open.dingtalk.com/document/orgapp/custom-robots-send-group-messages, and answers quoted in public
reports: 300001 and 310000 (zhuifengshen/DingtalkChatbot#44), 130101 (ccfos/nightingale#369), 101002 and 460101
(timonwong/prometheus-webhook-dingtalk#30).
"""

from __future__ import annotations

from kube_wecom_eventer.sinks.codes import Codes
from kube_wecom_eventer.sinks.outcome import Verdict

_BLOCKED = 605.0
"""Seconds: over its limit a robot is blocked for ten minutes, and clocks differ a little."""

_TOO_FAST = "more than 20 messages a minute; DingTalk blocks a robot for ten minutes then"
_NO_TOKEN = "the access_token is wrong, or the robot was removed from the group"  # noqa: S105 words about one

DINGTALK = Codes(
    of="DingTalk",
    classes={
        Verdict.RETRY: {-1: "DingTalk is busy"},
        Verdict.TOO_FAST: {130101: _TOO_FAST, 410100: _TOO_FAST, 90030: "more messages than the limit allows"},
        Verdict.BROKEN: {
            310000: "the robot's security settings refuse it: put one of its keywords into label=, write sign= where "
            "they say 加签 (and set the clock right), or allow this address",
            300001: _NO_TOKEN,
            300005: _NO_TOKEN,
            400101: _NO_TOKEN,
            400102: "the robot was stopped",
            400106: "the robot is not in the group",
            400013: "the group does not exist any more",
        },
        Verdict.REFUSED: {
            40035: "the body is missing, or is no JSON",
            43004: "the Content-Type is not acceptable",
            400105: "the message type is not known",
            430101: "a link in it is not allowed",
            430102: "a text in it is not allowed",
            430103: "a picture in it is not allowed",
            430104: "something in it is not allowed",
            101002: "the message is too long",
            460101: "the message is too long",
        },
    },
    blocked=_BLOCKED,
)
