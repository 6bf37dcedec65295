"""The server as a process: how it starts, refuses and stops."""
import queue
import subprocess
import time

import numpy as np
import tritonclient.grpc as triton

import models
from server import COMMAND, Server, free_ports


def test_sigterm_lets_the_requests_under_way_finish(tmp_path):
    models.identity(tmp_path / "models", "slow", "TYPE_FP32", "[ 4 ]", 1, models.slow("1500"))
    answers = queue.Queue()
    with Server(tmp_path / "models", tmp_path / "server.log") as server:
        with triton.InferenceServerClient(server.url) as client:
            tensor = triton.InferInput("INPUT0", (1, 4), "FP32")
            tensor.set_data_from_numpy(np.ones((1, 4), dtype=np.float32))
            for _ in range(2):
                client.async_infer("slow", [tensor], lambda result, error: answers.put((result, error)))
            # One runs and the other waits behind it: both have arrived.
            deadline = time.monotonic() + 20
            while server.metric("nv_inference_pending_request_count", model="slow") != 1:
                assert time.monotonic() < deadline, "the second request never came to wait"
            server.ask_to_stop()
            for _ in range(2):
                result, error = answers.get(timeout=20)
                assert error is None
                np.testing.assert_array_equal(result.as_numpy("OUTPUT0"), np.ones((1, 4), dtype=np.float32))
    assert server.process.returncode == 0, server.read_log()


def test_a_model_that_does_not_load_is_named_and_stops_no_other(tmp_path):
    models.identity(tmp_path / "models", "good", "TYPE_FP32", "[ 4 ]", 1)
    broken = tmp_path / "models" / "broken" / "1"
    broken.mkdir(parents=True)
    (broken / "model.onnx").write_bytes(b"this is no model")
    flags = ("--exit-on-error=false", "--strict-readiness=false")
    with Server(tmp_path / "models", tmp_path / "server.log", *flags) as server:
        with triton.InferenceServerClient(server.url) as client:
            assert client.is_model_ready("good")
            index = {model.name: model for model in client.get_model_repository_index().models}
            assert index["good"].state == "READY"
            assert index["broken"].state == "UNAVAILABLE"
            assert index["broken"].reason
    assert "broken" in server.read_log()


def test_a_model_that_does_not_load_ends_a_server_that_was_not_told_to_go_on(tmp_path):
    broken = tmp_path / "models" / "broken" / "1"
    broken.mkdir(parents=True)
    (broken / "model.onnx").write_bytes(b"this is no model")
    ended = serve(tmp_path / "models")
    assert ended.returncode == 1
    assert "broken" in ended.stdout


def test_a_port_that_is_taken_is_named(tmp_path):
    models.identity(tmp_path / "models", "good", "TYPE_FP32", "[ 4 ]", 1)
    with Server(tmp_path / "models", tmp_path / "server.log") as server:
        ended = serve(tmp_path / "models", server.grpc_port)
        assert ended.returncode == 1
        assert f"--grpc-port: {server.grpc_port}" in ended.stdout


def test_a_flag_that_does_not_exist_is_refused():
    ended = subprocess.run([COMMAND, "serve", "--no-such-flag"], capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert "--no-such-flag" in ended.stderr


def serve(repository, grpc_port=None):
    """A server that is expected to end by itself."""
    ports = free_ports(2)
    return subprocess.run(
        [
            COMMAND,
            "serve",
            f"--model-repository={repository}",
            "--grpc-address=127.0.0.1",
            f"--grpc-port={grpc_port or ports[0]}",
            "--metrics-address=127.0.0.1",
            f"--metrics-port={ports[1]}",
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
