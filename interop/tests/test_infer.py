"""Inference through tritonclient, on all three backends."""
import queue

import ml_dtypes
import numpy as np
import pytest
import tritonclient.grpc as triton
from tritonclient.utils import triton_to_np_dtype

from models import TYPES


def tensor(name, array, datatype):
    result = triton.InferInput(name, array.shape, datatype)
    result.set_data_from_numpy(array)
    return result


@pytest.mark.parametrize("datatype", [name for name in TYPES if name not in ("BYTES", "BF16")])
def test_identity_gives_back_every_fixed_size_type(client, datatype):
    values = np.arange(10).reshape(2, 5).astype(triton_to_np_dtype(datatype))
    result = client.infer(f"identity_{datatype.lower()}", [tensor("INPUT0", values, datatype)])
    np.testing.assert_array_equal(result.as_numpy("OUTPUT0"), values)
    assert result.get_output("OUTPUT0").datatype == datatype


def test_identity_gives_back_bfloat16(client):
    values = np.array([[1.0, -2.5, 3.0]], dtype=ml_dtypes.bfloat16)
    result = client.infer("identity_bf16", [tensor("INPUT0", values, "BF16")])
    np.testing.assert_array_equal(result.as_numpy("OUTPUT0"), values)


def test_identity_gives_back_strings_byte_for_byte(client):
    values = np.array([[b"", b"one", "zwölf".encode()], [bytes(range(256)), b"\0", b"x" * 70_000]], dtype=np.object_)
    result = client.infer("identity_bytes", [tensor("INPUT0", values, "BYTES")])
    np.testing.assert_array_equal(result.as_numpy("OUTPUT0"), values)


def test_an_empty_tensor_comes_back_empty(client):
    values = np.zeros((0,), dtype=np.float32)
    result = client.infer("identity_nobatch", [tensor("INPUT0", values, "FP32")])
    assert result.as_numpy("OUTPUT0").shape == (0,)


def test_a_large_tensor_comes_back_whole(client):
    values = np.random.default_rng(1).random((64, 224, 224, 3), dtype=np.float32)
    result = client.infer("identity_image", [tensor("INPUT0", values, "FP32")])
    np.testing.assert_array_equal(result.as_numpy("OUTPUT0"), values)


def test_compressed_requests_are_understood(client):
    values = np.ones((1, 224, 224, 3), dtype=np.float32)
    for algorithm in ("gzip", "deflate"):
        result = client.infer(
            "identity_image", [tensor("INPUT0", values, "FP32")], compression_algorithm=algorithm
        )
        np.testing.assert_array_equal(result.as_numpy("OUTPUT0"), values)


def test_id_version_and_requested_outputs_are_kept(client):
    left, right = np.arange(16, dtype=np.int32)[None], np.ones((1, 16), dtype=np.int32)
    inputs = [tensor("INPUT0", left, "INT32"), tensor("INPUT1", right, "INT32")]
    outputs = [triton.InferRequestedOutput("OUTPUT1")]
    result = client.infer("add_and_subtract", inputs, "1", outputs, request_id="request 7")
    response = result.get_response()
    assert (response.id, response.model_name, response.model_version) == ("request 7", "add_and_subtract", "1")
    np.testing.assert_array_equal(result.as_numpy("OUTPUT1"), left - right)
    assert result.as_numpy("OUTPUT0") is None


def test_onnx_adds_and_subtracts_a_batch(client):
    rng = np.random.default_rng(2)
    left, right = (rng.integers(-1000, 1000, (4, 16), dtype=np.int32) for _ in range(2))
    result = client.infer("add_and_subtract", [tensor("INPUT0", left, "INT32"), tensor("INPUT1", right, "INT32")])
    np.testing.assert_array_equal(result.as_numpy("OUTPUT0"), left + right)
    np.testing.assert_array_equal(result.as_numpy("OUTPUT1"), left - right)


def test_tensorflow_and_onnx_runtime_agree_on_the_same_weights(client):
    images = (np.random.default_rng(3).random((2, 224, 224, 3), dtype=np.float32) - 0.5) * 256
    answers = [
        client.infer(model, [tensor("input", images, "FP32")], client_timeout=60).as_numpy("probabilities")
        for model in ("resnet50_original", "resnet50_onnx")
    ]
    assert answers[0].shape == (2, 1000)
    np.testing.assert_allclose(answers[0].sum(axis=1), 1, atol=1e-4)
    np.testing.assert_allclose(answers[0], answers[1], atol=1e-4)


def test_asynchronous_requests_are_all_answered_with_their_own_data(client):
    answers = queue.Queue()
    for number in range(200):
        values = np.full((1, 8), number, dtype=np.float32)
        client.async_infer(
            "identity_fp32",
            [tensor("INPUT0", values, "FP32")],
            lambda result, error, number=number: answers.put((number, result, error)),
        )
    for _ in range(200):
        number, result, error = answers.get(timeout=30)
        assert error is None
        np.testing.assert_array_equal(result.as_numpy("OUTPUT0"), np.full((1, 8), number, dtype=np.float32))
    assert answers.empty()


def test_concurrent_requests_share_a_batch(client):
    before = client.get_inference_statistics("identity_batched").model_stats[0].execution_count
    answers = queue.Queue()
    for number in range(4):
        values = np.full((1, 4), number, dtype=np.float32)
        client.async_infer(
            "identity_batched",
            [tensor("INPUT0", values, "FP32")],
            lambda result, error: answers.put((result, error)),
        )
    for _ in range(4):
        result, error = answers.get(timeout=30)
        assert error is None
    after = client.get_inference_statistics("identity_batched").model_stats[0].execution_count
    assert after - before == 1
