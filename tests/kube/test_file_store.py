from __future__ import annotations

import fcntl
import os
import stat
from pathlib import Path
from typing import NoReturn

import pytest

from kube_wecom_eventer.errors import CheckpointError
from kube_wecom_eventer.kube import file_store
from kube_wecom_eventer.kube.file_store import FileStore

MINE = b'{"writer": "me"}'


def store_at(path: Path) -> FileStore:
    return FileStore(path=path, writer="me")


def files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


async def test_its_owner_alone_may_read_it(tmp_path: Path) -> None:
    """It tells which pods fail. Nothing else is left in the directory."""
    path = tmp_path / "checkpoint.json"
    path.touch(mode=0o666)
    store = store_at(path)
    await store.write(MINE)
    await store.keep_aside(b"{half")
    names = [each.name for each in files(tmp_path)]
    assert [name.partition(".broken-")[0] for name in names] == ["checkpoint.json", "checkpoint.json"]
    assert {stat.S_IMODE(each.stat().st_mode) for each in files(tmp_path)} == {0o600}


async def test_the_oldest_that_was_kept_aside_goes(tmp_path: Path) -> None:
    """And no file that only looks alike."""
    path = tmp_path / "checkpoint.json"
    alike = tmp_path / "checkpoint.json.broken-by-me"
    alike.touch()
    store = store_at(path)
    for number, text in enumerate((b"1", b"2", b"3")):
        os.utime(await store.keep_aside(text), (number, number))
    assert {each.read_bytes() for each in files(tmp_path) if each != alike} == {b"2", b"3"}
    assert alike.exists()


async def test_a_path_may_be_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To where the daemon was started."""
    monkeypatch.chdir(tmp_path)
    await store_at(Path("checkpoint.json")).write(MINE)
    assert (tmp_path / "checkpoint.json").read_bytes() == MINE


async def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    """It is said when the daemon starts, by the first look."""
    folder = tmp_path / "missing"
    with pytest.raises(CheckpointError) as caught:
        await store_at(folder / "c").read()
    assert str(caught.value) == f"file {folder}/c can't be read: there is no directory {folder}"
    for call in (store_at(folder / "c").write, store_at(folder / "c").keep_aside):
        with pytest.raises(CheckpointError, match=rf": there is no directory {folder}$"):
            await call(MINE)


@pytest.mark.parametrize("kind", ["directory", "pipe"])
async def test_what_is_no_file_is_no_place(tmp_path: Path, kind: str) -> None:
    """A named pipe would hold the daemon for ever."""
    path = tmp_path / "c"
    (os.mkdir if kind == "directory" else os.mkfifo)(path)
    store = store_at(path)
    for _ in range(2):
        with pytest.raises(CheckpointError, match=r"^file .* is no regular file; write --checkpoint=file:PATH of one$"):
            await store.read()
        with pytest.raises(CheckpointError, match=r"is no regular file"):
            await store.write(MINE)
    assert files(tmp_path) == [path]


async def test_a_file_for_a_directory(tmp_path: Path) -> None:
    """In the system's words."""
    (tmp_path / "file").touch()
    with pytest.raises(CheckpointError, match=r"can't be read: Not a directory$"):
        await store_at(tmp_path / "file" / "c").read()


async def test_a_huge_file_is_no_checkpoint(tmp_path: Path) -> None:
    """It is neither read nor overwritten: somebody mistook the path."""
    path = tmp_path / "c"
    path.write_bytes(b"x" * (1024 * 1024 + 1))
    with pytest.raises(CheckpointError, match=r"is larger than 1048576 bytes, so it is no checkpoint$"):
        await store_at(path).read()
    with pytest.raises(CheckpointError, match=r"is larger than"):
        await store_at(path).write(MINE)
    assert path.stat().st_size == 1024 * 1024 + 1


@pytest.mark.parametrize(("number", "words"), [(13, "Permission denied"), (30, "Read-only file system")])
async def test_a_directory_where_it_may_not_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    """In the system's words. Simulated: the tests may run as root, who may write everywhere."""
    real = os.open

    def refusing(path: Path, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_CREAT:
            raise OSError(number, words)
        return real(path, flags, mode)

    monkeypatch.setattr("os.open", refusing)
    with pytest.raises(CheckpointError, match=rf"can't be written: {words}$"):
        await store_at(tmp_path / "c").write(MINE)
    assert files(tmp_path) == []


async def test_a_full_disk_leaves_the_old_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole, and with no half one beside it; the next write may succeed."""
    store = store_at(tmp_path / "c")
    await store.write(MINE)

    def full(_descriptor: int) -> NoReturn:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        with pytest.raises(CheckpointError, match=r"can't be written: No space left on device$"):
            await store.write(b'{"writer": "me", "count": 2}')
    assert [each.read_bytes() for each in files(tmp_path)] == [MINE]
    await store.write(b'{"writer": "me", "count": 3}')


async def test_a_lock_that_stays_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No thread waits for ever, so the daemon can end."""
    monkeypatch.setattr(file_store, "_PATIENCE", 0.05)
    store = store_at(tmp_path / "c")
    descriptor = os.open(tmp_path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with pytest.raises(CheckpointError, match=r"can't be written: its directory stays locked$"):
            await store.write(MINE)
        assert await store.read() is None
    finally:
        os.close(descriptor)
    await store.write(MINE)


async def test_a_file_system_without_locks_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As some network file systems."""

    def unsupported(_descriptor: int, _operation: int) -> NoReturn:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("fcntl.flock", unsupported)
    await store_at(tmp_path / "c").write(MINE)
    assert (tmp_path / "c").read_bytes() == MINE


async def test_a_link_at_the_temporary_file_is_not_followed(tmp_path: Path) -> None:
    """A link in its place must not lead our write elsewhere."""
    target = tmp_path / "target"
    target.write_text("theirs")
    (tmp_path / ".c.tmp").symlink_to(target)
    with pytest.raises(CheckpointError, match=r"can't be written: Too many levels of symbolic links$"):
        await store_at(tmp_path / "c").write(MINE)
    assert target.read_text() == "theirs"
    await store_at(tmp_path / "c").write(MINE)
