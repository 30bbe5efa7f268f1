"""Trains Chasqui. Stops and goes on at any time: everything is in the checkpoint.

    python -m chasqui.train --out build [--tokens 60_000_000]

The learning rate is constant and falls to zero over the last quarter, so a run can be made longer
from any checkpoint of its constant part.
"""

import argparse
import functools
import json
import os
import time
from pathlib import Path

import torch
import torch.nn.functional as F

from . import corpus, resume, tokenizer
from .blocks import Blocks
from .model import Chasqui, Shape
from .muon import optimizers

SEED = 1532
LENGTHS = [*range(64, 513, 32), *range(576, 1025, 64), *range(1280, 4097, 256)]
# Tokens of a batch, all of one length; a step adds up the gradients of one or two of them. A GPU has more to do at
# once.
BATCH = {"cpu": 8_192, "cuda": 32_768}
MATRIX_LR, OTHER_LR = 0.02, 3e-3
# Seconds between checkpoints.
SAVE_EVERY = 30
DECAY = 0.25
# The same where training goes on from a finished model, and its highest rate: less would not move it, more would undo it.
GO_ON_DECAY, GO_ON_RATE = 0.6, 0.6
# Where it begins: behind the curriculum, and behind the texts of the model that is here (the last were from 700,000 on).
GO_ON_BLOCK = 1_000_000


def batches_a_step(done):
    """Copying forms after so many steps rather than so many tokens, so steps are small at first."""
    return 1 if done < 2e7 else 2


def rate(done, total, most, goes_on=False, warm_up=3e5):
    """The factor on the learning rates, `most` at its highest."""
    decay = GO_ON_DECAY if goes_on else DECAY
    left = (total - done) / (decay * total)
    return most * max(0.0, min(1.0, done / warm_up + 0.02, left))


def fastest_kind(device, size=512):
    """bfloat16, unless this machine only imitates it: processors without instructions for it are several times slower
    with it than with float32."""
    if device.type == "cuda":
        return torch.bfloat16

    def seconds(kind):
        matrix = torch.randn(size, size, dtype=kind)
        tries = []
        for _ in range(5):
            began = time.perf_counter()
            F.linear(matrix, matrix)
            tries.append(time.perf_counter() - began)
        return min(tries)

    return min((torch.bfloat16, torch.float32), key=seconds)


def train_tokenizer(out, size):
    path = out / "tokenizer.json"
    if not path.exists():
        tokenizer.train(corpus.plain_texts(SEED, 25_000), size).save(str(path))


def loss_of(model, trunk, tokens, weights):
    """Weighted sum of losses; logits are made only where a weight asks for them."""
    hidden = trunk(tokens)
    target, weight = tokens[:, 1:], weights[:, 1:]
    wanted = weight > 0
    logits = model.logits(hidden[:, :-1][wanted])
    losses = F.cross_entropy(logits.float(), target[wanted], reduction="none")
    return (losses * weight[wanted]).sum()


def step(model, trunk, optimizers_, made, kind):
    """One step of the optimizers over some batches; returns the weighted mean loss."""
    device = next(model.parameters()).device
    total, loss_sum = sum(float(weights[:, 1:].sum()) for _, weights in made), 0.0
    for tokens, weights in made:
        tokens, weights = (torch.from_numpy(x).to(device, non_blocking=True) for x in (tokens, weights))
        with torch.autocast(device.type, kind, enabled=kind != torch.float32):
            loss = loss_of(model, trunk, tokens, weights) / total
        loss.backward()
        loss_sum += loss.detach()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for optimizer in optimizers_:
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    return loss_sum


def save(path, model, optimizers_, state):
    temporary = path.with_suffix(".tmp")
    torch.save(
        {
            "shape": model.shape.asdict(),
            "model": {name: weight.cpu() for name, weight in model.state_dict().items()},
            "optimizers": [o.state_dict() for o in optimizers_],
            **state,
        },
        temporary,
    )
    temporary.replace(path)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, default=Path("build"))
    parser.add_argument("--tokens", type=int, default=60_000_000)
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after so long")
    parser.add_argument("--start", type=Path, help="begin with the weights and vocabulary of this GGUF")
    parser.add_argument("--block", type=int, default=GO_ON_BLOCK, help="where --start begins in the corpus")
    parser.add_argument("--rate", type=float, help="the highest factor on the learning rates; short runs want less")
    parser.add_argument("--threads", type=int, default=0)
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    arguments.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(SEED)
    shape = Shape()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = Chasqui(shape).to(device)
    state = {"done": 0, "block": 0}
    if arguments.start:
        resume.vocabulary(arguments.start).save(str(arguments.out / "tokenizer.json"))
        resume.load(arguments.start, model)
        state["block"] = arguments.block
    train_tokenizer(arguments.out, shape.vocabulary)
    kind = fastest_kind(device)
    optimizers_ = optimizers(model, MATRIX_LR, OTHER_LR, kind)
    checkpoint = arguments.out / "checkpoint.pt"
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True, map_location=device)
        model.load_state_dict(saved["model"])
        for optimizer, values in zip(optimizers_, saved["optimizers"]):
            optimizer.load_state_dict(values)
        state = {key: saved[key] for key in state}
    run(arguments, model, optimizers_, state, checkpoint, kind)


def run(arguments, model, optimizers_, state, checkpoint, kind):
    total, began, saved_at = arguments.tokens, time.time(), time.time()
    most = arguments.rate or (GO_ON_RATE if arguments.start else 1.0)
    device = next(model.parameters()).device.type
    print(f"{sum(w.numel() for w in model.parameters()) / 1e6:.2f} M parameters, {total / 1e6:.0f} M tokens, {kind}")
    trunk = torch.compile(functools.partial(model.trunk, kind=kind))
    workers = 1 if device == "cpu" else max(1, (os.cpu_count() or 2) - 1)
    vocabulary = arguments.out / "tokenizer.json"
    blocks = Blocks(SEED, vocabulary, state["block"], total, LENGTHS, BATCH[device], workers)
    while state["done"] < total and time.time() - began < arguments.minutes * 60:
        state["block"], made = next(blocks)
        losses, clock, began_at = [], time.time(), state["done"]
        while made:
            count = batches_a_step(state["done"])
            factor = rate(state["done"], total, most, arguments.start is not None)
            for optimizer, base in zip(optimizers_, (MATRIX_LR, OTHER_LR)):
                for group in optimizer.param_groups:
                    group["lr"] = base * factor
            losses.append(step(model, trunk, optimizers_, made[:count], kind))
            state["done"] += sum(tokens.size for tokens, _ in made[:count])
            made = made[count:]
        if time.time() - saved_at > SAVE_EVERY:
            save(checkpoint, model, optimizers_, state)
            saved_at = time.time()
        line = {
            "tokens": state["done"],
            "loss": round(float(sum(losses)) / max(1, len(losses)), 4),
            "rate": round(factor, 3),
            "per_second": round((state["done"] - began_at) / (time.time() - clock)),
        }
        with open(arguments.out / "log.jsonl", "a") as log:
            log.write(json.dumps(line) + "\n")
        print(json.dumps(line), flush=True)
    save(checkpoint, model, optimizers_, state)


if __name__ == "__main__":
    main()
