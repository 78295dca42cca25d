"""``render`` on files and samples, as a person at a terminal and as a program uses it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from kube_wecom_eventer.cli import main
from kube_wecom_eventer.command_line import plain
from kube_wecom_eventer.render.samples import samples
from tests.commands.rendering import Runner, written

SEED = (
    r'{"msgtype": "text","text": {"content": "Cluster:name\nEventType:{{ .Type }}\nEventNamespace:'
    r"{{ .InvolvedObject.Namespace }}\nEventKind:{{ .InvolvedObject.Kind }}\nEventObject:{{ .InvolvedObject.Name }}\n"
    r'EventReason:{{ .Reason }}\nEventTime:{{ .LastTimestamp }}\nEventMessage:{{ .Message }}","mentioned_list":'
    r'["wangqing","@all"]}}'
)
MARKDOWN = r"""{"msgtype": "markdown", "markdown": {"content":
"## <font color=\"warning\">{{ .Reason }}</font>
> **{{ .InvolvedObject.Name }}** [log](https://example.com)
{{ .Message }} <@wangqing>"}}
"""
JINJA = '{"msgtype": "text", "text": {"content": "{{ event.reason }} {{ event.happened_at.strftime(\'%H:%M\') }}"}}'


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Runner:
    return Runner(capsys)


def test_a_template_is_shown_as_its_group_reads_it(run: Runner, tmp_path: Path) -> None:
    """The content, its size, whom it mentions, the whole body, and that nothing is wrong."""
    ran = run(written(tmp_path, SEED))
    assert (ran.status, ran.problems) == (0, [])
    lines = ran.shown.splitlines()
    assert lines[0] == f"{tmp_path}/message.tmpl: a Go template for WeCom, backoff"
    assert lines[2:5] == ["  │ Cluster:name", "  │ EventType:Warning", "  │ EventNamespace:payments"]
    assert "  │ EventTime:2026-11-20 09:02:03 +0800 CST" in lines
    assert "  │ @wangqing @all" in lines
    assert "  text, 303 of 2048 bytes; mentions wangqing, @all" in lines
    assert '    "msgtype": "text",' in lines
    assert lines[-1] == "✓ nothing to mend"


def test_markdown_is_shown_as_markdown(run: Runner, tmp_path: Path) -> None:
    """Markup acts, as it does in the group; on no terminal without colours."""
    shown = run(written(tmp_path, MARKDOWN)).shown
    assert shown.splitlines()[2:5] == [
        "  │ BackOff",
        "  │ ▎checkout-7d9f8c6b5-x2k4z log (https://example.com)",
        "  │ Back-off restarting failed container checkout in pod checkout-7d9f8c6b5-x2k4z_payments"
        "(b1946ac9-2c1f-4f6e-9d1a-6f2d0c1e8a55) @wangqing",
    ]
    assert "\x1b" not in shown


def test_a_mistake_is_shown_with_its_place_and_what_to_write(run: Runner, tmp_path: Path) -> None:
    """The line with a caret; status 1; the message that goes out instead."""
    ran = run(written(tmp_path, '{"msgtype": "text",\n "text": {"content": "{{ .Mesage }}"}\n}'))
    assert ran.status == 1
    assert "The template fails on this event, so the built-in message is sent:" in ran.shown
    assert "  │ ⚠️ BackOff · Pod payments/checkout-7d9f8c6b5-x2k4z" in ran.shown
    assert ran.shown.splitlines()[-4:] == [
        "✗ line 2, column 23: .Mesage: no Event has that",
        '     "text": {"content": "{{ .Mesage }}"}',
        "                          ^",
        "  → did you mean .Message?",
    ]


def test_a_body_that_is_no_json_is_shown_in_the_template_and_as_rendered(run: Runner, tmp_path: Path) -> None:
    """Both places, where they differ."""
    ran = run(written(tmp_path, '{"msgtype": "{{ .Reason }}"\n "text": 1}'))
    assert ran.shown.splitlines()[-7:] == [
        "✗ line 1, column 27: the rendered body is no JSON: a comma is missing behind this",
        '    {"msgtype": "{{ .Reason }}"',
        "                              ^",
        "  which is rendered as",
        '    {"msgtype": "BackOff"',
        "                        ^",
        "  → write one",
    ]
    ran = run(written(tmp_path, '{"msgtype": "text",\n "text": {"content": "{{ .Reason }}"\n}'))
    assert ran.status == 1
    assert ran.shown.splitlines()[-4:] == [
        "✗ line 3, column 1: the rendered body is no JSON: it ends too early",
        "    }",
        "    ^",
        "  → a } or ] is missing, or the value behind a :",
    ]


def test_a_template_of_a_manifest_has_the_files_lines(run: Runner, tmp_path: Path) -> None:
    """Each content of each ConfigMap, by its key."""
    manifest = (
        "kind: Deployment\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n"
        '  content: |\n    {"msgtype": "text",\n    "text": {"content": "{{ .Mesage }}"}}\n'
        f"  content.j2: {json.dumps(JINJA)}\n  other: x\n"
    )
    ran = run(written(tmp_path, manifest, "all.yaml"), "--all-samples")
    assert ran.status == 1
    assert f"{tmp_path}/all.yaml, content: a Go template for WeCom" in ran.shown
    assert f"{tmp_path}/all.yaml, content.j2: a Jinja2 template for WeCom" in ran.shown
    assert "✗ line 2, column 22 (line 9 of the file): .Mesage: no Event has that" in ran.shown
    assert run(written(tmp_path, manifest, "all.yaml"), "--key=content.j2").status == 0


def test_the_config_maps_of_a_manifest_are_told_apart(run: Runner, tmp_path: Path) -> None:
    """By their names, where there are several."""
    one = 'kind: ConfigMap\nmetadata: {name: %s}\ndata:\n  content: \'{"msgtype": "x"}\'\n'
    ran = run(written(tmp_path, "---\n".join(one % name for name in ("a", "b")), "all.yaml"), "--all-samples")
    titles = [line for line in ran.shown.splitlines() if line.endswith("a Go template for WeCom")]
    assert titles == [f"{tmp_path}/all.yaml, {name}, content: a Go template for WeCom" for name in ("a", "b")]


def test_a_manifest_in_json_and_a_list_are_read(run: Runner) -> None:
    """As ``kubectl get configmap -o json`` prints them."""
    found = {"kind": "List", "items": [{"kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"content": SEED}}]}
    assert run("-", stdin=json.dumps(found)).status == 0


def test_a_declared_route_is_shown_with_its_own_sink(run: Runner, tmp_path: Path) -> None:
    """Its style where it has no template; its limits where it has one."""
    manifest = (
        "kind: ConfigMap\nmetadata: {name: wecom, namespace: payments, labels: {kube-wecom-eventer.io/route: 'true'}}\n"
        "data:\n  sink: wecom:?key_secret=robot&lang=en&msgtype=markdown\n"
        "  sink.b: wecom:?key_secret=robot&api=https://proxy.example.com\n"
        '  content.b: \'{"msgtype": "text", "text": {"content": "{{ range 30000 }}{{ end }}x"}}\'\n'
    )
    ran = run(written(tmp_path, manifest, "route.yaml"))
    assert "route payments/wecom: the built-in message for WeCom, backoff" in ran.shown
    assert "Happened: 3 times" in ran.shown
    assert "route payments/wecom/b: a Go template for WeCom, backoff" in ran.shown
    assert "the template takes too many steps" in ran.shown
    assert ran.status == 1


def test_a_jinja2_template_is_told_by_its_file(run: Runner, tmp_path: Path) -> None:
    """Or, from stdin, by its key."""
    assert "BackOff 09:02" in run(written(tmp_path, JINJA, "message.j2")).shown
    assert "BackOff 09:02" in run("-", "--key=content.j2", stdin=JINJA).shown


def test_the_built_in_message_is_shown_in_a_sinks_style(run: Runner) -> None:
    """A key is not needed, nor the daemon's environment and files."""
    ran = run("--sink=wecom:?key_file=/run/key&msgtype=markdown&lang=en&cluster=$CLUSTER", "--sample=series")
    assert ran.status == 0
    assert ran.shown.startswith("sink-1: the built-in message for WeCom, series\n")
    assert "  │ Happened: 12 times" in ran.shown
    assert "  │ Cluster: CLUSTER" in ran.shown


def test_a_sink_that_can_not_do_what_it_wishes_is_told(run: Runner) -> None:
    """As at the daemon's start."""
    ran = run("--sink=wecom:?msgtype=markdown_v2&mentioned_list=wangqing&nope=1")
    assert ran.status == 1
    assert ran.shown.splitlines()[-2:] == [
        "! --sink 1: nope= is no parameter of a robot and is ignored",
        "! sink-1: mentioned_list has no effect: WeCom mentions nobody in markdown_v2; write msgtype=text",
    ]


def test_all_samples_are_a_line_each(run: Runner, tmp_path: Path) -> None:
    """Whether it fits, is cut, and what is missing, or fails, and why."""
    template = '{"msgtype": "text", "text": {"content": "{{ with .Series }}{{ .Nope }}{{ end }}{{ .Message }}"}}'
    ran = run(written(tmp_path, template), "--all-samples")
    lines = {line.split()[0]: line.split(maxsplit=2)[1:] for line in ran.shown.splitlines()[1:9]}
    assert list(lines) == list(samples())
    assert lines["backoff"][0] == "fits"
    assert lines["huge"][0] == "cut"
    assert lines["huge"][1].startswith("2048 of 2048 bytes; cut from 10240 bytes, missing is: ")
    assert lines["series"][0] == "fails"
    assert ran.status == 1
    assert run(written(tmp_path, SEED), "--all-samples").status == 0


def test_what_is_cut_is_shown(run: Runner, tmp_path: Path) -> None:
    """The message, not what stands behind it in the template."""
    template = r'{"msgtype": "text", "text": {"content": "{{ .Message }}\nobject: {{ .InvolvedObject.Name }}"}}'
    ran = run(written(tmp_path, template), "--sample=huge")
    assert ran.status == 0
    assert "  │ object: checkout-7d9f8c6b5-x2k4z" in ran.shown.splitlines()
    size = next(line for line in ran.shown.splitlines() if line.startswith("  text, "))
    assert "; cut from 10273 bytes, missing is: " in size
    assert "object:" not in size
    built_in = run("--sink=wecom:", "--sample=huge").shown
    assert "; cut: the event's message is too long to be shown whole" in built_in


def test_a_digest_is_shown(run: Runner, tmp_path: Path) -> None:
    """Of so many events like it, of workloads of their own."""
    shown = run(written(tmp_path, MARKDOWN), "--digest=3").shown
    assert "  │ ⚠️ 3 组事件 ×3" in shown
    assert shown.count("  │ BackOff\n") == 3
    assert "  │ ▎checkout-c-7d9f8c6b5-x2k4z" in shown
    assert "28 组事件 ×28" in run("--sink=wecom:", "--digest=28", "--sample=node-not-ready").shown


def test_an_event_of_ones_own_is_rendered(run: Runner, tmp_path: Path) -> None:
    """As kubectl prints it, YAML or JSON, a List too, also of events.k8s.io."""
    core = (
        "apiVersion: v1\nkind: Event\neventTime: null\nlastTimestamp: 2026-11-20T01:02:03Z\ncount: 2\n"
        "involvedObject: {kind: Pod, name: a}\nreason: One\nmetadata: {name: a.1, namespace: x}\n"
    )
    newer = {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "regarding": {"kind": "Job", "name": "b"},
        "note": "noted",
        "reason": "Two",
        "deprecatedCount": 4,
        "deprecatedSource": {"component": "c"},
        "series": None,
    }
    template = written(
        tmp_path,
        '{"msgtype": "text", "text": {"content":'
        ' "{{ .Reason }} {{ .InvolvedObject.Name }} {{ .Count }} {{ .Message }}"}}',
    )
    one = run(template, "--event=-", stdin=core)
    assert "message.tmpl: a Go template for WeCom, x/a.1\n" in one.shown
    assert "  │ One a 2" in one.shown
    assert "  │ Two b 4 noted" in run(template, "--event=-", stdin=json.dumps(newer)).shown
    both = run(template, "--event=-", "-o", "json", stdin=json.dumps({"kind": "List", "items": [newer, newer]}))
    assert [each["event"] for each in json.loads(both.shown)["rendered"]] == ["-/b", "-/b"]


def test_a_program_gets_json(run: Runner, tmp_path: Path) -> None:
    """The message as it is, its sizes, and each finding with its place."""
    template = written(tmp_path, SEED.replace('","mentioned_list":["wangqing","@all"]', '"') + " ")
    ran = run(template, "-o", "json", "--sample=huge")
    (told,) = json.loads(ran.shown)["rendered"]
    assert told["body"]["msgtype"] == "text"
    assert {name: told[name] for name in told if name != "body"} == {
        "template": template,
        "event": "huge",
        "builtIn": False,
        "bytes": told["bytes"],
        "contentType": "application/json; charset=utf-8",
        "contentBytes": 2048,
        "limit": 2048,
        "cut": True,
        "cutFrom": 10421,
    }
    assert json.loads(ran.shown)["findings"] == []
    wrong = run(written(tmp_path, SEED.replace(".Type", ".Tpye")), "-o", "json")
    assert json.loads(wrong.shown)["findings"] == [
        {
            "template": template,
            "code": "field_unknown",
            "level": "error",
            "text": ".Tpye: no Event has that",
            "instead": "did you mean .Type?",
            "line": 1,
            "column": 65,
        }
    ]


def test_the_body_alone_is_the_bytes_that_would_be_posted(run: Runner, tmp_path: Path) -> None:
    """No line break behind it; only one."""
    ran = run(written(tmp_path, '{"msgtype":"text","text":{"content":"{{ .Reason }} é"}}'), "-o", "body")
    assert ran.body == '{"msgtype": "text", "text": {"content": "BackOff é"}}'.encode()
    two = run("--sink=wecom:", "--sink=wecom:?lang=en", "-o", "body")
    assert two.problems == [
        "kube-wecom-eventer render: -o body: there are 2 messages; choose one, by --key or one --sink"
    ]


def test_another_services_template_gets_json_checks_only(run: Runner, tmp_path: Path) -> None:
    """Its body may have any form; its URL is not shown."""
    template = written(tmp_path, '{"hook": "{{ .Reason }}"}')
    ran = run(template, "--sink=webhook:https://example.com/secret?method=POST")
    assert ran.status == 0
    assert ran.shown.startswith(f"{template}: a Go template for https://example.com/***, backoff\n")
    assert "secret" not in ran.shown
    assert run(template).status == 1


def test_signs_that_move_a_terminal_are_not_printed(run: Runner) -> None:
    """Templates and events may be somebody else's."""
    hostile = '{"msgtype": "text", "text": {"content": "{{ .Message }}\x1b[2J{{ .Nope\x1b }}"}}'
    for template in (hostile, hostile.replace("\x1b }}", " }}"), hostile.replace("{{ .Nope\x1b }}", "")):
        event = json.dumps({"kind": "Event", "message": "\x1b]0;x\x07\x9b2J", "metadata": {"name": "\x1b[1m"}})
        ran = run("-", "--sample=hostile", stdin=template)
        assert not any(sign in ran.shown for sign in "\x1b\x07\x9b\x00")
        assert "\x1b" not in run("--sink=wecom:", "--event=-", stdin=event).shown


def test_help_is_worth_reading(capsys: pytest.CaptureFixture[str]) -> None:
    """It names each sample and what it is for, the exit status, and an example of each use; in eighty columns."""
    assert main(["render", "--help"]) == 0
    shown = capsys.readouterr().out
    assert all(len(line) <= 80 for line in shown.splitlines())
    text = " ".join(shown.split())
    assert all(f"{sample.name} ({plain(sample.about)})" in text for sample in samples().values())
    assert "Exit status: 0 The message goes out as it is meant." in text
    assert "kube-wecom-eventer render --configmap=payments/wecom-message" in text


@pytest.mark.parametrize(
    ("template", "status", "shown"),
    [(SEED, 0, b'{"msgtype": "text", '), ("{{ ", 1, b'{"msgtype": "text", '), (None, 2, b"")],
)
def test_the_command_is_the_programs(tmp_path: Path, template: str | None, status: int, shown: bytes) -> None:
    """Its exit status is the program's, and nothing is logged."""
    path = "nofile" if template is None else written(tmp_path, template)
    command = [sys.executable, "-m", "kube_wecom_eventer", "render", path, "-o", "body"]
    done = subprocess.run(command, capture_output=True, timeout=30, check=False)
    assert done.returncode == status
    assert done.stdout.startswith(shown)
    assert done.stderr == (
        b"" if template else b"kube-wecom-eventer render: nofile: can't be read: No such file or directory\n"
    )


@pytest.mark.parametrize("page", ["templates.md", "templates.zh-CN.md"])
def test_what_the_documentation_shows_is_what_is_shown(
    run: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    """The session in docs/templates.md."""
    text = (Path(__file__).parents[2] / "docs" / page).read_text("utf-8")
    session = text.partition("$ kube-wecom-eventer render message.tmpl --sample=node-not-ready\n")[2].partition("```")[
        0
    ]
    written(
        tmp_path,
        '{"msgtype": "text", "text": {"content":\n"{{ .Reason }} {{ .Message }} {{ .InvolvedObject.Nmae }}"},\n'
        '"mentioned_list": ["wangqing"]}',
    )
    monkeypatch.chdir(tmp_path)
    assert run("message.tmpl", "--sample=node-not-ready").shown == session


def test_a_failing_template_is_shown_with_what_it_makes(run: Runner) -> None:
    """And where it may be meant for another service, how to say so."""
    shown = run("-", stdin='{"EventType": "{{ .Type }}"}').shown
    assert 'The template makes:\n\n  {"EventType": "Warning"}\n\n✗ the body has no msgtype' in shown
    assert shown.endswith("  → if it is for another service, say which: --sink='webhook:https://...'\n")
    assert "another service" not in run("-", "--sink=wecom:", stdin='{"EventType": "{{ .Type }}"}').shown
