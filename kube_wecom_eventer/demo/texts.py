"""What the demo says, in English and in Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# In words, from https://developer.work.weixin.qq.com/document/path/90313
_MEANINGS_EN = {
    40008: "broken JSON or unknown msgtype",
    40058: "too long, or a field is missing or wrong",
    44004: "empty content",
    45009: "over 20 messages a minute, blocked for a minute",
    93000: "no robot has this key",
}
_MEANINGS_ZH = {
    40008: "JSON 不合法，或 msgtype 无效",
    40058: "内容过长，或字段缺失、有误",
    44004: "内容为空",
    45009: "每分钟超过 20 条，封禁一分钟",
    93000: "没有这个 key 的机器人",
}


@dataclass(frozen=True, kw_only=True)
class Texts:
    """The sentences of one language; names in braces are filled in."""

    meanings: Mapping[int, str]
    groups: tuple[str, str]
    labels: tuple[str, str, str]
    starting: str
    playing: str
    burst: str
    more: str
    draining: str
    refused: str
    no_answer: str
    unknown: str
    merged: str
    daemon: str
    exited: str
    not_watching: str
    nothing: str
    summary: str
    median: str
    no_median: str

    def meaning(self, errcode: int | None) -> str:
        """An errcode in words."""
        return self.no_answer if errcode is None else self.meanings.get(errcode, self.unknown)


ENGLISH = Texts(
    meanings=_MEANINGS_EN,
    groups=("Payments on call", "Platform on call"),
    labels=("Namespace", "Object", "Time"),
    starting="A Kubernetes API server ({api}) and two WeCom groups on loopback. Starting the daemon ...",
    playing="A cluster's day, in {seconds:g} s. Left: the events. In frames: what the groups see.",
    burst="A bad rollout: {count} pods fail at once.",
    more="         … and {count} more",
    draining="The day is over. The daemon sends what is still waiting ...",
    refused="refused, errcode {errcode}: {meaning}",
    no_answer="no answer",
    unknown="see WeCom's list of error codes",
    merged="merged",
    daemon="daemon",
    exited="The daemon ended with exit code {code}. Its last lines:",
    not_watching="The daemon did not watch the events within {seconds:g} s. Its last lines:",
    nothing="No message arrived. The daemon's last lines:",
    summary="{created} events, {selected} of them selected by the filters; {accepted} messages, {refused} refused; ",
    median="median delay from event to message {delay:.0f} ms.",
    no_median="no message could be matched to one event.",
)
CHINESE = Texts(
    meanings=_MEANINGS_ZH,
    groups=("支付值班群", "平台值班群"),
    labels=("命名空间", "对象", "时间"),
    starting="本机上的 Kubernetes API Server（{api}）和两个企业微信群。正在启动守护进程……",
    playing="集群的一天，{seconds:g} 秒。左侧：产生的事件；方框：群里看到的消息。",
    burst="一次失败的发布：{count} 个 Pod 同时起不来。",
    more="         …… 还有 {count} 个",
    draining="时间到，守护进程正在发完剩余的消息……",
    refused="被拒绝，errcode {errcode}：{meaning}",
    no_answer="没有应答",
    unknown="见企业微信全局错误码",
    merged="合并",
    daemon="守护进程",
    exited="守护进程已退出，退出码 {code}。最后的输出：",
    not_watching="守护进程在 {seconds:g} 秒内没有开始监听事件。最后的输出：",
    nothing="没有消息到达。守护进程最后的输出：",
    summary="{created} 个事件，其中 {selected} 个符合过滤条件；{accepted} 条消息，{refused} 条被拒绝；",
    median="从事件到消息的延迟中位数 {delay:.0f} 毫秒。",
    no_median="没有能对应到单个事件的消息。",
)


def texts_for(language: str) -> Texts:
    """The texts of a language tag or locale name, as ``zh_CN.UTF-8``; English for all that is not Chinese."""
    return CHINESE if language.lower().startswith("zh") else ENGLISH
