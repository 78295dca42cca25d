"""What every test room shares: the real API server, for the tests marked ``cluster``."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from tests.support.api_servers import Server, demo_server, real_server
from tests.support.envtest import RealCluster

NO_ASSETS = "KUBEBUILDER_ASSETS is not set: it names a folder with kube-apiserver and etcd, which this test needs"
GROUP = "cluster"


class OneWorkerForTheCluster(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Spreads the tests over the workers, except those that share the real server, or a browser.

    xdist's own ``loadgroup`` does nothing since pytest 9.2 (pytest-xdist issue 1386). The controller sees
    nothing of a test but its id, so the id of a cluster test says what it is: in its folder or parameter.
    """

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith("tests/browser/"):  # a browser and a demo for each file
            return nodeid.partition("::")[0]
        return GROUP if GROUP in nodeid else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    """Keep the cluster tests on one worker, so that one server is enough."""
    return OneWorkerForTheCluster(config, log) if config.getoption("dist") == "load" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the cluster tests where there is no server to start."""
    for item in items:
        if item.get_closest_marker("cluster") is None:
            continue
        if GROUP not in item.nodeid:
            raise pytest.UsageError(f"{item.nodeid}: the id of a test marked cluster needs the word {GROUP!r}")
        if not os.environ.get("KUBEBUILDER_ASSETS"):
            item.add_marker(pytest.mark.skip(reason=NO_ASSETS))


@pytest.fixture(scope="session")
def _cluster_of_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealCluster]:
    cluster = RealCluster.start(
        assets=Path(os.environ["KUBEBUILDER_ASSETS"]), folder=tmp_path_factory.mktemp("cluster")
    )
    try:
        yield cluster
    finally:
        cluster.close()


@pytest.fixture
def real_cluster(_cluster_of_session: RealCluster) -> RealCluster:
    """The real API server, running. One for the whole session: use names of your own, and no others' objects.

    A test may kill it; the next one finds it started again.
    """
    _cluster_of_session.start_api_server()
    return _cluster_of_session


@pytest.fixture(params=["demo", pytest.param("cluster", marks=pytest.mark.cluster)])
async def server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Server]:
    """One of two API servers, the demo's and the real one, with a fresh namespace: the same test runs on both."""
    demo = request.param == "demo"
    running = demo_server() if demo else real_server(request.getfixturevalue("real_cluster"), tmp_path)
    async with running as started:
        yield started
