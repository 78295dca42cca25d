"""The command ``routes``, before whatever answers at the daemon's address."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import msgspec
import pytest

from kube_wecom_eventer.commands.routes import run
from kube_wecom_eventer.route_states import RoutesAnswer, RouteState


@contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    """Answer each request so; yield the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_nothing_that_a_team_writes_moves_the_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    """A refusal quotes the ConfigMap; each route is a line."""
    state = RouteState(
        route="a/b", source="ConfigMap a/b", state="refused", trouble="level=\x1b[2J\nx: unknown", doubts=("y\x07",)
    )
    with answering(200, msgspec.json.encode(RoutesAnswer(routes=(state,), trouble="z\x9b"))) as url:
        assert run([f"--url={url}"], zone=UTC) == 1
    assert capsys.readouterr().out.replace("\ufffd", "?") == (
        "ROUTE  STATE    DESTINATION  LAST MESSAGE  WHAT IS WRONG\n"
        "a/b    refused  -            -             level=?[2J x: unknown; (doubtful: y?)\n"
        "\n"
        "There may be routes that the daemon can't see: z?\n"
    )


@pytest.mark.parametrize(("status", "body"), [(404, b"no such page"), (200, b"<html>"), (503, b"")])
def test_what_is_no_daemon_is_one_clear_line(status: int, body: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    """Another service at that port, for example: status 2."""
    with answering(status, body) as url:
        assert run([f"--url={url}"], zone=UTC) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"kube-wecom-eventer routes: --url={url}: no daemon answers there: ")
