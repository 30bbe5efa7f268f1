"""Writes a checkpoint as GGUF, for llama.cpp's `qwen3` architecture.

    python -m chasqui.export --out build --type q8_0 chasqui.gguf
"""

import argparse
import json
from pathlib import Path

import gguf
import numpy
import torch

from . import render
from .model import Shape
from .tokenizer import CONTROL, TAGS

_LAYER = {
    "attn_norm": "attn_norm",
    "q": "attn_q",
    "k": "attn_k",
    "v": "attn_v",
    "q_norm": "attn_q_norm",
    "k_norm": "attn_k_norm",
    "o": "attn_output",
    "ffn_norm": "ffn_norm",
    "gate": "ffn_gate",
    "up": "ffn_up",
    "down": "ffn_down",
}

_TYPES = {
    "f16": (gguf.GGMLQuantizationType.F16, gguf.LlamaFileType.MOSTLY_F16),
    "q8_0": (gguf.GGMLQuantizationType.Q8_0, gguf.LlamaFileType.MOSTLY_Q8_0),
}


def tensor_name(parameter):
    """llama.cpp's name of a parameter: `layers.0.q.weight` is `blk.0.attn_q.weight`."""
    fixed = {"embed.weight": "token_embd.weight", "norm.weight": "output_norm.weight"}
    if parameter in fixed:
        return fixed[parameter]
    _, layer, module, _ = parameter.split(".")
    return f"blk.{layer}.{_LAYER[module]}.weight"


def write_header(writer, shape, file_type):
    writer.add_name("Chasqui")
    writer.add_description("The built-in demonstration model of Quipu, trained on generated text only")
    writer.add_license("mit")
    writer.add_size_label("6M")
    writer.add_file_type(file_type)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.hidden)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_key_length(shape.head)
    writer.add_value_length(shape.head)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_layer_norm_rms_eps(shape.epsilon)


def write_tokenizer(writer, path):
    saved = json.loads(Path(path).read_text())
    special = {token["content"]: token["id"] for token in saved["added_tokens"]}
    ids = saved["model"]["vocab"] | special
    tokens = sorted(ids, key=ids.get)
    kinds = {name: gguf.TokenType.CONTROL for name in CONTROL}
    kinds |= {name: gguf.TokenType.USER_DEFINED for name in TAGS}
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types([kinds.get(token, gguf.TokenType.NORMAL) for token in tokens])
    writer.add_token_merges([" ".join(merge) for merge in saved["model"]["merges"]])
    writer.add_eos_token_id(special["<|im_end|>"])
    writer.add_eot_token_id(special["<|im_end|>"])
    writer.add_pad_token_id(special["<|endoftext|>"])
    writer.add_add_bos_token(False)
    writer.add_chat_template(render.TEMPLATE)


def mean(checkpoints):
    """The shape and the weights of a checkpoint, or the mean of several that went on from one another."""
    saved = [torch.load(checkpoint, weights_only=True) for checkpoint in checkpoints]
    models = [one["model"] for one in saved]
    return saved[0]["shape"], {
        name: sum(model[name].float() for model in models) / len(models) for name in models[0]
    }


def export(checkpoints, vocabulary, target, kind):
    shape, weights = mean(checkpoints)
    quantised, file_type = _TYPES[kind]
    writer = gguf.GGUFWriter(str(target), "qwen3")
    write_header(writer, Shape(**shape), file_type)
    write_tokenizer(writer, vocabulary)
    for name, weight in weights.items():
        values = weight.numpy()
        if values.ndim == 1:
            writer.add_tensor(tensor_name(name), values)
        else:
            packed = gguf.quants.quantize(numpy.ascontiguousarray(values), quantised)
            writer.add_tensor(tensor_name(name), packed, raw_dtype=quantised)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, nargs="+", default=[Path("build")], help="of several, the mean of weights")
    parser.add_argument("--type", choices=_TYPES, default="q8_0")
    parser.add_argument("target", type=Path)
    arguments = parser.parse_args()
    checkpoints = [out / "checkpoint.pt" for out in arguments.out]
    export(checkpoints, arguments.out[0] / "tokenizer.json", arguments.target, arguments.type)
    print(f"{arguments.target}: {arguments.target.stat().st_size / 2**20:.2f} MiB")


if __name__ == "__main__":
    main()
