"""Who may post alerts: read from a file, again when that changes; nothing of it is ever shown."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from kube_wecom_eventer.alerts import Credentials
from kube_wecom_eventer.errors import ConfigError


def basic(text: str) -> str:
    return f"Basic {base64.b64encode(text.encode()).decode()}"


def test_tokens_and_passwords_are_read(tmp_path: Path) -> None:
    """A line for each; a bare one is a token, as in a credentials_file of Prometheus."""
    file = tmp_path / "auth"
    file.write_text("# who\ntoken: abc\n\nbasic: user:pa:ss wörd\nbare-token\n", encoding="utf-8")
    credentials = Credentials(file)
    allowed = ["Bearer abc", "bearer  abc ", basic("user:pa:ss wörd"), "Bearer bare-token"]
    refused = ["", "abc", "Bearer", "Bearer ab", "Bearer abcd", "Basic abc", basic("user:"), basic("abc"), "Token abc"]
    refused += ["Bearer user:pa:ss wörd", basic("token:abc"), "Basic " + "=" * 9, "Bearer \u0130"]
    assert [credentials.allow(each) for each in allowed] == [True] * len(allowed)
    assert [credentials.allow(each) for each in refused] == [False] * len(refused)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "holds no credential"),
        (b"# only words\n", "holds no credential"),
        (b"token:\n", "line 1 is no credential"),
        (b"ok\ntoken: two words\n", "line 2 is no credential"),
        (b"basic: user\n", "line 1 is no credential"),
        (b"basic: user:\n", "line 1 is no credential"),
        (b"password: s3cret\n", "line 1 is no credential"),
        (b"s3cret of two\n", "line 1 is no credential"),
        (b"\xff\xfe", "is no text"),
        (b"x" * 70_000, "has more than 65536 bytes"),
        (None, "No such file or directory"),
    ],
)
def test_a_file_that_can_not_be_used_ends_the_start(tmp_path: Path, content: bytes | None, problem: str) -> None:
    """The flag, the file and what to write are named, its content is not."""
    file = tmp_path / "auth"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        Credentials(file)
    (line,) = caught.value.problems
    assert line.startswith(f"--alertmanager-auth-file={file}: {problem}")
    assert "s3cret" not in line


def test_a_change_is_seen_and_a_mistake_keeps_what_was(tmp_path: Path) -> None:
    """As a Secret's volume changes: another file in its place. A mistake is said once."""
    file = tmp_path / "auth"
    file.write_text("token: one")
    credentials = Credentials(file)
    assert credentials.allow("Bearer one")

    def becomes(text: str) -> None:
        other = tmp_path / "other"
        other.write_text(text)
        os.replace(other, file)

    becomes("token: two")
    assert (credentials.allow("Bearer one"), credentials.allow("Bearer two")) == (False, True)
    with capture_logs() as logs:
        becomes("token: a b")
        assert [credentials.allow("Bearer two") for _ in range(3)] == [True] * 3
        assert credentials.trouble == (
            f"--alertmanager-auth-file={file}: line 1 is no credential; "
            "write token: TOKEN or basic: USER:PASSWORD, each on a line of its own"
        )
        becomes("token: three")
        assert credentials.allow("Bearer three")
        assert credentials.trouble == ""
    assert [line["event"] for line in logs] == ["alert_credentials_unusable", "alert_credentials_usable_again"]


def test_nothing_of_it_is_shown(tmp_path: Path) -> None:
    """Not even where an object is printed by mistake."""
    file = tmp_path / "auth"
    file.write_text("token: s3cret")
    credentials = Credentials(file)
    assert "s3cret" not in f"{credentials!r} {vars(credentials)}"
