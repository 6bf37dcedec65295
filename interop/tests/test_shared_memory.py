"""Tensors in the system's shared memory, with NVIDIA's own client and load generator on the other side."""
import os

import numpy as np
import pytest
import tritonclient.grpc as triton
import tritonclient.utils.shared_memory as shm
from tritonclient.utils import serialize_byte_tensor, serialized_byte_size

from perf_analyzer import run as perf_analyzer
from server import Server

SIZE = 4096


@pytest.fixture(scope="module")
def sharing(repository, tmp_path_factory):
    log = tmp_path_factory.mktemp("log") / "sharing.log"
    with Server(repository, log, "--allow-client-shm=true") as server:
        yield server
    assert server.process.returncode == 0, server.read_log()


@pytest.fixture
def client(sharing):
    with triton.InferenceServerClient(sharing.url) as client:
        yield client
        client.unregister_system_shared_memory()


@pytest.fixture
def region(client):
    key = f"/nereid_interop_{os.getpid()}"
    handle = shm.create_shared_memory_region("r", key, SIZE)
    client.register_system_shared_memory("r", key, SIZE)
    yield handle
    shm.destroy_shared_memory_region(handle)


def shared_input(name, shape, datatype, byte_size, offset=0):
    tensor = triton.InferInput(name, shape, datatype)
    tensor.set_shared_memory("r", byte_size, offset)
    return tensor


def shared_output(name, byte_size, offset):
    output = triton.InferRequestedOutput(name)
    output.set_shared_memory("r", byte_size, offset)
    return output


def test_inputs_and_outputs_lie_in_a_region(client, region):
    first = np.arange(16, dtype=np.int32).reshape(1, 16)
    second = np.full((1, 16), 5, dtype=np.int32)
    shm.set_shared_memory_region(region, [first, second])
    result = client.infer(
        "add_and_subtract",
        [shared_input("INPUT0", (1, 16), "INT32", 64), shared_input("INPUT1", (1, 16), "INT32", 64, 64)],
        outputs=[shared_output("OUTPUT0", 64, 1024), triton.InferRequestedOutput("OUTPUT1")],
    )
    # Triton's own client reads them by the answer's type and shape.
    described = result.get_output("OUTPUT0")
    written = shm.get_contents_as_numpy(region, np.int32, described.shape, 1024)
    assert (written == first + second).all()
    assert (result.as_numpy("OUTPUT1") == first - second).all()


def test_strings_lie_in_a_region(client, region):
    texts = np.array([["alpha", "", "gamma"]], dtype=np.object_)
    encoded = serialize_byte_tensor(texts)
    size = serialized_byte_size(encoded)
    shm.set_shared_memory_region(region, [encoded])
    client.infer(
        "identity_bytes",
        [shared_input("INPUT0", (1, 3), "BYTES", size)],
        outputs=[shared_output("OUTPUT0", 256, 512)],
    )
    written = shm.get_contents_as_numpy(region, np.object_, (1, 3), 512)
    assert [text.decode() for text in written.flatten()] == ["alpha", "", "gamma"]


def test_regions_are_listed_and_refused_with_tritons_texts(client, region):
    status = client.get_system_shared_memory_status(as_json=True)
    assert list(status["regions"]) == ["r"]
    assert int(status["regions"]["r"]["byte_size"]) == SIZE
    with pytest.raises(triton.InferenceServerException, match="shared memory region 'r' already in manager"):
        client.register_system_shared_memory("r", "/whatever", SIZE)
    with pytest.raises(triton.InferenceServerException, match="Unable to open shared memory region: '/none_such'"):
        client.register_system_shared_memory("s", "/none_such", SIZE)
    with pytest.raises(triton.InferenceServerException, match=r"Invalid offset \+ byte size for shared memory region"):
        client.infer(
            "add_and_subtract",
            [
                shared_input("INPUT0", (1, 16), "INT32", 64, SIZE - 32),
                shared_input("INPUT1", (1, 16), "INT32", 64),
            ],
        )
    client.unregister_system_shared_memory("r")
    assert not client.get_system_shared_memory_status(as_json=True).get("regions")
    with pytest.raises(triton.InferenceServerException, match="Unable to find shared memory region: 'r'"):
        client.infer("identity_fp32", [shared_input("INPUT0", (1, 4), "FP32", 16)])


def test_cuda_regions_need_a_gpu(client):
    assert not client.get_cuda_shared_memory_status(as_json=True).get("regions")
    with pytest.raises(triton.InferenceServerException, match="failed to register shared memory region"):
        client.register_cuda_shared_memory("g", b"QUFB" * 16, 0, 64)


def test_perf_analyzer_measures_with_shared_memory(sharing, tmp_path):
    rows, output = perf_analyzer(
        sharing,
        tmp_path / "table.csv",
        *("-m", "identity_image", "-b", "2", "--concurrency-range", "2", "--shared-memory", "system"),
        *("--output-shared-memory-size", str(2 * 224 * 224 * 3 * 4)),
    )
    assert float(rows[0]["Inferences/Second"]) > 0, output
