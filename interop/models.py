"""The models that the tests infer on."""
import os

import onnx
from onnx import TensorProto, helper

# KServe's name of every element type that Python's client can send, and config.pbtxt's.
TYPES = {
    "BOOL": "TYPE_BOOL",
    "UINT8": "TYPE_UINT8",
    "UINT16": "TYPE_UINT16",
    "UINT32": "TYPE_UINT32",
    "UINT64": "TYPE_UINT64",
    "INT8": "TYPE_INT8",
    "INT16": "TYPE_INT16",
    "INT32": "TYPE_INT32",
    "INT64": "TYPE_INT64",
    "FP16": "TYPE_FP16",
    "FP32": "TYPE_FP32",
    "FP64": "TYPE_FP64",
    "BYTES": "TYPE_STRING",
    "BF16": "TYPE_BF16",
}


def write(repository):
    """Fills a folder with every model here."""
    for name, config_type in TYPES.items():
        identity(repository, f"identity_{name.lower()}", config_type, "[ -1 ]", 8)
    identity(repository, "identity_image", "TYPE_FP32", "[ 224, 224, 3 ]", 64, "dynamic_batching { }")
    identity(repository, "identity_nobatch", "TYPE_FP32", "[ -1 ]", 0)
    identity(repository, "identity_slow", "TYPE_FP32", "[ 4 ]", 1, slow("400"))
    identity(
        repository,
        "identity_full",
        "TYPE_FP32",
        "[ 4 ]",
        1,
        slow("400") + "dynamic_batching { default_queue_policy { max_queue_size: 2 } }",
    )
    identity(
        repository,
        "identity_impatient",
        "TYPE_FP32",
        "[ 4 ]",
        1,
        slow("400")
        + """dynamic_batching {
  default_queue_policy {
    timeout_action: REJECT
    default_timeout_microseconds: 50000
    allow_timeout_override: true
  }
}""",
    )
    identity(
        repository,
        "identity_batched",
        "TYPE_FP32",
        "[ 4 ]",
        4,
        "dynamic_batching { preferred_batch_size: [ 4 ] max_queue_delay_microseconds: 30000000 }",
    )
    add_and_subtract(repository)


def slow(milliseconds):
    return f'parameters {{ key: "execute_delay_ms" value: {{ string_value: "{milliseconds}" }} }}\n'


def identity(repository, name, config_type, dims, max_batch_size, more=""):
    """A model whose output is its input."""
    folder(repository, name)
    config(
        repository,
        name,
        f"""
backend: "identity"
max_batch_size: {max_batch_size}
input [ {{ name: "INPUT0" data_type: {config_type} dims: {dims} }} ]
output [ {{ name: "OUTPUT0" data_type: {config_type} dims: {dims} }} ]
instance_group [ {{ kind: KIND_CPU count: 1 }} ]
{more}
""",
    )


def add_and_subtract(repository):
    """An ONNX model, without a config: the server reads its inputs and outputs from the file."""
    graph = helper.make_graph(
        [
            helper.make_node("Add", ["INPUT0", "INPUT1"], ["OUTPUT0"]),
            helper.make_node("Sub", ["INPUT0", "INPUT1"], ["OUTPUT1"]),
        ],
        "add_and_subtract",
        [info("INPUT0"), info("INPUT1")],
        [info("OUTPUT0"), info("OUTPUT1")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, os.path.join(folder(repository, "add_and_subtract"), "model.onnx"))


def info(name):
    return helper.make_tensor_value_info(name, TensorProto.INT32, ["batch", 16])


def folder(repository, name):
    path = os.path.join(repository, name, "1")
    os.makedirs(path)
    return path


def config(repository, name, text):
    with open(os.path.join(repository, name, "config.pbtxt"), "w", encoding="utf-8") as file:
        file.write(f'name: "{name}"\n{text.strip()}\n')
