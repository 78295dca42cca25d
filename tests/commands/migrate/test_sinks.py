from __future__ import annotations

from typing import Any

import pytest

from kube_wecom_eventer.commands.migrate import argument_notes as notes
from kube_wecom_eventer.commands.migrate.environment import Environment
from kube_wecom_eventer.commands.migrate.notes import Note
from kube_wecom_eventer.commands.migrate.secrecy import SecretFields
from kube_wecom_eventer.commands.migrate.sinks import MigratedSink, migrate_sink

ROBOT = "webhook:https://qyapi.weixin.qq.com/cgi-bin/webhook/send"
KEY = "7fe90cd7-08a2-4c85-9ee7-ee7791044d29"
T = "&custom_body_configmap=t"
HOOK = "webhook:http://example.com/hook"


def migrated(
    text: str, *, ours: bool = False, env: list[dict[str, Any]] | None = None
) -> tuple[MigratedSink, dict[str, str]]:
    """Migrate one sink; return it and what goes into the Secret, by variable."""
    secrets = SecretFields(taken={each["name"] for each in env or ()})
    sink = migrate_sink(text, environ=Environment({"env": env or []}), secrets=secrets, ours=ours)
    return sink, secrets.values


CASES: list[tuple[str, str, list[Note]]] = [
    (f"{ROBOT}?key=k&level=Warning&method=POST{T}", f"level=Warning{T}", []),
    (f"{ROBOT}?key=k&method=POST{T}", f"level=Warning{T}", [notes.level_default()]),
    (f"{ROBOT}?key=k&level=Error&method=POST{T}", f"level=Warning{T}", [notes.level_unknown("Error")]),
    (f"{ROBOT}?key=k&level=Normal{T}", f"level=Normal{T}", [notes.get_to_a_robot()]),
    (
        f"{ROBOT}?key=k?level=Normal&kinds=Pod&method=post{T}",
        f"level=Normal&kinds=Pod{T}",
        [notes.key_with_question_mark()],
    ),
    (
        f"{ROBOT}?key=k&level=Warning&method=POST&namespaces=&kinds=,{T}",
        f"level=Warning{T}",
        [notes.empty_filter("namespaces"), notes.empty_filter("kinds")],
    ),
    (
        f"{ROBOT}?key=k&level=Warning&method=POST&reason=A&reason=B{T}",
        f"level=Warning&reason=A&reason=B{T}",
        [notes.first_reason_only()],
    ),
    (
        f"{ROBOT}?key=k&level=Warning&method=POST&reason=[^Unhealthy]{T}",
        f"level=Warning&reason=[^Unhealthy]{T}",
        [notes.negated_class("[^Unhealthy]", "Unhealthy")],
    ),
    (
        f"{ROBOT}?key=k&level=Warning&method=POST&kinds=Pod,+Node{T}",
        f"level=Warning&kinds=Pod,%20Node{T}",
        [notes.spaces_in_list("kinds")],
    ),
    (f"{ROBOT}?key=k&level=Warning&method=POST&label=x{T}", f"level=Warning{T}", [notes.no_effect("label")]),
    (f"{ROBOT}?key=k&level=Warning&method=POST", "level=Warning", [notes.built_in_body()]),
    (
        f"{ROBOT}?key=k&level=Warning&method=POST&kinds=pod{T}",
        f"level=Warning&kinds=pod{T}",
        [notes.daemon_says("kinds=pod: kinds begin with a capital letter; write for example Pod, Node, ReplicaSet")],
    ),
    (
        f"{ROBOT}?key=k&level=Warning&method=POST&kinds=a;b{T}",
        f"level=Warning{T}",
        [notes.not_carried_over("the option 'kinds' holds a ';' and is ignored; write %3B")],
    ),
]


@pytest.mark.parametrize(("text", "rest", "said"), CASES, ids=lambda each: each if isinstance(each, str) else "")
def test_a_robot_is_written_shorter_with_a_note_at_each_difference(text: str, rest: str, said: list[Note]) -> None:
    """The key is a variable, what each robot has anyway is gone, and nothing is said where nothing changes."""
    sink, secrets = migrated(text)
    assert sink.arg == f"wecom:?key=${{WECOM_ROBOT_KEY}}&{rest}"
    assert list(sink.notes) == said
    assert secrets == {"WECOM_ROBOT_KEY": "k"}


