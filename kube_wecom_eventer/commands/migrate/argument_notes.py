"""What is said of args: flags, sinks and their templates."""

from __future__ import annotations

from collections.abc import Sequence

from kube_wecom_eventer.commands.migrate.notes import Note


def daemon_says(doubt: str) -> Note:
    """What the daemon itself warns of at its start."""
    return Note(zh=f"守护进程启动时会提示：{doubt}", en=f"The daemon will warn at its start: {doubt}", kind="todo")


def level_default() -> Note:
    """``level=`` was missing."""
    return Note(
        zh="原来没写 level=：kube-eventer 不按级别过滤，Normal 事件也会发；这里默认 level=Warning（与其文档一致）。"
        "若要继续收 Normal 事件，写 level=Normal。",
        en="level= was missing, so kube-eventer told Normal events, too; here Warning is the default, as its "
        "documentation has it. For both write level=Normal.",
    )


LOG_LEVEL = Note(
    zh="kube-eventer 的 log: 不过滤，全部事件都打印；这里默认 level=Warning，要全部打印写 level=Normal。",
    en="kube-eventer's log: printed every event; here Warning is the default. For all of them write level=Normal.",
)

LOG_FILTERS = Note(
    zh="kube-eventer 的 log: 不理会过滤参数，这里会生效。",
    en="kube-eventer's log: ignored parameters, here they hold.",
)


def level_unknown(level: str) -> Note:
    """``level=`` had a value that is no level."""
    return Note(
        zh=f"原来是 level={level}：没有这个级别，kube-eventer 当作 Warning。若想两种都收，写 level=Normal。",
        en=f"It was level={level}, which is no level; kube-eventer took it for Warning. For both write level=Normal.",
    )


def empty_filter(name: str) -> Note:
    """A filter had no value."""
    return Note(
        zh=f"原来的 {name}= 是空的：kube-eventer 因此丢掉全部事件；这里表示不过滤，已去掉，事件会发出来。",
        en=f"{name}= was empty, so kube-eventer dropped every event; here it means all, and was left out: "
        "this sink tells events now.",
    )


def options_in_path() -> Note:
    """The options followed ``&`` without ``?``."""
    return Note(
        zh="原来的参数跟在 & 后面而前面没有 ?：kube-eventer 把它们当作路径，全部没有生效；现在补上了 ?，开始生效。",
        en="The options followed '&' with no '?' before them, so kube-eventer took them for a part of the path and "
        "ignored them all; with the '?' they hold now.",
    )


def key_with_question_mark() -> Note:
    """``key=KEY?level=...``."""
    return Note(
        zh="原来的 key 后面用了第二个 ?：kube-eventer 把它后面的内容当作 key 的一部分；已改成 &。",
        en="A second '?' followed the key, so kube-eventer took the rest for a part of the key; it is '&' now.",
    )


def first_reason_only() -> Note:
    """``reason=`` was written more than once."""
    return Note(
        zh="写了多个 reason=：kube-eventer 只认第一个，这里每个都算。",
        en="Several reason=: kube-eventer counted only the first one, here all count.",
    )


def negated_class(pattern: str, letters: str) -> Note:
    """``reason=[^Unhealthy]``."""
    return Note(
        zh=f"reason={pattern} 是字符集：原因里只要有一个不在“{letters}”中的字母就匹配，含义保持不变。"
        f"若本意是排除 {letters}，改写成 exclude_reason=^{letters}$。",
        en=f"reason={pattern} is a character class: any reason with a letter that is not in '{letters}'. It keeps that "
        f"meaning. If you meant to leave out {letters}, write exclude_reason=^{letters}$ instead.",
        kind="todo",
    )


def spaces_in_list(name: str) -> Note:
    """A comma list had spaces."""
    return Note(
        zh=f"{name}= 的逗号旁有空格：kube-eventer 里带空格的值永远不匹配，这里会去掉空格，因而生效。",
        en=f"{name}= had spaces beside its commas: in kube-eventer such a value never matched, here it does.",
    )


def get_to_a_robot() -> Note:
    """A robot without ``method=POST``."""
    return Note(
        zh="原来没有 method=POST：机器人只接受 POST，kube-eventer 用的是 GET，消息从未送达；这里总是 POST。",
        en="method=POST was missing: a robot takes POST only, so with kube-eventer's GET nothing ever arrived; here it "
        "is always POST.",
    )


def header_sent_now() -> Note:
    """``header=K=V`` whose value has a ``=``."""
    return Note(
        zh="header= 的值里有 =：kube-eventer 会悄悄丢掉这个头，这里会发送。",
        en="A header= had a '=' in its value: kube-eventer dropped it silently, here it is sent.",
    )


def options_not_sent(host: str) -> Note:
    """A webhook that is no robot."""
    return Note(
        zh=f"kube-eventer 会把 level= 等参数也发给 {host}，这里只保留该地址自己的参数。",
        en=f"kube-eventer sent level= and the like to {host}, too; here only that URL's own parameters are left in it.",
    )


def own_parameter(name: str) -> Note:
    """A parameter of the user's own URL has the name of one of ours."""
    return Note(
        zh=f"{name}= 是该地址自己的参数，但这里已有同名参数，所以写成 query={name}=...，仍随地址发送。",
        en=f"{name}= is the URL's own, but is a parameter of ours, too: as query={name}=... it stays in the URL.",
    )


