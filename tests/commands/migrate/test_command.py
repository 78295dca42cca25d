"""The command as its user runs it: what it prints, where, and its exit status."""

from __future__ import annotations

import io
import os
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from kube_wecom_eventer import __version__
from kube_wecom_eventer.commands.migrate.command import Streams, run
from kube_wecom_eventer.config import load_settings
from tests.commands.migrate.written import SOURCE, config_map, deployment, eventer

KEY = "7fe90cd7-08a2-4c85-9ee7-ee7791044d29"
ROBOT = f"--sink=webhook:https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}&level=Warning&method=POST"
SLS = f"--sink=sls:https://x.aliyuncs.com?project=p&accessKeySecret={KEY}&level=Normal"


class Ran:
    """What a run printed."""

    def __init__(self, *argv: str, objects: list[Any] | None = None, environ: Mapping[str, str] | None = None) -> None:
        stdin = io.BytesIO(yaml.safe_dump_all(objects or []).encode())
        self.out, self.err = io.StringIO(), io.StringIO()
        streams = Streams(stdin=stdin, stdout=self.out, stderr=self.err)
        self.status = run(argv, environ=environ or {}, streams=streams)

    @property
    def text(self) -> str:
        return self.out.getvalue()

    @property
    def said(self) -> str:
        return self.err.getvalue()

    def objects(self, kind: str) -> list[Any]:
        return [each for each in yaml.safe_load_all(self.text) if each["kind"] == kind]


def with_args(*args: str, **container: Any) -> dict[str, Any]:
    """A Deployment with these args."""
    return deployment(containers=[eventer(command=["/kube-eventer", SOURCE, *args], **container)])


def test_what_is_printed_is_ready_to_run() -> None:
    """The account, its rights, the Secret and the Deployment, in this order; the daemon takes the args as they are."""
    ran = Ran("-", objects=[with_args(f"{ROBOT}&custom_body_configmap=t&custom_body_configmap_namespace=shop")])
    assert ran.status == 0
    assert [each["kind"] for each in yaml.safe_load_all(ran.text)] == [
        "ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding", "Role", "RoleBinding", "Secret",
        "Deployment",
    ]  # fmt: skip
    (secret,) = ran.objects("Secret")
    (made,) = ran.objects("Deployment")
    (container,) = made["spec"]["template"]["spec"]["containers"]
    assert secret["metadata"] == {"name": "kube-wecom-eventer-keys", "namespace": "kube-system"}
    assert secret["stringData"] == {"WECOM_ROBOT_KEY": KEY}
    assert "command" not in container
    assert container["image"] == f"kube-wecom-eventer:{__version__}"
    settings = load_settings(container["args"], environ={"WECOM_ROBOT_KEY": KEY, "TZ": "Asia/Shanghai"})
    assert settings.warnings == ()
    (variable,) = [each for each in container["env"] if each["name"] == "WECOM_ROBOT_KEY"]
    assert variable["valueFrom"] == {"secretKeyRef": {"name": "kube-wecom-eventer-keys", "key": "WECOM_ROBOT_KEY"}}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_key_stands_in_the_secret_only(lang: str) -> None:
    """Not in a comment, not in the args, not in the summary."""
    ran = Ran("-", f"--lang={lang}", objects=[with_args(ROBOT, SLS, "--sink=log:")])
    assert [line for line in (ran.text + ran.said).splitlines() if KEY in line] == [f"  WECOM_ROBOT_KEY: {KEY}"]


def test_the_secret_can_be_left_to_a_command() -> None:
    """Then no key is printed, and the summary and the first comment have the command, with the key's beginning."""
    ran = Ran("-", "--secrets=command", objects=[with_args(ROBOT)])
    assert KEY not in ran.text + ran.said
    assert ran.objects("Secret") == []
    command = (
        "kubectl -n kube-system create secret generic kube-wecom-eventer-keys --from-literal=WECOM_ROBOT_KEY='7fe9...'"
    )
    assert f"#   {command}" in ran.text.splitlines()
    assert f"      {command}" in ran.said.splitlines()


def test_a_sink_that_cannot_run_is_a_comment_and_exit_1() -> None:
    """With what to do, and where its key was three stars; the rest is migrated."""
    ran = Ran("-", objects=[with_args(SLS, ROBOT)])
    assert ran.status == 1
    lines = [line.strip() for line in ran.text.splitlines()]
    place = lines.index("# - --sink=sls:https://x.aliyuncs.com?project=p&accessKeySecret=***&level=Normal")
    assert lines[place - 1].endswith("(--sink=log:?level=Normal).")
    assert lines[place + 1].startswith("# There was no template")
    assert "--sink 1: There is no sls: here" in ran.said
    (container,) = ran.objects("Deployment")[0]["spec"]["template"]["spec"]["containers"]
    assert container["args"] == [SOURCE, "--sink=wecom:?key=${WECOM_ROBOT_KEY}&level=Warning"]


def test_nothing_that_can_run_is_exit_2_and_a_sink_can_be_added() -> None:
    """The line says how; then it is printed, with what was left out."""
    refused = Ran("-", objects=[with_args(SLS)])
    shown = "--sink=sls:https://x.aliyuncs.com?project=p&accessKeySecret=***&level=Normal"
    assert (refused.status, refused.text) == (2, "")
    first, last = refused.said.splitlines()
    assert first.startswith(f"kube-wecom-eventer migrate: {shown}: sls: is kube-eventer's, not supported here; write")
    assert last == (
        "kube-wecom-eventer migrate: no sink is left that can run here; add one: --sink='wecom:?key=KEY&level=Warning'"
    )
    added = Ran("-", f"--sink=wecom:?key={KEY}&route=ops", objects=[with_args(SLS)])
    assert added.status == 1
    assert "- --sink=wecom:?key=${WECOM_ROBOT_KEY}&level=Warning&route=ops" in added.text
    assert KEY not in added.said