def test_a_proxy_before_wecom_is_kept() -> None:
    """The host of the URL is where it is sent."""
    sink, _ = migrated(
        f"webhook:http://proxy.example:8080/wecom/cgi-bin/webhook/send?key=k&level=Warning&method=POST{T}"
    )
    assert sink.arg == f"wecom:?key=${{WECOM_ROBOT_KEY}}&api=http://proxy.example:8080/wecom&level=Warning{T}"


@pytest.mark.parametrize(
    ("text", "arg", "said"),
    [
        (f"{HOOK}?level=Warning&method=POST", f"{HOOK}?level=Warning&method=POST", []),
        (f"{HOOK}?level=Warning&own=1&reason=", f"{HOOK}?level=Warning&own=1", [notes.empty_filter("reason")]),
        (f"{HOOK}&level=Warning", f"{HOOK}?level=Warning", [notes.options_in_path()]),
        (f"{HOOK}?level=Warning&name=n", f"{HOOK}?level=Warning&query=name=n", [notes.own_parameter("name")]),
        (f"{HOOK}?level=Warning&header=X=a=b", None, [notes.header_sent_now()]),
    ],
)
def test_another_url_is_kept(text: str, arg: str | None, said: list[Note]) -> None:
    """With its own parameters, of which ours are none."""
    sink, _ = migrated(text)
    assert sink.arg == (arg or f"{HOOK}?level=Warning&header=X=${{WEBHOOK_HEADER}}")
    assert list(sink.notes) == [*said, notes.options_not_sent("example.com")]


@pytest.mark.parametrize(
    ("text", "arg", "secrets", "said"),
    [
        (
            "dingtalk:https://oapi.dingtalk.com/robot/send?access_token=abc&label=测试&sign=SECx&msg_type=markdown",
            "dingtalk:https://oapi.dingtalk.com/robot/send?access_token=${DINGTALK_ACCESS_TOKEN}&level=Warning&label=测试"
            "&sign=${DINGTALK_SIGN}&msg_type=markdown",
            {"DINGTALK_ACCESS_TOKEN": "abc", "DINGTALK_SIGN": "SECx"},
            [notes.own_words("dingtalk")],
        ),
        (
            "dingtalk:https://oapi.dingtalk.com/robot/send?access_token=abc&level=[Warning]",
            "dingtalk:https://oapi.dingtalk.com/robot/send?access_token=${DINGTALK_ACCESS_TOKEN}&level=Warning",
            {"DINGTALK_ACCESS_TOKEN": "abc"},
            [notes.level_unknown("[Warning]"), notes.own_words("dingtalk")],
        ),
        (
            "wechat:?corp_id=ww1&corp_secret=abc&agent_id=7&level=Normal",
            "wechat:?corp_id=ww1&corp_secret=${WECHAT_CORP_SECRET}&agent_id=7&level=Normal",
            {"WECHAT_CORP_SECRET": "abc"},
            [notes.own_words("wechat")],
        ),
        (
            f"webhook:https://oapi.dingtalk.com/robot/send?access_token=abc&level=Warning{T}",
            f"webhook:https://oapi.dingtalk.com/robot/send?access_token=${{WEBHOOK_TOKEN}}&level=Warning{T}",
            {"WEBHOOK_TOKEN": "abc"},
            [notes.get_to_a_robot()],
        ),
    ],
)
def test_other_chats_are_kept(text: str, arg: str, secrets: dict[str, str], said: list[Note]) -> None:
    """With their tokens and secrets in the Secret."""
    sink, found = migrated(text)
    assert (sink.arg, found) == (arg, secrets)
    assert list(sink.notes) == said


def test_log_had_no_filter() -> None:
    """It printed everything, whatever it was told."""
    sink, _ = migrated("log:")
    assert (sink.arg, sink.notes) == ("log:?level=Warning", (notes.LOG_LEVEL,))
    sink, _ = migrated("log:?level=Normal&kinds=Pod")
    assert (sink.arg, sink.notes) == ("log:?level=Normal&kinds=Pod", (notes.LOG_FILTERS,))


