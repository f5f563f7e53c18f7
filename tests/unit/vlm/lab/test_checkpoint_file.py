"""A run's state comes back as it was, and nothing in its file can run."""

import pickle
from pathlib import Path

import pytest
import torch
from torch import nn

from vlm.errors import BadRequest
from vlm.lab.checkpoint import load, save


def test_a_state_comes_back_as_it_was(tmp_path: Path) -> None:
    shared = torch.arange(6.0).reshape(2, 3)
    state = {
        "whole": shared, "turned": shared.T, "half": shared.bfloat16(), "scalar": torch.tensor(3),
        "none": None, 7: [1, 2.5, float("inf"), True, "words"], "pair": (0.9, 0.98), "empty": {},
        "dict": {"tensor": "0"},
    }  # fmt: skip
    path = tmp_path / "training.safetensors"
    save(path, state)
    again = load(path)
    for name in ("whole", "turned", "half", "scalar"):
        before, after = state.pop(name), again.pop(name)
        assert torch.equal(before, after) and before.dtype == after.dtype
    assert again == state and type(again["pair"]) is tuple
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_an_optimiser_goes_on_as_if_it_had_not_stopped(tmp_path: Path) -> None:
    def trained(steps: int, stop: int = 0) -> torch.Tensor:
        torch.manual_seed(0)
        layer = nn.Linear(4, 4)
        optimiser = torch.optim.AdamW(layer.parameters(), lr=0.1, betas=(0.9, 0.98), fused=True)
        for step in range(steps):
            if stop and step == stop:
                save(
                    tmp_path / "a.safetensors", {"layer": layer.state_dict(), "adam": optimiser.state_dict()}
                )
                layer = nn.Linear(4, 4)
                optimiser = torch.optim.AdamW(layer.parameters(), lr=9.0, fused=True)
                state = load(tmp_path / "a.safetensors")
                layer.load_state_dict(state["layer"])
                optimiser.load_state_dict(state["adam"])
            layer(torch.full((1, 4), float(step))).square().sum().backward()
            optimiser.step()
            optimiser.zero_grad()
        return layer.weight.detach()

    assert torch.equal(trained(6), trained(6, stop=3))


def test_nothing_yet_is_none_and_what_is_no_state_is_said(tmp_path: Path) -> None:
    path = tmp_path / "training.safetensors"
    assert load(path) is None
    for spoiled in (b"", pickle.dumps({"a": 1}), b"\x02\0\0\0\0\0\0\0{}"):
        path.write_bytes(spoiled)
        with pytest.raises(BadRequest, match="cannot be read"):
            load(path)


def test_a_run_of_an_earlier_version_is_not_begun_anew_unasked(tmp_path: Path) -> None:
    torch.save({"step": 3, "weights": torch.ones(2)}, tmp_path / "training.pt")
    with pytest.raises(BadRequest, match="earlier version") as refused:
        load(tmp_path / "training.safetensors")
    code = str(refused.value).split('python -c "')[1].split('", and')[0]
    exec(code, {})  # noqa: S102 - what a person is told to run does what it says
    assert load(tmp_path / "training.safetensors")["step"] == 3


def test_what_cannot_be_kept_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="set cannot be kept"):
        save(tmp_path / "training.safetensors", {"a": {1, 2}})
    assert not list(tmp_path.iterdir())
