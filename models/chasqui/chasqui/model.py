"""The network: a small Qwen3, as llama.cpp's `qwen3` architecture runs it.

RMSNorm before attention and feed-forward, grouped-query attention with normalised queries and keys,
rotary positions, SwiGLU, and one matrix for reading and writing tokens.
"""

from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import nn


@dataclass
class Shape:
    vocabulary: int = 3072
    layers: int = 6
    width: int = 256
    heads: int = 4
    kv_heads: int = 2
    head: int = 64
    hidden: int = 768
    context: int = 4096
    rope_base: float = 100_000.0
    epsilon: float = 1e-6

    def asdict(self):
        return asdict(self)


class Norm(nn.Module):
    def __init__(self, width, epsilon):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.epsilon = epsilon

    def forward(self, x):
        return F.rms_norm(x, x.shape[-1:], self.weight.to(x.dtype), self.epsilon)


def rotations(shape, length):
    """Cosines and sines of rotary positions, each `[length, head]`."""
    frequency = shape.rope_base ** (-torch.arange(0, shape.head, 2) / shape.head)
    angle = torch.outer(torch.arange(length).float(), frequency)
    angle = torch.cat([angle, angle], -1)
    return angle.cos(), angle.sin()


def rotate(x, cos, sin):
    """Rotates the halves of each head against each other (the "NEOX" order)."""
    a, b = x.chunk(2, -1)
    return x * cos + torch.cat([-b, a], -1) * sin


class Layer(nn.Module):
    def __init__(self, s):
        super().__init__()
        self.shape = s
        self.attn_norm = Norm(s.width, s.epsilon)
        self.q = nn.Linear(s.width, s.heads * s.head, bias=False)
        self.k = nn.Linear(s.width, s.kv_heads * s.head, bias=False)
        self.v = nn.Linear(s.width, s.kv_heads * s.head, bias=False)
        self.q_norm = Norm(s.head, s.epsilon)
        self.k_norm = Norm(s.head, s.epsilon)
        self.o = nn.Linear(s.heads * s.head, s.width, bias=False)
        self.ffn_norm = Norm(s.width, s.epsilon)
        self.gate = nn.Linear(s.width, s.hidden, bias=False)
        self.up = nn.Linear(s.width, s.hidden, bias=False)
        self.down = nn.Linear(s.hidden, s.width, bias=False)

    def forward(self, x, cos, sin):
        s, (rows, length, _) = self.shape, x.shape
        h = self.attn_norm(x)
        q = self.q_norm(self.q(h).view(rows, length, s.heads, s.head)).transpose(1, 2)
        k = self.k_norm(self.k(h).view(rows, length, s.kv_heads, s.head)).transpose(1, 2)
        v = self.v(h).view(rows, length, s.kv_heads, s.head).transpose(1, 2)
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        share = s.heads // s.kv_heads
        k, v = k.repeat_interleave(share, 1), v.repeat_interleave(share, 1)
        h = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.o(h.transpose(1, 2).reshape(rows, length, -1))
        h = self.ffn_norm(x)
        return x + self.down(F.silu(self.gate(h)) * self.up(h))


class Chasqui(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        self.embed = nn.Embedding(shape.vocabulary, shape.width)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.norm = Norm(shape.width, shape.epsilon)
        # Made once: a compiler would fuse the powers and sines into every layer.
        for name, values in zip(("cos", "sin"), rotations(shape, shape.context)):
            self.register_buffer(name, values, persistent=False)
        for name, weight in self.named_parameters():
            if weight.ndim == 2:
                # Matrices that write into the residual stream start small, so that depth is no harm.
                out = name.endswith(("o.weight", "down.weight"))
                scale = (2 * shape.layers) ** -0.5 if out else 1.0
                nn.init.normal_(weight, std=scale * (0.02 if "embed" in name else weight.shape[1] ** -0.5 / 2))

    def trunk(self, tokens, kind=torch.bfloat16):
        """Hidden states `[rows, length, width]` of tokens `[rows, length]`, carried as `kind`."""
        x = self.embed(tokens).to(kind)
        cos, sin = (values[: tokens.shape[1]].to(kind) for values in (self.cos, self.sin))
        for layer in self.layers:
            x = layer(x, cos, sin)
        return self.norm(x)

    def logits(self, hidden):
        return F.linear(hidden, self.embed.weight)