def test_ours_keeps_all_parameters() -> None:
    """Where only the image was changed, parameters that kube-eventer never knew may stand there, and count."""
    text = f"{ROBOT}?key={KEY}&route=payments&namespaces=payments&exclude_reason=^Unhealthy$&msgtype=markdown"
    sink, _ = migrated(text, ours=True)
    assert sink.arg == (
        "wecom:?key=${WECOM_ROBOT_KEY}&level=Warning&route=payments&namespaces=payments"
        "&exclude_reason=^Unhealthy$&msgtype=markdown"
    )
    assert sink.notes == ()


@pytest.mark.parametrize(
    ("text", "arg", "secrets"),
    [
        (
            "webhook:https://open.feishu.cn/open-apis/bot/v2/hook/01234567-89ab-cdef-0123-456789abcdef?level=Normal",
            "webhook:https://open.feishu.cn/open-apis/bot/v2/hook/${WEBHOOK_TOKEN}?level=Normal",
            {"WEBHOOK_TOKEN": "01234567-89ab-cdef-0123-456789abcdef"},
        ),
        (
            "webhook:https://u:p%40ss@example.com/x?level=Normal&access_token=a%2Bb&page=2",
            "webhook:https://u:${WEBHOOK_TOKEN_2}@example.com/x?level=Normal&access_token=${WEBHOOK_TOKEN}&page=2",
            {"WEBHOOK_TOKEN": "a%2Bb", "WEBHOOK_TOKEN_2": "p%40ss"},
        ),
        (
            f"{HOOK}?level=Normal&header=Content-Type=text/plain&header=Authorization=Bearer+x%2By",
            f"{HOOK}?level=Normal&header=Content-Type=text/plain&header=Authorization=${{WEBHOOK_HEADER}}",
            {"WEBHOOK_HEADER": "Bearer%20x%2By"},
        ),
    ],
)
def test_secrets_of_other_urls_leave_too(text: str, arg: str, secrets: dict[str, str]) -> None:
    """Tokens in the path and the query, passwords, headers; a variable is put in before the query is decoded."""
    sink, found = migrated(text)
    assert (sink.arg, found) == (arg, secrets)


def test_one_key_is_one_field() -> None:
    """Sinks with the same key share it; a variable that the container has already keeps its name."""
    secrets = SecretFields(taken={"WECOM_ROBOT_KEY"})
    environ = Environment({"env": [{"name": "WECOM_ROBOT_KEY", "value": "x"}]})
    args = [
        migrate_sink(f"{ROBOT}?key={key}&level=Warning", environ=environ, secrets=secrets, ours=True).arg
        for key in ("a", "b", "a", "$(WECOM_ROBOT_KEY)")
    ]
    assert [arg.partition("&")[0].removeprefix("wecom:?key=") for arg in args] == [
        "${WECOM_ROBOT_KEY_2}",
        "${WECOM_ROBOT_KEY_3}",
        "${WECOM_ROBOT_KEY_2}",
        "${WECOM_ROBOT_KEY}",
    ]
    assert secrets.values == {"WECOM_ROBOT_KEY_2": "a", "WECOM_ROBOT_KEY_3": "b", "WECOM_ROBOT_KEY": "x"}


