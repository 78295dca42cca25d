"""What every test room shares: the real API server, for the tests marked ``cluster``."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.support.api_servers import Server, demo_server, real_server
from tests.support.envtest import RealCluster

NO_ASSETS = "KUBEBUILDER_ASSETS is not set: it names a folder with kube-apiserver and etcd, which this test needs"


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the cluster tests on one worker, so that one server is enough; skip them where there is none."""
    for item in items:
        if item.get_closest_marker("cluster") is None:
            continue
        item.add_marker(pytest.mark.xdist_group("cluster"))
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


@pytest.fixture(params=["demo", pytest.param("real", marks=pytest.mark.cluster)])
async def server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Server]:
    """One of two API servers, the demo's and the real one, with a fresh namespace: the same test runs on both."""
    demo = request.param == "demo"
    running = demo_server() if demo else real_server(request.getfixturevalue("real_cluster"), tmp_path)
    async with running as started:
        yield started