def test_what_kube_eventer_would_refuse_is_refused() -> None:
    """Such a Deployment never ran."""
    ran = Ran("-", objects=[with_args(ROBOT, "--nope", "--event-metrics=maybe")])
    assert ran.status == 2
    assert ran.said.splitlines() == [
        "kube-wecom-eventer migrate: --nope: unknown flag; --help lists the known ones",
        "kube-wecom-eventer migrate: --event-metrics=maybe: not a bool; write --event-metrics=true or "
        "--event-metrics=false",
    ]


def test_comments_and_summary_are_in_the_language_of_the_locale() -> None:
    """Chinese where that is Chinese, unless --lang says else."""
    objects = [with_args("--sink=log:", "--frequency=30s")]
    chinese = Ran("-", objects=objects, environ={"LANG": "zh_CN.UTF-8"})
    assert "行为变化：" in chinese.said
    assert "# --frequency 在这里不起作用，已去掉。" in chinese.text
    english = Ran("-", "--lang=en", objects=objects, environ={"LANG": "zh_CN.UTF-8"})
    assert "What changes:" in english.said
    assert (english.text + english.said).isascii()


def test_templates_are_checked_where_they_are_known() -> None:
    """One that is fit, one that WeCom would refuse, one that is not in the input."""
    body = '{"msgtype": "text", "text": {"content": "{{ .Message }}"}}'
    sink = f"{ROBOT}&custom_body_configmap=body&custom_body_configmap_namespace=kube-system"
    fit = Ran("-", objects=[config_map(content=body), with_args(sink)])
    assert "template" not in fit.said.partition("To do:")[2]
    unfit = Ran("-", objects=[config_map(content='{"EventType": "{{ .Type }}"}'), with_args(sink)])
    assert "--sink 1: The template in ConfigMap kube-system/body can't be used" in unfit.said
    missing = Ran("-", objects=[with_args(sink)])
    assert "--sink 1: ConfigMap kube-system/body with the template is not in the input" in missing.said


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize(("secrets", "mode"), [("inline", 0o600), ("command", 0o644)])
def test_the_output_may_be_a_file(tmp_path: Path, secrets: str, mode: int, there: bool) -> None:
    """With keys in it, only its owner may read it, also where it was there before."""
    source, target = tmp_path / "old.yaml", tmp_path / "new.yaml"
    source.write_text(yaml.safe_dump(with_args(ROBOT)))
    if there:
        target.touch(mode=0o644)
    ran = Ran(str(source), f"--secrets={secrets}", "-o", str(target))
    assert (ran.status, ran.text) == (0, "")
    assert stat.S_IMODE(target.stat().st_mode) & mode == stat.S_IMODE(target.stat().st_mode)
    assert [each["kind"] for each in yaml.safe_load_all(target.read_text())][-1] == "Deployment"


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ([], "what is to be migrated? write FILE, - for standard input, or --name=NAME; see --help"),
        (["/nonexistent.yaml"], "/nonexistent.yaml: can't be read: No such file or directory"),
        (["/"], "/: can't be read: Is a directory"),
        (["-", "--as=kube-eventer"], "--as=kube-eventer: is the old one's name; both run for a while"),
        (["--name=a b"], "--name='a b': no Deployment's name; write for example --name=kube-eventer"),
        (["-", "--namespace=A/b"], "--namespace='A/b': no namespace's name; write for example --namespace=kube-system"),
        (["-", "--as=No_Name"], "--as=No_Name: can be no Deployment's name"),
        (["-", "-o", "/dev/null/x.yaml"], "--output=/dev/null/x.yaml: can't be written: Not a directory"),
    ],
)
def test_mistakes_are_one_clear_line(argv: list[str], words: str) -> None:
    """Exit 2 and no traceback."""
    ran = Ran(*argv, objects=[with_args(ROBOT)], environ={"KUBECONFIG": "/nonexistent"})
    assert ran.status == 2
    assert len(ran.said.splitlines()) == 1
    assert ran.said.startswith(f"kube-wecom-eventer migrate: {words}")


def test_the_new_one_has_a_name_of_its_own() -> None:
    """Beside the old one, whatever that is called."""
    for old, new in (
        ("kube-eventer", "kube-wecom-eventer"),
        ("kube-eventer-b", "kube-wecom-eventer-b"),
        ("e", "kube-wecom-e"),
    ):
        ran = Ran("-", objects=[deployment(name=old)])
        assert [each["metadata"]["name"] for each in ran.objects("Deployment")] == [new]
    named = Ran("-", "--as=mine", "--image=registry.example.com/eventer:2", objects=[deployment()])
    (made,) = named.objects("Deployment")
    assert made["metadata"]["name"] == "mine"
    assert made["spec"]["template"]["spec"]["containers"][0]["image"] == "registry.example.com/eventer:2"
    assert "registry" not in named.said


def test_an_image_that_was_not_said_is_to_be_written() -> None:
    """There is no public one."""
    ran = Ran("-", objects=[deployment()])
    assert "  - Write your registry's name of the image, or say it by --image=." in ran.said.splitlines()


def test_whoever_reads_the_output_may_leave_early(tmp_path: Path) -> None:
    """As `migrate old.yaml | head`: no traceback."""
    source = tmp_path / "old.yaml"
    source.write_text(yaml.safe_dump(with_args(ROBOT)))
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "kube_wecom_eventer", "migrate", str(source)]
    ran = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, timeout=30, check=False)
    os.close(writer)
    assert "Traceback" not in ran.stderr