FROM_SECRET = {"valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}


def test_a_key_that_is_in_a_secret_stays_there() -> None:
    """The variable is the daemon's own now, so it no longer shows in the list of processes."""
    sink, secrets = migrated(f"{ROBOT}?key=$(K)&level=Warning&method=POST{T}", env=[{"name": "K", **FROM_SECRET}])
    assert (sink.arg, sink.checked, secrets) == (f"wecom:?key=${{K}}&level=Warning{T}", True, {})


def test_a_url_that_is_in_a_secret_is_kept_and_not_checked() -> None:
    """What it means depends on what stands there; the template is followed all the same."""
    sink, secrets = migrated(f"webhook:$(URL)&level=Warning{T}", env=[{"name": "URL", **FROM_SECRET}])
    assert (sink.arg, sink.checked, secrets) == (f"webhook:${{URL}}&level=Warning{T}", False, {})
    assert sink.notes == (notes.not_checked(["URL"]),)
    assert str(sink.template) == "default/t"


def test_what_is_wrong_whatever_a_variable_holds_is_left_out() -> None:
    """The daemon would not start with it; what may be right is kept."""
    env = [{"name": "K", **FROM_SECRET}]
    wrong, _ = migrated(f"{ROBOT}?key=$(K)&level=Warning&reason=[", env=env)
    assert (wrong.arg, len(wrong.problems)) == ("", 1)
    perhaps, secrets = migrated(f"{ROBOT}?key=k&level=$(K)", env=env)
    assert (perhaps.arg, perhaps.checked) == (f"{ROBOT}?key=${{WECOM_ROBOT_KEY}}&level=${{K}}", False)
    assert secrets == {"WECOM_ROBOT_KEY": "k"}


def test_a_plain_variable_that_is_a_token_goes_to_the_secret() -> None:
    """Wherever in the sink it stands; one that is none stays."""
    token = "0123456789abcdef0123456789abcdef"
    env = [{"name": name, "value": value} for name, value in (("T", token), ("NS", "shop"), ("MY_TOKEN", "short"))]
    text = "webhook:https://example.com/hook/$(T)?level=Warning&own=$(MY_TOKEN)&namespaces=$(NS)"
    sink, secrets = migrated(text, env=env)
    assert sink.arg == "webhook:https://example.com/hook/${T}?level=Warning&own=${MY_TOKEN}&namespaces=${NS}"
    assert secrets == {"T": token, "MY_TOKEN": "short"}


def test_a_url_in_a_plain_variable_goes_to_the_secret() -> None:
    """The key would still stand in the Deployment otherwise."""
    sink, secrets = migrated(
        f"webhook:$(URL)&level=Warning&method=POST{T}", env=[{"name": "URL", "value": f"{ROBOT[8:]}?key={KEY}"}]
    )
    assert (sink.arg, sink.checked) == (f"webhook:${{URL}}&level=Warning&method=POST{T}", True)
    assert secrets == {"URL": f"{ROBOT[8:]}?key={KEY}"}


@pytest.mark.parametrize(
    ("text", "shown", "words"),
    [
        (
            "kafka:?brokers=k:9092&eventstopic=events&password=SECRET&level=Warning",
            "--sink=kafka:?brokers=***&eventstopic=events&password=***&level=Warning",
            "There is no kafka: here",
        ),
        ("mysql:root:SECRET@tcp(1.2.3.4:3306)/db", "--sink=mysql:***@tcp(1.2.3.4:3306)/db", "mysql:"),
        ("mysql:?root:SECRET@tcp(1.2.3.4:3306)/db?charset=utf8", "--sink=mysql:?***", "mysql:"),
        ("mongo:?mongodb://u:SECRET@h/db&level=Warning", "--sink=mongo:?***&level=Warning", "mongo:"),
        (
            "sls:https://x.aliyuncs.com?project=p&accessKeyId=SECRET&accessKeySecret=SECRET",
            "--sink=sls:https://x.aliyuncs.com?project=p&accessKeyId=***&accessKeySecret=***",
            "let kube-eventer go on with this sink alone",
        ),
        (f"{ROBOT}?key=SECRET&reason=[", f"--sink={ROBOT}?key=***&reason=[", "no regular expression in RE2's syntax"),
        (f"{ROBOT}?level=Warning", f"--sink={ROBOT}?level=Warning", "the robot has no key"),
        ("webhook", "--sink=webhook:", "has no scheme"),
        ("webhook:https://u:SECRET@h/SECRET?reason=[", "--sink=webhook:https://***@h/***?reason=[", "no regular"),
        ("webhook:[your_url]&level=Warning", "--sink=webhook:[your_url]&level=Warning", "no usable URL"),
        ("elasticsearch:http://e:9200?pw=SECRET", "--sink=elasticsearch:http://e:9200?pw=***", "elasticsearch:"),
    ],
)  # fmt: skip
def test_what_cannot_run_is_shown_without_its_secrets(text: str, shown: str, words: str) -> None:
    """With what to do about it, and with the daemon's own reason."""
    sink, secrets = migrated(text)
    assert (sink.arg, sink.shown, secrets) == ("", shown, {})
    assert words in " ".join(note.en for note in sink.notes)
    assert sink.problems
    assert all("SECRET" not in note.en + note.zh + note.command for note in sink.notes)
