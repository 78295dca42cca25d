"""What can't be rendered is told in a line each, with what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from kube_wecom_eventer.render.samples import samples
from tests.commands.rendering import Runner, written


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Runner:
    return Runner(capsys)


PROBLEMS = [
    ([], ["nothing to render: write a template's file, --configmap=NAMESPACE/NAME, or --sink=URI"]),
    (["nofile.tmpl"], ["nofile.tmpl: can't be read: No such file or directory"]),
    (["/"], ["/: can't be read: Is a directory"]),
    (["a\x00b"], ["a\x00b: can't be read: embedded null byte"]),
    (["x", "--configmap=a/b"], ["x and --configmap=a/b: write one of them"]),
    (["-", "--event=-"], ["- and --event=-: stdin can be only one of them; write a file for the other"]),
    (["-", "--event=nofile"], ["--event=nofile: can't be read: No such file or directory"]),
    (["--configmap=a/B!"], ["--configmap=a/B!: no ConfigMap's name; write NAMESPACE/NAME"]),
    (["--configmap=a/b/"], ["--configmap=a/b/: no ConfigMap's name; write NAMESPACE/NAME"]),
    (["-", "--event-live=a"], ["--event-live=a: no event's name; write NAMESPACE/NAME, or NAMESPACE/KIND/NAME"]),
    (["-", "--event-live=../x"], ["--event-live=../x: no event's name; write NAMESPACE/NAME, or NAMESPACE/KIND/NAME"]),
    (["-", "-n", "x"], ["--namespace=x: is for --latest; write --latest=Warning, or leave it out"]),
    (
        ["-", "-n", "../..", "--latest=any"],
        ["--namespace=../..: no namespace's name; write for example --namespace=payments"],
    ),
    (["-", "--digest=1"], ["--digest=1: write a number from 2 to 2000"]),
    (
        ["-", "--digest=2", "--all-samples"],
        ["--all-samples and --digest: write --sample=NAME for the events of a digest"],
    ),
    (["-", "--all-samples", "-o", "body"], ["--all-samples and -o body: that shows one body; write --sample=NAME"]),
    (["-", "--nope"], ["--nope: unknown option", "--help lists the options"]),
    (
        ["-", "--sample=a", "--event=b"],
        ["argument --event: not allowed with argument --sample", "--help lists the options"],
    ),
    (
        ["--sink=wecom:?level=x", "--sink=kafka:b", "--sample=nope", "--source=x:"],
        [
            "--sample=nope: there is no such sample; write one of " + ", ".join(samples()),
            "--source=x: unknown source; write --source=kubernetes:URL?options",
            "--sink 1: level=x: unknown level; write level=Warning, or level=Normal for both levels",
            "--sink 2: kafka: is kube-eventer's, not supported here; write wecom:?key=KEY, wechat:?corp_id=ID, "
            "dingtalk:URL, apprise:URL, webhook:URL or log:",
        ],
    ),
    (
        ["--sink=webhook:https://example.com", "--digest=2"],
        ["--digest=2: sink-1 gets one request an event; only chats get digests"],
    ),
    (
        ["-", "--latest=any"],
        ["kubeconfig /nonexistent/.kube/config: no such file; set KUBECONFIG, or write --source=kubernetes:?auth=FILE"],
    ),
]


@pytest.mark.parametrize(("args", "problems"), PROBLEMS, ids=[" ".join(args) for args, _ in PROBLEMS])
def test_args_that_can_not_be_used_are_told_all_at_once(
    run: Runner, monkeypatch: pytest.MonkeyPatch, args: list[str], problems: list[str]
) -> None:
    """Status 2, a line each, no traceback."""
    monkeypatch.setenv("HOME", "/nonexistent")
    monkeypatch.delenv("KUBECONFIG", raising=False)
    ran = run(*args, stdin="x")
    assert (ran.status, ran.shown) == (2, "")
    assert ran.problems == [f"kube-wecom-eventer render: {problem}" for problem in problems]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[", "is no YAML or JSON: Expecting value: line 1 column 2 (char 1)"),
        ("a: [", "is no YAML or JSON: while parsing a flow node"),
        ("x", "is no object; write 'kubectl get event NAME -o yaml' into it"),
        ("", "holds no event; write 'kubectl get event NAME -o yaml' into it"),
        ("kind: Pod", "kind Pod: is no Event; write 'kubectl get event NAME -o yaml' into it"),
        ("count: [1]", "is no Event: Expected `int`, got `array` - at `$.count`"),
        ("kind: List\nitems: [1]", "kind no object: is no Event; write 'kubectl get event NAME -o yaml' into it"),
    ],
)
def test_an_event_that_is_none_is_told(run: Runner, text: str, problem: str) -> None:
    """With what to write into the file."""
    ran = run("--sink=wecom:", "--event=-", stdin=text)
    assert ran.status == 2
    assert ran.problems[0].startswith(f"kube-wecom-eventer render: --event=-: {problem}")
    assert len(ran.problems) == 1


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "kind: ConfigMap\ndata: {a: x}\n",
            "no ConfigMap with a key content or content.j2 is in it (keys: a); write one",
        ),
        ("kind: ConfigMap\ndata: [\n", "is no YAML: while parsing a flow node"),
        ("kind: ConfigMap\n", "no ConfigMap with a key content or content.j2 is in it (keys: none); write one"),
    ],
)
def test_a_manifest_without_a_template_is_told(run: Runner, tmp_path: Path, text: str, problem: str) -> None:
    """With the keys that it has."""
    path = written(tmp_path, text, "a.yaml")
    ran = run(path)
    assert ran.status == 2
    assert ran.problems[0].startswith(f"kube-wecom-eventer render: {path}: {problem}")


def test_a_file_that_is_no_text_is_told(run: Runner, tmp_path: Path) -> None:
    """As a template, and as an event."""
    path = tmp_path / "x"
    path.write_bytes(b"\xff\xfe\x00")
    assert run(str(path)).problems == [
        f"kube-wecom-eventer render: {path}: is no text in UTF-8; write a template, or a ConfigMap's manifest"
    ]
    assert run("--sink=wecom:", f"--event={path}").problems == [
        f"kube-wecom-eventer render: --event={path}: is no text in UTF-8; "
        "write 'kubectl get event NAME -o yaml' into it"
    ]
