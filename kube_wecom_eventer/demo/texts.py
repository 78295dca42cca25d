"""What the demo says, in English and in Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kube_wecom_eventer.demo.records import Note

# In words, from https://developer.work.weixin.qq.com/document/path/90313
_MEANINGS_EN = {
    -1: "WeCom is busy",
    40008: "broken JSON or unknown msgtype",
    40058: "too long, or a field is missing or wrong",
    43002: "POST is required",
    44004: "empty content",
    45009: "over 20 messages a minute, blocked for a minute",
    93000: "no robot has this key",
}
_MEANINGS_ZH = {
    -1: "企业微信繁忙",
    40008: "JSON 不合法，或 msgtype 无效",
    40058: "内容过长，或字段缺失、有误",
    43002: "需要用 POST",
    44004: "内容为空",
    45009: "每分钟超过 20 条，封禁一分钟",
    93000: "没有这个 key 的机器人",
}


@dataclass(frozen=True, kw_only=True)
class Texts:
    """The sentences of one language; names in braces are filled in."""

    lang: str
    meanings: Mapping[int, str]
    groups: tuple[str, str]
    labels: tuple[str, str, str]
    starting: str
    page: str
    page_moved: str
    playing: str
    burst: str
    more: str
    staying: str
    staying_for_page: str
    page_closed: str
    interrupted: str
    draining: str
    still_waiting: str
    refused: str
    not_taken: str
    no_answer: str
    unknown: str
    merged: str
    repeat: str
    stands_for: str
    daemon: str
    exited: str
    not_watching: str
    nothing: str
    summary: str
    median: str
    no_median: str
    next: str
    one_event: str
    nasty_event: str
    crash_loop: str
    crash_loop_over: str
    storm: str
    storm_over: str
    wecom_down: str
    wecom_up: str
    api_restart: str
    api_back: str
    key_revoked: str
    key_restored: str
    template_broken: str
    template_mended: str

    def meaning(self, errcode: int | None) -> str:
        """An errcode in words."""
        return self.no_answer if errcode is None else self.meanings.get(errcode, self.unknown)

    def of(self, note: Note) -> str:
        """A note as a sentence; its value ``group`` is the number of a WeCom group."""
        sentence: str = getattr(self, note.name)
        values = dict(note.values)
        if isinstance(group := values.get("group"), int):
            values["group"] = self.groups[group]
        return sentence.format(**values)


ENGLISH = Texts(
    lang="en",
    meanings=_MEANINGS_EN,
    groups=("Payments on call", "Platform on call"),
    labels=("Namespace", "Object", "Time"),
    starting="A Kubernetes API server ({api}) and two WeCom groups ({wecom}) on loopback. Starting the daemon ...",
    page="The group chat in your browser, with buttons to try things out: {url}",
    page_moved="Port {port} is taken, so the page has another one today.",
    playing="A cluster's day, in {seconds:g} s. Left: the events. In frames: what the groups see.",
    burst="A bad rollout: {count} pods fail at once.",
    more="         … and {count} more",
    staying="The demo goes on (--stay) until Ctrl-C.",
    staying_for_page="The day is over, and your browser has the page open: the demo goes on until Ctrl-C, "
    "or until the page has been closed for {seconds:g} s.",
    page_closed="The page has been closed for {seconds:g} s.",
    interrupted="Stopping. Ctrl-C again does not wait for what is still unsent.",
    draining="The daemon sends what is still waiting ...",
    still_waiting="         … {count} not yet told",
    refused="refused, errcode {errcode}: {meaning}",
    not_taken="not taken, {what}: {meaning}",
    no_answer="no answer of WeCom's",
    unknown="see WeCom's list of error codes",
    merged="merged",
    repeat="a repeat, held back for {time}",
    stands_for="stands for {count} events",
    daemon="daemon",
    exited="The daemon ended with exit code {code}. Its last lines:",
    not_watching="The daemon did not watch the events within {seconds:g} s. Its last lines:",
    nothing="No message arrived. The daemon's last lines:",
    summary="{created} events, {selected} of them selected by the filters; {accepted} messages, {refused} refused; ",
    median="median delay from event to message {delay:.0f} ms.",
    no_median="no message could be matched to one event.",
    next="To press the buttons of the page: --stay. In your own cluster: README.md, Install.",
    one_event="One event.",
    nasty_event="An event full of traps: quotes, line breaks, markup, <@all>, a script.",
    crash_loop="A crash loop: one pod fails {count} times in {seconds:g} s.",
    crash_loop_over="The pod has failed {count} times. It was told once; the rest follows in one message.",
    storm="A storm: {count:,} events in {seconds:g} s.",
    storm_over="The storm is over: {count:,} events. Their ×N add up to that.",
    wecom_down="WeCom is down: it answers 502. Three events for each group happen meanwhile.",
    wecom_up="WeCom is up again. What waited arrives with the daemon's next attempt.",
    api_restart="The API server breaks all connections and is away for {seconds:g} s. {count} events happen meanwhile.",
    api_back="The API server is back. The watch resumes where it was.",
    key_revoked="The robot of {group} was removed from the group: its key gets errcode 93000.",
    key_restored="The robot of {group} is back. The daemon asks again a minute after a refusal, then after two ...",
    template_broken="The template of {group} has a typing mistake: .Raeson.",
    template_mended="The template of {group} is mended.",
)
CHINESE = Texts(
    lang="zh",
    meanings=_MEANINGS_ZH,
    groups=("支付值班群", "平台值班群"),
    labels=("命名空间", "对象", "时间"),
    starting="本机上的 Kubernetes API server（{api}）和两个企业微信群（{wecom}）。正在启动守护进程……",
    page="在浏览器里看群聊，还有按钮可以动手试：{url}",
    page_moved="端口 {port} 已被占用，页面这次换了一个端口。",
    playing="集群的一天，{seconds:g} 秒。左侧：产生的事件；方框：群里看到的消息。",
    burst="一次失败的发布：{count} 个 Pod 同时起不来。",
    more="         …… 还有 {count} 个",
    staying="演示继续运行（--stay），按 Ctrl-C 结束。",
    staying_for_page="一天结束了，但浏览器还开着页面：演示会继续，直到按 Ctrl-C，或页面关闭 {seconds:g} 秒之后。",
    page_closed="页面已关闭 {seconds:g} 秒。",
    interrupted="正在结束。再按一次 Ctrl-C 则不等剩余消息发完。",
    draining="守护进程正在发完剩余的消息……",
    still_waiting="         …… 还有 {count} 个没有发",
    refused="被拒绝，errcode {errcode}：{meaning}",
    not_taken="没有收下，{what}：{meaning}",
    no_answer="不是企业微信的应答",
    unknown="见企业微信全局错误码",
    merged="合并",
    repeat="重复的事件，攒了 {time}",
    stands_for="代表 {count} 个事件",
    daemon="守护进程",
    exited="守护进程已退出，退出码 {code}。最后的输出：",
    not_watching="守护进程在 {seconds:g} 秒内没有开始监听事件。最后的输出：",
    nothing="没有消息到达。守护进程最后的输出：",
    summary="{created} 个事件，其中 {selected} 个符合过滤条件；{accepted} 条消息，{refused} 条被拒绝；",
    median="从事件到消息的延迟中位数 {delay:.0f} 毫秒。",
    no_median="没有能对应到单个事件的消息。",
    next="想慢慢按页面上的按钮：加 --stay。装到自己的集群：见 README.zh-CN.md 的“安装”。",
    one_event="一个事件。",
    nasty_event="一个满是陷阱的事件：引号、换行、标记、<@all>、脚本。",
    crash_loop="崩溃循环：一个 Pod 在 {seconds:g} 秒里失败 {count} 次。",
    crash_loop_over="这个 Pod 失败了 {count} 次。只通知了一次，其余的稍后合并成一条。",
    storm="事件风暴：{seconds:g} 秒内 {count:,} 个事件。",
    storm_over="风暴过去了：{count:,} 个事件。各条消息的 ×N 加起来正好是这个数。",
    wecom_down="企业微信故障：一律返回 502。期间每个群各有三个事件。",
    wecom_up="企业微信恢复了。守护进程下一次重试时，积压的消息就会到达。",
    api_restart="API server 断开所有连接，{seconds:g} 秒后恢复。期间发生了 {count} 个事件。",
    api_back="API server 恢复了，watch 从断点继续。",
    key_revoked="{group}的机器人被移出群：它的 key 得到 errcode 93000。",
    key_restored="{group}的机器人加回来了。守护进程在被拒一分钟后再试，之后是两分钟、四分钟……",
    template_broken="{group}的模板里有一个拼写错误：.Raeson。",
    template_mended="{group}的模板改好了。",
)
LANGUAGES: Mapping[str, Texts] = {"en": ENGLISH, "zh": CHINESE}


def texts_for(language: str) -> Texts:
    """The texts of a language tag or locale name, as ``zh_CN.UTF-8``; English for all that is not Chinese."""
    return CHINESE if language.lower().startswith("zh") else ENGLISH


def in_both(note: Note) -> dict[str, str]:
    """A note in each language, for whoever lets a reader choose."""
    return {lang: texts.of(note) for lang, texts in LANGUAGES.items()}
