"""Tiny models in ONNX, made here: a coarse rendering of the picture as a vector, and models that are wrong somehow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


def onnx() -> Any:
    """The library that makes models; skips the test where it or the runtime is not installed."""
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    return pytest.importorskip("onnx", reason="onnx is not installed")


def coarse(path: Path, side: int | str = 32, into: str = "Flatten", pool: int = 4, **wrong: Any) -> Path:
    """A model that sees the means of `pool` x `pool` px, or each px for 0. `wrong` replaces the input's `shape` or
    `type` or the type that it `gives`, adds `outputs`, or `name`s the model, so that its file is another."""
    lib = onnx()
    kind = wrong.get("type", lib.TensorProto.FLOAT)
    nodes = [lib.helper.make_node(into, ["means" if pool else "picture"], ["seen"])]
    if pool:
        sizes = {"kernel_shape": [pool, pool], "strides": [pool, pool]}
        nodes.insert(0, lib.helper.make_node("AveragePool", ["picture"], ["means"], **sizes))
    outputs = [lib.helper.make_tensor_value_info("seen", wrong.get("gives", kind), None)]
    if "outputs" in wrong:
        outputs.append(lib.helper.make_tensor_value_info("means", kind, None))
    picture = lib.helper.make_tensor_value_info("picture", kind, wrong.get("shape", [1, 3, side, side]))
    graph = lib.helper.make_graph(nodes, wrong.get("name", "coarse"), [picture], outputs)
    lib.save(lib.helper.make_model(graph, opset_imports=[lib.helper.make_opsetid("", 17)], ir_version=9), path)
    return path


def constant(path: Path, *numbers: float) -> Path:
    """A model that sees the same in every picture."""
    lib = onnx()
    value = lib.helper.make_tensor("value", lib.TensorProto.FLOAT, [1, len(numbers)], numbers)
    nodes = [
        lib.helper.make_node("Constant", [], ["held"], value=value),
        lib.helper.make_node("ReduceSum", ["picture"], ["sum"], keepdims=0),
        lib.helper.make_node("Sub", ["sum", "sum"], ["nothing"]),
        lib.helper.make_node("Add", ["held", "nothing"], ["seen"]),
    ]
    picture = lib.helper.make_tensor_value_info("picture", lib.TensorProto.FLOAT, [1, 3, 32, 32])
    seen = lib.helper.make_tensor_value_info("seen", lib.TensorProto.FLOAT, [1, len(numbers)])
    graph = lib.helper.make_graph(nodes, "constant", [picture], [seen])
    lib.save(lib.helper.make_model(graph, opset_imports=[lib.helper.make_opsetid("", 17)], ir_version=9), path)
    return path