def no_effect(name: str) -> Note:
    """An option of a robot's URL that nobody reads."""
    return Note(
        zh=f"{name}= 原来就不起作用（不是 kube-eventer 的参数），已去掉。",
        en=f"{name}= had no effect (it is no parameter of kube-eventer's), and was left out.",
    )


def not_carried_over(doubt: str) -> Note:
    """A part of the URI that both programs ignore."""
    return Note(zh=f"没有带过来，原来也不起作用：{doubt}", en=f"Left out, it had no effect before: {doubt}")


def built_in_body() -> Note:
    """A robot without a template."""
    return Note(
        zh="原来没有模板：kube-eventer 的默认正文机器人不收；这里发送内置正文（可选 lang=en、msgtype=markdown）。",
        en="There was no template, and a robot refuses kube-eventer's default body; here the built-in one is sent "
        "(lang=zh or en; msgtype=markdown and others).",
    )


TEMPLATE_KEPT = Note(
    zh="模板 ConfigMap 原样使用。JSON 字符串里的内容会自动转义（引号、换行不再被删或弄坏 JSON）；改了模板立即生效。",
    en="The template's ConfigMap is used as it is. What stands inside a JSON string is escaped now (quotes and "
    "newlines no longer get lost or break it), and an edit takes effect at once.",
)


def own_words(scheme: str) -> Note:
    """A kind of sink for which kube-eventer had a text of its own."""
    keyword_zh = "机器人设了关键词的话，把它写进 label=。" if scheme == "dingtalk" else ""
    keyword_en = " A robot that asks for a keyword needs it in label=." if scheme == "dingtalk" else ""
    return Note(
        zh=f"kube-eventer 固定的文本换成内置消息，label= 的内容照样显示。{keyword_zh}",
        en=f"kube-eventer's own text becomes the built-in message, which shows what label= says, too.{keyword_en}",
    )


def template_missing(name: str) -> Note:
    """There is no such ConfigMap."""
    return Note(
        zh=f"没有 ConfigMap {name}：在建好之前发送内置正文。",
        en=f"There is no ConfigMap {name}: the built-in body is sent until there is one.",
        kind="todo",
    )


def template_not_seen(name: str) -> Note:
    """The ConfigMap is not in the input."""
    return Note(
        zh=f"输入里没有模板 ConfigMap {name}，没有检查；请确认它存在，且有键 content。",
        en=f"ConfigMap {name} with the template is not in the input, so it was not checked: it must exist, with a key "
        "content.",
        kind="todo",
    )


def template_unusable(name: str, problem: str) -> Note:
    """The template can't be used."""
    return Note(
        zh=f"ConfigMap {name} 的模板不能用，改好之前发送内置正文：{problem}",
        en=f"The template in ConfigMap {name} can't be used, so the built-in body is sent until that is mended: "
        f"{problem}",
        kind="todo",
    )


def template_doubtful(name: str, doubt: str) -> Note:
    """The template works, but not as it is meant."""
    return Note(
        zh=f"ConfigMap {name} 的模板可疑：{doubt}",
        en=f"The template in ConfigMap {name} is doubtful: {doubt}",
        kind="todo",
    )


def not_checked(names: Sequence[str]) -> Note:
    """A sink depends on values that are not in the Deployment."""
    listed = ", ".join(f"${name}" for name in names)
    return Note(
        zh=f"这一行取决于 {listed}，其值不在 Deployment 里，所以原样保留、没有检查；"
        "部署后请用 kube-wecom-eventer check 检查。",
        en=f"This line depends on {listed}, whose value is not in the Deployment: kept as it is and not checked; run "
        "kube-wecom-eventer check after the deployment.",
        kind="todo",
    )


def unsupported(scheme: str) -> Note:
    """A kind of sink that there is not here."""
    return Note(
        zh=f"这里没有 {scheme}:，这一行没有迁移。要保存事件：让 kube-eventer 只带着这个 sink 继续运行，"
        "或用 webhook: 发给自己的服务，或用 --sink=log:?level=Normal 交给日志采集。",
        en=f"There is no {scheme}: here, so this line was left out. To keep events in a store, let kube-eventer go on "
        "with this sink alone, or send them to a service of your own (webhook:), or to your log collector "
        "(--sink=log:?level=Normal).",
        kind="todo",
    )


def left_out(problem: str) -> Note:
    """A sink that can't run here."""
    return Note(
        zh=f"这个 sink 没有迁移，需要处理：{problem}",
        en=f"This sink was not migrated; a person must decide: {problem}",
        kind="todo",
    )


# Of flags.


def flag_dropped(name: str) -> Note:
    """A flag without effect here."""
    return Note(zh=f"--{name} 在这里不起作用，已去掉。", en=f"--{name} has no effect here and was left out.")


def healthz_ip(value: str) -> Note:
    """The web endpoints would listen where the kubelet can't reach them."""
    return Note(
        zh=f"--healthz-ip={value} 已去掉：kubelet 的探针访问的是 Pod 的地址。",
        en=f"--healthz-ip={value} was left out: the kubelet's probes come to the pod's own address.",
    )


HEALTHZ_PORT = Note(
    zh="--healthz-port=0（随机端口）已去掉：探针需要固定端口，用默认的 8084。",
    en="--healthz-port=0 (any port) was left out: the probes need a fixed one, the default is 8084.",
)


def replicas(count: int) -> Note:
    """More than one replica."""
    return Note(
        zh=f"{count} 个副本：kube-eventer 每个事件会发 {count} 次；这里加了 --leader-elect，只有一个在发。",
        en=f"{count} replicas: kube-eventer told each event {count} times; with --leader-elect one of them tells.",
    )
