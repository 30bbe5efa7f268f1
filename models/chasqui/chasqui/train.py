"""Trains Chasqui. Stops and goes on at any time: everything is in the checkpoint.

    python -m chasqui.train --out build [--tokens 60_000_000]

The learning rate is constant and falls to zero over the last quarter, so a run can be made longer
from any checkpoint of its constant part.
"""

import argparse
import json
import threading
import queue
import time
from pathlib import Path

import torch
import torch.nn.functional as F

from . import corpus, tokenizer
from .model import Chasqui, Shape
from .muon import optimizers

SEED = 1532
LENGTHS = [96, 128, 192, 256, 384, 512, 768, 1024, 2048, 4096]
BATCH = 16_384
MATRIX_LR, OTHER_LR = 0.02, 3e-3
DECAY = 0.25


def copy_share(done):
    """The curriculum: half of the texts only copy at first, a few of them always."""
    return 0.5 if done < 2e6 else 0.25 if done < 5e6 else 0.06


def long_share(done, total):
    """The share of long conversations: they come late, when they teach more than they cost."""
    return 0.0 if done < 0.4 * total else 0.02


def rate(done, total, warm_up=3e5):
    """The factor on the learning rates."""
    left = (total - done) / (DECAY * total)
    return max(0.0, min(1.0, done / warm_up + 0.02, left))


class Blocks:
    """Makes blocks ahead of the training, in a thread."""

    def __init__(self, vocabulary, number, done, total):
        self.ready = queue.Queue(2)
        self.position = (number, done, total)
        self.vocabulary = vocabulary
        threading.Thread(target=self._make, daemon=True).start()

    def _make(self):
        number, done, total = self.position
        rest = []
        while True:
            shares = copy_share(done), long_share(done, total)
            texts = corpus.block(SEED, number, self.vocabulary, *shares)
            made, rest = corpus.batches(rest + texts, LENGTHS, BATCH, number)
            number += 1
            done += sum(tokens.size for tokens, _ in made)
            self.ready.put((number, made))


def train_tokenizer(out, size):
    path = out / "tokenizer.json"
    if not path.exists():
        tokenizer.train(corpus.plain_texts(SEED, 25_000), size).save(str(path))
    return tokenizer.load(path)


def loss_of(model, trunk, tokens, weights):
    """Weighted mean loss; logits are made only where a weight asks for them."""
    hidden = trunk(tokens)
    target, weight = tokens[:, 1:], weights[:, 1:]
    wanted = weight > 0
    logits = model.logits(hidden[:, :-1][wanted])
    losses = F.cross_entropy(logits.float(), target[wanted], reduction="none")
    return (losses * weight[wanted]).sum() / weight[wanted].sum()


def save(path, model, optimizers_, state):
    temporary = path.with_suffix(".tmp")
    torch.save(
        {
            "shape": model.shape.asdict(),
            "model": model.state_dict(),
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
    parser.add_argument("--threads", type=int, default=0)
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    arguments.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(SEED)
    shape = Shape()
    vocabulary = train_tokenizer(arguments.out, shape.vocabulary)
    model = Chasqui(shape)
    optimizers_ = optimizers(model, MATRIX_LR, OTHER_LR)
    state = {"done": 0, "block": 0}
    checkpoint = arguments.out / "checkpoint.pt"
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(saved["model"])
        for optimizer, values in zip(optimizers_, saved["optimizers"]):
            optimizer.load_state_dict(values)
        state = {key: saved[key] for key in state}
    run(arguments, model, optimizers_, vocabulary, state, checkpoint)


def run(arguments, model, optimizers_, vocabulary, state, checkpoint):
    total, began = arguments.tokens, time.time()
    print(f"{sum(w.numel() for w in model.parameters()) / 1e6:.2f} M parameters, {total / 1e6:.0f} M tokens")
    trunk = torch.compile(model.trunk)
    blocks = Blocks(vocabulary, state["block"], state["done"], total)
    while state["done"] < total and time.time() - began < arguments.minutes * 60:
        state["block"], made = blocks.ready.get()
        losses, clock, tokens_done = [], time.time(), 0
        for tokens, weights in made:
            factor = rate(state["done"], total)
            for optimizer, base in zip(optimizers_, (MATRIX_LR, OTHER_LR)):
                for group in optimizer.param_groups:
                    group["lr"] = base * factor
            tokens, weights = torch.from_numpy(tokens), torch.from_numpy(weights)
            with torch.autocast("cpu", torch.bfloat16):
                loss = loss_of(model, trunk, tokens, weights)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            for optimizer in optimizers_:
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
            losses.append(loss.item())
            state["done"] += tokens.numel()
            tokens_done += tokens.numel()
        save(checkpoint, model, optimizers_, state)
        line = {
            "tokens": state["done"],
            "loss": round(sum(losses) / max(1, len(losses)), 4),
            "rate": round(rate(state["done"], total), 3),
            "per_second": round(tokens_done / (time.time() - clock)),
        }
        with open(arguments.out / "log.jsonl", "a") as log:
            log.write(json.dumps(line) + "\n")
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
