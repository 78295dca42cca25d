"""What is migrated means to the daemon what the old args meant to it: field by field, on args of every form."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import quote

from hypothesis import given, settings
from hypothesis import strategies as st

from kube_wecom_eventer.commands.migrate.arguments import Arguments, argv_of, migrate_arguments
from kube_wecom_eventer.commands.migrate.environment import kubelets
from kube_wecom_eventer.config import Settings, WebhookTarget, load_settings

ROBOT = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send"
KEY = "7fe90cd7-08a2-4c85-9ee7-ee7791044d29"
ENV = {
    "KEY": KEY,
    "LEVEL": "Normal",
    "URL": f"{ROBOT}?key=another",
    "MY.NS": "shop",
    "TOKEN": "t%2Bk",
    "PORT": "9000",
    "TZ": "UTC",
}

WORDS = st.sampled_from(
    ["payments", "a,b", " a , b ", "Pod", "Node,Pod", "BackOff", "[^Unhealthy]", "^Failed$", "a+b", "x$", "x$$", "é",
     "$$(KEY)", "a;b", "50%", "a b", "a%20b", "A%26B", "", "_cluster", "x{1}", "a#b", "$", "$[(]", "$(MY.NS)",
     "${LEVEL}x"]
)  # fmt: skip
FILTERS = st.tuples(st.sampled_from(["namespaces", "kinds", "reason"]), WORDS)
LEVELS = st.tuples(st.just("level"), st.sampled_from(["Warning", "Normal", "", "$(LEVEL)", "$LEVEL"]))
TEMPLATES = st.sampled_from(
    [
        [("custom_body_configmap", "body")],
        [("custom_body_configmap", "body"), ("custom_body_configmap_namespace", "xxxx")],
        [("custom_body_configmap_namespace", "lost")],
    ]
)
HEADERS = st.tuples(
    st.just("header"),
    st.sampled_from(
        ["Content-Type=application/json", "X-A=1", "Authorization=Bearer+abc%2Bdef", "Bad", "X-B=k=v", "A=$(TOKEN)"]
    ),
)
METHODS = st.tuples(st.just("method"), st.sampled_from(["POST", "post", "GET", "PUT"]))
OPTIONS = st.lists(
    FILTERS.map(lambda pair: [pair]) | LEVELS.map(lambda pair: [pair]) | TEMPLATES
    | HEADERS.map(lambda pair: [pair]) | METHODS.map(lambda pair: [pair]),
    max_size=6,
).map(lambda groups: [pair for group in groups for pair in group])  # fmt: skip
KEYS = st.sampled_from([KEY, "short", "$(KEY)", "${KEY}", "$KEY", "a%2Bb", "k e y", "q$x"])
ROBOTS = st.tuples(
    st.sampled_from([ROBOT, "http://proxy.example:8080/wecom/cgi-bin/webhook/send", f"{ROBOT}/"]), KEYS
).map(lambda pair: f"webhook:{pair[0]}?key={pair[1]}")
TARGETS = ROBOTS | st.sampled_from(
    [
        "webhook:http://10.0.1.202:7777/x?own=1",
        "webhook:https://open.feishu.cn/open-apis/bot/v2/hook/01234567-89ab-cdef-0123-456789abcdef?a=b",
        "webhook:https://user:pass@example.com/events?access_token=a%2Bb&sign=x+y",
        "webhook:$(URL)",
        "webhook:https://oapi.dingtalk.com/robot/send?access_token=a%2Bb",
        "dingtalk:https://oapi.dingtalk.com/robot/send?access_token=$(TOKEN)&label=x&label=y&sign=SECx",
        "dingtalk:https://oapi.dingtalk.com/robot/send&access_token=abc&msg_type=markdown",
        "wechat:?corp_id=ww1&corp_secret=a%2Bb&agent_id=7&to_user=a,b&label=x",
        "wechat:&corp_id=ww1&corp_secret=$(TOKEN)&agent_id=7",
        "webhook:http://example.com/no-question-mark",
        "log:?x=y",
    ]
)
SINKS = st.tuples(TARGETS, OPTIONS).map(
    lambda pair: "&".join([pair[0], *(f"{name}={value}" for name, value in pair[1])])
)
FLAGS = st.lists(
    st.sampled_from(
        ["--source=kubernetes:https://kubernetes.default", "--source=kubernetes:", "--frequency=30s", "-v=4", "--v=0",
         "--logtostderr", "-max_procs=2", "--event-metrics=false", "--healthz-port=9000",
         "--stderrthreshold=INFO", "--healthz-port=$(PORT)"]
    ),
    max_size=4,
)  # fmt: skip


@settings(derandomize=True, deadline=None, max_examples=600)
@given(sinks=st.lists(SINKS, min_size=1, max_size=3), flags=FLAGS, split=st.integers(0, 8))
def test_migrated_args_mean_what_the_old_ones_meant(sinks: list[str], flags: list[str], split: int) -> None:
    """The same filters, targets, templates and flags, whatever a value holds, and however command and args share it."""
    argv = [*flags, *(f"--sink={sink}" for sink in sinks)]
    container = {
        "command": ["/kube-eventer", *argv[:split]],
        "args": argv[split:],
        "env": [{"name": name, "value": value} for name, value in ENV.items()],
    }
    before = read(argv_of(container), ENV)
    migrated = migrated_arguments(container)
    after = read([arg.text for arg in migrated.args if arg.text], {**ENV, **migrated.secrets.values})
    assert comparable(after) == comparable(before)


@settings(derandomize=True, deadline=None, max_examples=200)
@given(sinks=st.lists(SINKS, min_size=1, max_size=3))
def test_no_key_is_left_in_the_args_or_said(sinks: list[str]) -> None:
    """Neither as it was written nor decoded, nor in a note; a variable's value goes to the Secret, too."""
    container = {
        "args": [f"--sink={sink}" for sink in sinks],
        "env": [{"name": name, "value": value} for name, value in ENV.items()],
    }
    migrated = migrated_arguments(container)
    written = "\n".join(
        text for arg in migrated.args for text in (arg.text, arg.shown, *(n.zh + n.en + n.command for n in arg.notes))
    )
    for secret in (KEY, "01234567-89ab", "abc%2Bdef", "abc+def", ":pass@", "a%2Bb&", "x+y", "another"):
        assert secret not in written
    used = {name for name in ("KEY", "TOKEN", "URL") if f"${{{name}}}" in written and name != "TOKEN"}
    assert used <= set(migrated.secrets.values)


