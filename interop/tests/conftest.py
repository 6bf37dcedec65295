import subprocess

import pytest
import tritonclient.grpc as triton

import models
from server import COMMAND, Server


@pytest.fixture(scope="session")
def repository(tmp_path_factory):
    """Small models, and ResNet-50 for both engines as `nereid models build` makes it."""
    folder = tmp_path_factory.mktemp("repository")
    models.write(folder)
    subprocess.run(
        [COMMAND, "models", "build", "--into", folder, "--only", "resnet50_original,resnet50_onnx"],
        check=True,
        stdin=subprocess.DEVNULL,
        timeout=300,
    )
    return folder


@pytest.fixture(scope="session")
def server(repository, tmp_path_factory):
    with Server(repository, tmp_path_factory.mktemp("log") / "server.log") as server:
        yield server
        assert server.process.poll() is None, server.read_log()
    assert server.process.returncode == 0, server.read_log()


@pytest.fixture
def client(server):
    with triton.InferenceServerClient(server.url) as client:
        yield client
