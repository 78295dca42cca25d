"""What a user sees of the commonest mistakes; docs/troubleshooting.md lists them, with these words."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.daemon.conftest import KEY, Pipeline
from tests.daemon.test_check import check, now_text, run, template

ROOT = Path(__file__).parents[2]
PAGES = tuple((ROOT / "docs" / name).read_text() for name in ("troubleshooting.md", "troubleshooting.zh-CN.md"))


def documented(words: str) -> str:
    """Return words that both languages' pages show."""
    for page in PAGES:
        assert words in page, words
    return words


async def test_a_wrong_key(pipeline: Pipeline) -> None:
    """Also the key of a robot that was removed: WeCom's answer is the same."""
    sink = f"--sink=wecom:?key=no-such-robot&api={pipeline.group.url}"
    checked = await check(pipeline, sink, "--send-test")
    words = documented("errcode 93000: the key is wrong, or the robot was removed from the group")
    assert words in checked.about("sink-1", "✗")[0]
    async with pipeline.daemon(sink) as daemon:
        await daemon.ready()
        await pipeline.event("one")
        assert words in (await daemon.log("destination_broken"))["detail"]


async def test_a_config_map_in_the_wrong_namespace(pipeline: Pipeline) -> None:
    """Without its namespace it is looked for in ``default``; where there is one is said."""
    name = f"words-{pipeline.server.namespace}"
    await pipeline.config_map(name, content="x")
    checked = await check(pipeline, pipeline.group.sink(f"custom_body_configmap={name}"))
    missing = checked.finding(documented("no such ConfigMap"))
    assert missing["do"][0].startswith(f"custom_body_configmap_namespace={pipeline.server.namespace}: ")


@pytest.mark.parametrize(
    ("written", "words", "mark"),
    [
        (
            "level=Normal,Warning",
            "level=Normal,Warning: unknown level; write level=Warning, or level=Normal for both levels",
            "✗",
        ),
        ("reason=[^Unhealthy]", "to leave out one reason write exclude_reason=^Unhealthy$", "!"),
        ("reason=[", "no regular expression in RE2's syntax", "✗"),
        ("namespace=payments", "did you mean namespaces", "!"),
        ("level=Normal?kinds=Node", "only the first option follows '?'; write '&kinds='", "!"),
    ],
)
async def test_a_slip_in_a_parameter(pipeline: Pipeline, written: str, words: str, mark: str) -> None:
    """Said at once, with what to write."""
    checked = await check(pipeline, f"--sink=wecom:?key={KEY}&api={pipeline.group.url}&{written}")
    assert any(documented(words) in text for text in checked.marked(mark))


async def test_an_ampersand_without_a_question_mark(pipeline: Pipeline) -> None:
    """As kube-eventer's own documentation writes it; read as it was meant."""
    sink = f"--sink=webhook:{pipeline.group.url}/cgi-bin/webhook/send&key={KEY}&kinds=Node"
    checked = await check(pipeline, sink)
    words = documented("the options follow '&' with no '?' before them; write '?' before the first one")
    assert any(words in text for text in checked.marked("!"))
    assert "kinds=Node" in checked.about("sink-1", "✓")[0]


async def test_a_template_with_a_slip(pipeline: Pipeline) -> None:
    """In Go's own words, with the line."""
    await pipeline.event("one", lastTimestamp=now_text())
    await pipeline.config_map("typo", content='{"msgtype":"text","text":{"content":"{{ .Reasn }}"}}')
    checked = await check(pipeline, pipeline.group.sink(template(pipeline, "typo")))
    (text,) = checked.about("sink-1 template", "✗")
    assert documented("can't evaluate field Reasn") in text
    assert documented("the built-in body would be sent") in text


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            '{"msgtype":"text","text":{"content":"{{.Reason}}"},"mentioned_list":["@all"]}',
            "mentioned_list stands at the top of the body, where WeCom ignores it",
        ),
        (
            '{"msgtype":"markdown","markdown":{"content":"{{.Reason}}","mentioned_list":["wangqing"]}}',
            "mentioned_list has no effect in markdown",
        ),
    ],
    ids=["outside", "markdown"],
)
async def test_a_mention_that_cannot_work(pipeline: Pipeline, body: str, words: str) -> None:
    """The message is sent; the doubt says what to write."""
    await pipeline.config_map("mentions", content=body)
    sink = pipeline.group.sink(template(pipeline, "mentions"))
    checked = await check(pipeline, sink)
    assert any(documented(words) in text for text in checked.about("sink-1 template", "!"))
    async with pipeline.daemon(sink) as daemon:
        assert words in str(await daemon.log("template_doubtful"))


async def test_no_network_to_wecom(pipeline: Pipeline) -> None:
    """What was tried, and the ways out."""
    checked = await check(pipeline, f"--sink=wecom:?key={KEY}&api=http://127.0.0.1:9")
    reach = checked.finding(documented("can't be reached"))
    assert documented("HTTPS_PROXY=http://HOST:PORT, or api=URL of a proxy before WeCom") in reach["do"][0]


async def test_a_kubeconfig_without_a_current_context(tmp_path: Path) -> None:
    """And how to choose one."""
    path = tmp_path / "config"
    path.write_text("{apiVersion: v1, kind: Config, clusters: [], users: [], contexts: []}")
    checked = await run({"KUBECONFIG": str(path)}, f"--sink=wecom:?key={KEY}")
    words = documented("no current context; choose one with 'kubectl config use-context NAME'")
    assert any(words in text for text in checked.marked("✗"))
