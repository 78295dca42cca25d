"""WeCom's error codes: of its robots and its applications.

Source: https://developer.work.weixin.qq.com/document/path/90313, and answers seen in public reports.
"""

from __future__ import annotations

from kube_wecom_eventer.sinks.codes import Codes
from kube_wecom_eventer.sinks.outcome import Verdict

NO_RECEIVER = 81013
"""None of an application message's receivers can be reached."""

TOKEN_CODES = frozenset({40014, 41001, 42001})
"""An access token that has expired, or was never one: a new one helps."""

_BLOCKED = 62.0
"""Seconds: over its limit a robot is blocked for a minute, and clocks differ a little."""

_RETRY = {-1: "WeCom is busy", 45033: "too many calls at once"}
_TOO_FAST = {45009: "more than 20 messages a minute", 130101: "more than 20 messages a minute"}
_BROKEN = {
    93000: "the key is wrong, or the robot was removed from the group",
    93004: "the robot was stopped",
    93006: "the group does not exist any more",
    93008: "the robot is not in the group",
    40001: "the secret is wrong",
    40013: "the company's ID is not accepted",
    40014: "the access token is not accepted, a new one neither",
    41001: "the access token is missing, a new one too",
    41002: "the company's ID is missing",
    41004: "the secret is missing",
    41011: "the application's number is missing",
    42001: "the access token has expired, a new one too",
    40056: "the application's number is not accepted",
    40091: "the secret is not accepted",
    301002: "the secret is not that of the application with this agent_id",
    301007: "the company was dissolved",
    60011: "the application may not address these receivers",
    60020: "this address is not among the application's trusted ones",
    48002: "no permission for this API",
    50003: "the application was stopped",
    40003: "a receiver's userid is not acceptable",
    40031: "the receivers' userids are not acceptable",
    40032: "too many userids, or none",
    40066: "the departments' numbers are not acceptable",
    40068: "the tags' numbers are not acceptable",
    NO_RECEIVER: "none of the receivers can be reached: the application does not see them, or there are none",
    82001: "none of the receivers is visible to the application",
    2000002: "there is no company with this ID",
}
_REFUSED = {
    40008: "the message type is not known, or the body is no JSON",
    40033: "the body holds characters that are not allowed",
    40035: "a parameter is not acceptable",
    40039: "a URL is too long",
    40058: "a field is missing, of the wrong type, or too long",
    40063: "a parameter is empty",
    44004: "the content is empty",
    45002: "the content is too long",
    45008: "there are too many articles",
    40007: "the media_id is not valid",
}

_CLASSES = {
    Verdict.RETRY: _RETRY,
    Verdict.TOO_FAST: _TOO_FAST,
    Verdict.BROKEN: _BROKEN,
    Verdict.REFUSED: _REFUSED,
}

ROBOT = Codes(of="WeCom", classes=_CLASSES, blocked=_BLOCKED)

APPLICATION = Codes(
    of="WeCom",
    classes={**_CLASSES, Verdict.TOO_FAST: {45009: "more calls or messages than WeCom allows the application"}},
    blocked=_BLOCKED,
)