def test_what_is_not_written_plainly_arrives_as_it_was() -> None:
    """Each sign that the grammar, YAML or the kubelet would take for its own."""
    signs = "".join(chr(code) for code in range(1, 0x80)) + "\x85\xa0\u2028\ufeff中"
    text = (
        f"webhook:http://example.com/x?own={quote(signs, safe='')}&reason={quote('[$](a)$$(KEY)${KEY}$KEY', safe='')}"
    )
    container = {"args": [f"--sink={text}"], "env": [{"name": "KEY", "value": KEY}]}
    migrated = migrated_arguments(container)
    (arg,) = (each.text for each in migrated.args)
    assert arg.isprintable()
    (sink,) = read([arg], {**ENV, **migrated.secrets.values}).sinks
    assert sink.filter.reasons == ("[$](a)$$(KEY)${KEY}$KEY",)
    assert isinstance(sink.target, WebhookTarget)
    assert (
        sink.target.endpoint.reveal()
        == f"http://example.com/x?own={quote(signs, safe='').replace('%20', '+')}".replace("%7E", "~")
    )


def migrated_arguments(container: dict[str, Any]) -> Arguments:
    """Migrate args as they were written for kube-eventer, for one replica."""
    return migrate_arguments(container, more_sinks=(), replicas=1, host_network=False, ours=False)


def read(argv: list[str], environ: dict[str, str]) -> Settings:
    """Return what the daemon makes of args that the kubelet hands over."""
    return load_settings([kubelets(arg, environ) for arg in argv], environ=environ)


def comparable(read_settings: Settings) -> Settings:
    """Return all of the settings but what is documented to differ. Secrets are compared by what they hold.

    The identity of a route is made of what is written; the new Deployment has a checkpoint of its own anyway.
    """
    sinks = tuple(replace(sink, identity="") for sink in read_settings.sinks)
    return replace(read_settings, sinks=sinks, warnings=())
