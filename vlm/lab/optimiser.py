"""AdamW over 32-bit masters of 16-bit weights, with a warm-up and a cosine for each phase."""

from collections.abc import Iterable, Sequence
from math import cos, pi
from typing import Any

import torch
from torch import nn

WARM_UP_STEPS = 100
FLOOR = 0.02  # of the peak rate, at the end
CLIP = 1.0
WEIGHT_DECAY = 0.05


class MasterAdamW:
    """The model computes in bfloat16; the small steps add up in the masters.

    `phases` are the lengths of the phases in steps. Each begins at the peak rate: text that comes late
    would otherwise be trained at the low rate at which the vision phase ends.
    """

    def __init__(
        self, parameters: Iterable[nn.Parameter], *, peak_rate: float, phases: Sequence[int]
    ) -> None:
        self._weights = list(parameters)
        self._masters = [weight.detach().float().clone().requires_grad_() for weight in self._weights]
        matrices = [master for master in self._masters if master.ndim > 1]
        vectors = [master for master in self._masters if master.ndim <= 1]
        groups = [
            {"params": matrices, "weight_decay": WEIGHT_DECAY},
            {"params": vectors, "weight_decay": 0.0},
        ]
        self._adam = torch.optim.AdamW(groups, lr=peak_rate, betas=(0.9, 0.98), fused=True)
        self._peak_rate, self._phases = peak_rate, tuple(phases)
        self.publish()

    def rate(self, step: int) -> float:
        """The learning rate of a step, counted from 0 over all phases."""
        steps, *later = self._phases
        while later and step >= steps:
            step, steps, *later = step - steps, *later
        warm = min(1.0, (step + 1) / min(WARM_UP_STEPS, steps))
        fallen = 0.5 * (1 + cos(pi * min(1.0, step / steps)))
        return self._peak_rate * warm * (FLOOR + (1 - FLOOR) * fallen)

    def step(self, step: int) -> None:
        """Take the weights' gradients, move the masters, publish them, and forget the gradients."""
        for weight, master in zip(self._weights, self._masters, strict=True):
            master.grad = None if weight.grad is None else weight.grad.float()
            weight.grad = None
        torch.nn.utils.clip_grad_norm_(self._masters, CLIP)
        for group in self._adam.param_groups:
            group["lr"] = self.rate(step)
        self._adam.step()
        self.publish()

    @torch.no_grad()
    def publish(self) -> None:
        """Copy the masters into the weights."""
        for weight, master in zip(self._weights, self._masters, strict=True):
            weight.copy_(master)

    @torch.no_grad()
    def adopt(self) -> None:
        """Copy the weights into the masters: another optimiser has moved them meanwhile."""
        for weight, master in zip(self._weights, self._masters, strict=True):
            master.copy_(weight)

    def state(self) -> dict[str, Any]:
        return {"masters": [master.detach() for master in self._masters], "adam": self._adam.state_dict()}

    @torch.no_grad()
    def restore(self, state: dict[str, Any]) -> None:
        for master, saved in zip(self._masters, state["masters"], strict=True):
            master.copy_(saved)
        self._adam.load_state_dict(state["adam"])
        self.publish()
