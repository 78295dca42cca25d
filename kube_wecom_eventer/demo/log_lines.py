"""The daemon's log, read for a person: which lines matter, and what they say in words.

Owns the words for the daemon's own events. Knows nothing of the process that writes them.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_WARNING = re.compile(r"\b(warning|warn|error|critical)\b", re.IGNORECASE)
_LEVELS = ("warning", "error", "critical")

# The daemon's event, in English and in Chinese. A name in braces is a field of its line.
_WORDS: Mapping[str, tuple[str, str]] = {
    "destination_retry": (
        "WeCom did not take a message: {detail}. It is tried again; {waiting} wait",
        "企业微信没有收下消息：{detail}。稍后重试；等待中 {waiting} 个",
    ),
    "destination_too_fast": (
        "A robot is over its limit: {detail}. It rests for a minute; {waiting} wait",
        "机器人超过频率限制：{detail}。暂停一分钟；等待中 {waiting} 个",
    ),
    "destination_broken": (
        "A robot is broken: {detail}. Its events wait ({waiting}), and it is asked again, seldom",
        "机器人不可用：{detail}。事件保留等待（{waiting} 个），低频重试",
    ),
    "destination_refused": (
        "WeCom refused a message: {detail}",
        "企业微信拒收了一条消息：{detail}",
    ),
    "destination_unknown": (
        "WeCom answered with an unknown code: {detail}",
        "企业微信返回未知错误码：{detail}",
    ),
    "template_failed": (
        "The template {config_map} failed: {problem}. Sent instead: the built-in body",
        "模板 {config_map} 出错：{problem}。已改发内置消息",
    ),
    "template_unusable": (
        "The template {config_map} can't be used: {problem}. Used instead: {used_instead}",
        "模板 {config_map} 不可用：{problem}。改用：{used_instead}",
    ),
    "template_doubtful": (
        "The template {config_map} is doubtful: {detail}",
        "模板 {config_map} 有可疑之处：{detail}",
    ),
    "event_stream_interrupted": (
        "The watch broke: {error}. It resumes where it was",
        "watch 中断：{error}。将从断点继续",
    ),
    "config_map_unreadable": (
        "The ConfigMap {config_map} can't be read: {error}",
        "读不到 ConfigMap {config_map}：{error}",
    ),
    "event_dropped": (
        "Dropped and counted, {reason}: {event_name}. {detail}",
        "事件被丢弃并计数，{reason}：{event_name}。{detail}",
    ),
    "events_left_at_stop": (
        "Not sent before the end: {left}",
        "结束前没有发完：{left} 个",
    ),
    "configuration_doubtful": (
        "A doubtful argument: {detail}",
        "可疑的参数：{detail}",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One line. ``text``: as a terminal shows it. ``is_warning``: of level warning or above."""

    text: str
    level: str = ""
    event: str = ""
    fields: Mapping[str, object] = field(default_factory=dict)

    @property
    def is_warning(self) -> bool:
        """Whether it is for a person's eyes."""
        return self.level in _LEVELS

    def in_words(self, lang: str) -> str:
        """A sentence; the line itself where we have no words for it."""
        words = _WORDS.get(self.event)
        if words is None:
            return self.text
        try:
            return words[lang == "zh"].format_map(self.fields)
        except (KeyError, ValueError, IndexError):
            return self.text


def read_log_line(line: str) -> LogLine:
    """Read a line of the daemon's log; a line that is no JSON is a warning where it says so."""
    if line.startswith("{"):
        with contextlib.suppress(json.JSONDecodeError):
            fields: dict[str, object] = json.loads(line)
            level = str(fields.pop("level", "")).lower()
            fields.pop("timestamp", None)
            event = str(fields.pop("event", ""))
            text = " ".join([event, *(f"{name}={value}" for name, value in fields.items())])
            return LogLine(text=text, level=level, event=event, fields=fields)
    return LogLine(text=line, level="warning" if _WARNING.search(line) else "")
