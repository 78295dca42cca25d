"""WeCom's error codes, the class of each, and what it means in words.

Source: https://developer.work.weixin.qq.com/document/path/90313, and answers seen in public reports.
"""

from __future__ import annotations

from kube_wecom_eventer.sinks.outcome import Verdict

_RETRY = {-1: "WeCom is busy", 45033: "too many calls at once"}
_TOO_FAST = {45009: "more than 20 messages a minute", 130101: "more than 20 messages a minute"}
_BROKEN = {
    93000: "the key is wrong, or the robot was removed from the group",
    93004: "the robot was stopped",
    93006: "the group does not exist any more",
    93008: "the robot is not in the group",
    40001: "the credentials are not accepted",
    40013: "the company's ID is not accepted",
    40056: "the application's ID is not accepted",
    40091: "the secret is not accepted",
    301002: "no permission to use this application",
    60020: "this address is not among the trusted ones",
    48002: "no permission for this API",
    50003: "the application was stopped",
    81013: "none of the receivers can be reached",
    82001: "none of the receivers is visible to the application",
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


def classify(errcode: int) -> tuple[Verdict, str]:
    """Return the class of an error code and what it means; 0 is success."""
    if errcode == 0:
        return Verdict.ACCEPTED, ""
    for verdict, codes in _CLASSES.items():
        if errcode in codes:
            return verdict, codes[errcode]
    return Verdict.UNKNOWN, "a code that is not in WeCom's documentation"
