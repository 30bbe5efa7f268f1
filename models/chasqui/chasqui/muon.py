"""Muon for the matrices, AdamW for the rest.

Muon (momentum whose update is orthogonalised by a Newton-Schulz iteration) needs about half the
tokens that AdamW needs at this size, which on a CPU is a night saved.
"""

import torch


def orthogonal(updates, kind, steps=5):
    """The nearest orthogonal matrices of a stack `[n, rows, columns]`, roughly: singular values end up
    between 0.7 and 1.2. Computed in `kind`; 16 bits are enough."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = updates.to(kind)
    x = x / (x.flatten(1).norm(dim=1)[:, None, None] + 1e-7)
    tall = x.shape[1] > x.shape[2]
    if tall:
        x = x.mT
    for _ in range(steps):
        s = x @ x.mT
        x = a * x + (b * s + c * s @ s) @ x
    return (x.mT if tall else x).float()


class Muon(torch.optim.Optimizer):
    def __init__(self, parameters, kind=torch.bfloat16, lr=0.02, momentum=0.95, weight_decay=0.01):
        self.kind = kind
        super().__init__(parameters, dict(lr=lr, momentum=momentum, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            # Matrices of one shape go together: few large products instead of many small ones.
            by_shape = {}
            for weight in group["params"]:
                by_shape.setdefault(weight.shape, []).append(weight)
            for (rows, columns), weights in by_shape.items():
                updates = orthogonal(torch.stack([self._momentum(w, group) for w in weights]), self.kind)
                scale = max(1.0, rows / columns) ** 0.5
                for weight, update in zip(weights, updates):
                    weight.mul_(1 - group["lr"] * group["weight_decay"])
                    weight.add_(update, alpha=-group["lr"] * scale)

    def _momentum(self, weight, group):
        buffer = self.state[weight].setdefault("momentum", torch.zeros_like(weight))
        buffer.lerp_(weight.grad, 1 - group["momentum"])
        return weight.grad.lerp(buffer, group["momentum"])


def optimizers(model, matrix_lr, other_lr, kind):
    matrices, others = [], []
    for name, weight in model.named_parameters():
        (matrices if weight.ndim == 2 and "embed" not in name else others).append(weight)
    return [
        Muon(matrices, kind, lr=matrix_lr),
        torch.optim.AdamW(others, lr=other_lr, betas=(0.9, 0.97), weight_decay=0.0, fused=True),
    ]
