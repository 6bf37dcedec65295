"""Bad input through tritonclient: Triton's codes and Triton's texts."""
import queue
import time

import grpc
import numpy as np
import pytest
import tritonclient.grpc as triton
from tritonclient.grpc import service_pb2, service_pb2_grpc


def tensor(name, shape, datatype="FP32", dtype=np.float32):
    result = triton.InferInput(name, shape, datatype)
    result.set_data_from_numpy(np.zeros(shape, dtype=dtype))
    return result


def refused(call):
    with pytest.raises(triton.InferenceServerException) as error:
        call()
    return error.value.status(), error.value.message()


def ints(*names, shape=(1, 16)):
    return [tensor(name, shape, "INT32", np.int32) for name in names]


@pytest.mark.parametrize(
    "model, version, inputs, code, text",
    [
        ("none", "", ints("INPUT0"), "NOT_FOUND", "Request for unknown model: 'none' is not found"),
        (
            "identity_fp32",
            "9",
            [tensor("INPUT0", (1, 2))],
            "NOT_FOUND",
            "Request for unknown model: 'identity_fp32' version 9 is not found",
        ),
        (
            "add_and_subtract",
            "",
            ints("INPUT0"),
            "INVALID_ARGUMENT",
            "expected 2 inputs but got 1 inputs for model 'add_and_subtract'. Got input(s) ['INPUT0'], but missing"
            " required input(s) ['INPUT1']. Please provide all required input(s).",
        ),
        (
            "add_and_subtract",
            "",
            ints("INPUT0", "INPUT2"),
            "INVALID_ARGUMENT",
            "unexpected inference input 'INPUT2' for model 'add_and_subtract'",
        ),
        (
            "identity_int32",
            "",
            [tensor("INPUT0", (1, 2))],
            "INVALID_ARGUMENT",
            "inference input 'INPUT0' data-type is 'FP32', but model 'identity_int32' expects 'INT32'",
        ),
        (
            "identity_int32",
            "",
            ints("INPUT0", shape=(9, 2)),
            "INVALID_ARGUMENT",
            "inference request batch-size must be <= 8 for 'identity_int32'",
        ),
    ],
    ids=["unknown model", "unknown version", "missing input", "unexpected input", "wrong type", "batch too large"],
)
def test_a_bad_request_is_refused_as_triton_does(client, model, version, inputs, code, text):
    status, message = refused(lambda: client.infer(model, inputs, version))
    assert status == f"StatusCode.{code}"
    assert text in message


def test_a_shape_that_does_not_fit_is_refused(client):
    status, message = refused(lambda: client.infer("identity_image", [tensor("INPUT0", (1, 224, 224, 1))]))
    assert status == "StatusCode.INVALID_ARGUMENT"
    assert "Expected [-1,224,224,3], got [1,224,224,1]" in message


def test_an_output_that_does_not_exist_is_refused(client):
    outputs = [triton.InferRequestedOutput("OUTPUT9")]
    status, message = refused(lambda: client.infer("identity_fp32", [tensor("INPUT0", (1, 2))], outputs=outputs))
    assert status == "StatusCode.INVALID_ARGUMENT"
    assert "unexpected inference output 'OUTPUT9' for model 'identity_fp32'" in message


def test_a_length_that_lies_is_refused(server):
    with grpc.insecure_channel(server.url) as channel:
        stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
        request = service_pb2.ModelInferRequest(model_name="identity_fp32", raw_input_contents=[b"\0" * 60])
        request.inputs.add(name="INPUT0", datatype="FP32", shape=[1, 16])
        with pytest.raises(grpc.RpcError) as error:
            stub.ModelInfer(request, timeout=10)
        assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        assert "Expected 64, got 60" in error.value.details()


def test_bytes_that_are_no_message_are_refused_and_the_connection_lives(server):
    with grpc.insecure_channel(server.url) as channel:
        garbage = channel.unary_unary("/inference.GRPCInferenceService/ModelInfer")
        with pytest.raises(grpc.RpcError) as error:
            garbage(b"\xff" * 100, timeout=10)
        assert error.value.code() != grpc.StatusCode.DEADLINE_EXCEEDED
        stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
        assert stub.ServerLive(service_pb2.ServerLiveRequest(), timeout=10).live


def test_a_request_that_waits_past_its_deadline_costs_no_other_request(client):
    """The deadline passes while an earlier request holds the only instance."""
    answers = queue.Queue()
    inputs = [tensor("INPUT0", (1, 4))]
    client.async_infer("identity_slow", inputs, lambda result, error: answers.put(error))
    status, _ = refused(lambda: client.infer("identity_slow", inputs, client_timeout=0.1))
    assert status == "StatusCode.DEADLINE_EXCEEDED"
    assert answers.get(timeout=10) is None
    assert client.infer("identity_slow", inputs).as_numpy("OUTPUT0") is not None


def test_a_cancelled_request_is_given_up(client):
    answers = queue.Queue()
    inputs = [tensor("INPUT0", (1, 4))]
    call = client.async_infer("identity_slow", inputs, lambda result, error: answers.put(error))
    call.cancel()
    assert answers.get(timeout=10).status() == "StatusCode.CANCELLED"
    assert client.infer("identity_slow", inputs).as_numpy("OUTPUT0") is not None


def test_a_full_queue_refuses_the_next_request(client):
    answers = queue.Queue()
    inputs = [tensor("INPUT0", (1, 4))]
    for _ in range(6):
        client.async_infer("identity_full", inputs, lambda result, error: answers.put(error))
    errors = [error for error in (answers.get(timeout=20) for _ in range(6)) if error]
    # One runs and two wait; the first may have been taken before or after the others came.
    assert len(errors) in (3, 4)
    assert {(error.status(), "Exceeds maximum queue size" in error.message()) for error in errors} == {
        ("StatusCode.UNAVAILABLE", True)
    }


def test_a_queue_timeout_is_kept_to_while_the_instance_is_busy(client):
    answers = queue.Queue()
    inputs = [tensor("INPUT0", (1, 4))]
    start = time.monotonic()
    for _ in range(2):
        client.async_infer(
            "identity_impatient", inputs, lambda result, error: answers.put((error, time.monotonic() - start))
        )
    (first, first_at), (second, second_at) = sorted((answers.get(timeout=20) for _ in range(2)), key=lambda a: a[1])
    assert first.status() == "StatusCode.UNAVAILABLE"
    assert "Request timeout expired" in first.message()
    assert second is None
    # The refusal did not wait for the instance.
    assert first_at < second_at
