"""A finished GGUF as the beginning of more training: weights, shape and vocabulary, as `export` wrote them.

    python -m chasqui.train --out build --start chasqui.gguf --tokens 30_000_000
"""

import gguf
import numpy
import torch

from . import tokenizer
from .export import tensor_name
from .tokenizer import SPECIAL


def vocabulary(path):
    """The `Tokenizer` of a GGUF."""
    reader = gguf.GGUFReader(path)
    tokens = reader.get_field("tokenizer.ggml.tokens").contents()
    merges = reader.get_field("tokenizer.ggml.merges").contents()
    ids = {token: number for number, token in enumerate(tokens) if token not in SPECIAL}
    return tokenizer.assemble(ids, [tuple(merge.split(" ")) for merge in merges])


def load(path, model):
    """Puts the weights of a GGUF into a model of the same shape."""
    reader = gguf.GGUFReader(path)
    _check(reader, model.shape)
    stored = {tensor.name: tensor for tensor in reader.tensors}
    weights = {}
    for name, weight in model.state_dict().items():
        tensor = stored[tensor_name(name)]
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        weights[name] = torch.from_numpy(numpy.ascontiguousarray(values, numpy.float32)).view_as(weight)
    model.load_state_dict(weights)


def _check(reader, shape):
    fields = {
        "embedding_length": shape.width,
        "block_count": shape.layers,
        "feed_forward_length": shape.hidden,
        "attention.head_count": shape.heads,
        "attention.head_count_kv": shape.kv_heads,
    }
    for key, wanted in fields.items():
        found = reader.get_field(f"qwen3.{key}").contents()
        if found != wanted:
            raise SystemExit(f"the GGUF has another shape: {key} is {found}, not {wanted}")
