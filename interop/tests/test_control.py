"""Health, metadata, configuration, statistics and metrics through tritonclient."""
import grpc
import pytest
import tritonclient.grpc as triton

import numpy as np


def test_the_server_is_live_and_ready(client):
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("identity_fp32")
    assert client.is_model_ready("identity_fp32", "1")


def test_the_standard_health_service_says_serving(server):
    with grpc.insecure_channel(server.url) as channel:
        check = channel.unary_unary("/grpc.health.v1.Health/Check")
        # HealthCheckResponse { status: SERVING }
        assert check(b"", timeout=5) == b"\x08\x01"


def test_server_metadata_names_the_extensions(client):
    metadata = client.get_server_metadata(as_json=True)
    assert metadata["name"]
    assert metadata["version"]
    assert "statistics" in metadata["extensions"]


def test_model_metadata_leads_with_the_batch_dimension(client):
    metadata = client.get_model_metadata("resnet50_original")
    assert metadata.platform == "tensorflow_savedmodel"
    assert list(metadata.versions) == ["1"]
    assert [(i.name, i.datatype, list(i.shape)) for i in metadata.inputs] == [("input", "FP32", [-1, 224, 224, 3])]
    assert [(o.name, o.datatype, list(o.shape)) for o in metadata.outputs] == [("probabilities", "FP32", [-1, 1000])]


def test_the_configuration_is_complete_where_the_file_said_it_all(client):
    config = client.get_model_config("add_and_subtract").config
    assert config.backend == "onnxruntime"
    assert config.max_batch_size > 0
    assert [(i.name, list(i.dims)) for i in config.input] == [("INPUT0", [16]), ("INPUT1", [16])]
    assert [o.name for o in config.output] == ["OUTPUT0", "OUTPUT1"]
    assert len(config.instance_group) == 1


def test_the_repository_index_lists_every_model_as_ready(client):
    index = {model.name: model for model in client.get_model_repository_index().models}
    assert {"identity_fp32", "add_and_subtract", "resnet50_original", "resnet50_onnx"} <= index.keys()
    assert {(model.version, model.state) for model in index.values()} == {("1", "READY")}


def test_statistics_and_metrics_count_requests_rows_and_batches(client, server):
    def count():
        return client.get_inference_statistics("identity_uint8").model_stats[0]

    def metric(name):
        return server.metric(name, model="identity_uint8", version="1")

    before, metric_before = count(), metric("nv_inference_count")
    rows = np.zeros((3, 5), dtype=np.uint8)
    tensor = triton.InferInput("INPUT0", rows.shape, "UINT8")
    tensor.set_data_from_numpy(rows)
    client.infer("identity_uint8", [tensor])
    after = count()
    assert after.inference_count - before.inference_count == 3
    assert after.execution_count - before.execution_count == 1
    assert after.inference_stats.success.count - before.inference_stats.success.count == 1
    assert {batch.batch_size for batch in after.batch_stats} >= {3}
    assert metric("nv_inference_count") - metric_before == 3


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.load_model("identity_fp32"),
        lambda client: client.unload_model("identity_fp32"),
        lambda client: client.get_system_shared_memory_status(),
        lambda client: client.get_trace_settings(),
        lambda client: client.get_log_settings(),
    ],
    ids=["load", "unload", "shared memory", "trace", "log"],
)
def test_what_is_not_supported_is_refused_with_a_reason(client, call):
    with pytest.raises(triton.InferenceServerException) as refused:
        call(client)
    assert refused.value.status() in ("StatusCode.UNIMPLEMENTED", "StatusCode.UNAVAILABLE")
    assert refused.value.message()
