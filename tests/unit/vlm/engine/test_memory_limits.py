"""A batch that does not fit is run in halves; only what does not fit alone fails."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.checkpoints import picture

from vlm.engine.base import EngineOptions, Prompt
from vlm.engine.blip2 import Blip2Engine
from vlm.engine.checkpoints import open_blip2
from vlm.engine.isolation import split_on_oom
from vlm.errors import OutOfMemory


def room_for(size: int, heaviest: int = 9) -> Callable[[Sequence[int]], list[int]]:
    """A device that holds `size` of weight, and doubles what it is given."""

    def run(items: Sequence[int]) -> list[int]:
        if sum(items) > size or max(items) > heaviest:
            raise OutOfMemory("too big")
        return [2 * item for item in items]

    return run


@given(st.lists(st.integers(1, 12), max_size=40), st.integers(9, 60))
def test_only_the_offender_fails(items: list[int], size: int) -> None:
    outcomes = split_on_oom(items, room_for(size))
    for item, outcome in zip(items, outcomes, strict=True):
        assert isinstance(outcome, OutOfMemory) if item > 9 else outcome == 2 * item


def test_a_batch_that_fits_is_run_once() -> None:
    runs: list[int] = []

    def run(items: Sequence[int]) -> Sequence[int]:
        runs.append(len(items))
        return items

    assert split_on_oom([1, 2, 3], run) == [1, 2, 3]
    assert runs == [3]
    assert split_on_oom([], run) == []


def test_other_errors_are_not_swallowed() -> None:
    with pytest.raises(ZeroDivisionError):
        split_on_oom([1, 0], lambda items: [1 // item for item in items])


CPU_ALLOCATOR = "[enforce fail at alloc_cpu] DefaultCPUAllocator: can't allocate memory"


@contextmanager
def a_small_device(engine: Blip2Engine, most: int, error: Exception) -> Iterator[None]:
    """Raise what an allocator raises, above `most` rows, in the vision tower and the language model."""

    def guard(_module: Any, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
        states = next(value for value in (*arguments, *named.values()) if isinstance(value, torch.Tensor))
        if len(states) > most:
            raise error

    inner = engine._model.language_model
    modules = [
        engine._model.vision_model.encoder,
        inner.model.decoder if engine._decoder_only else inner.encoder,
    ]
    hooks = [module.register_forward_pre_hook(guard, with_kwargs=True) for module in modules]
    yield
    for hook in hooks:
        hook.remove()


@pytest.mark.parametrize(
    "error", [torch.OutOfMemoryError("CUDA"), RuntimeError(CPU_ALLOCATOR), MemoryError()]
)
def test_an_engine_under_pressure_gives_the_same_answers_in_smaller_batches(
    folder: Path, error: Exception
) -> None:
    engine = open_blip2(EngineOptions(model=str(folder), device="cpu", beams=1))
    images = [picture(seed) for seed in range(7)]
    expected = engine.generate([encoded.tokens for encoded in engine.encode(images)], [Prompt()] * 7)
    with a_small_device(engine, 2, error):
        with pytest.raises(OutOfMemory):
            engine.encode(images)
        encoded = split_on_oom(images, engine.encode)
        tokens = [
            encoded_picture.tokens
            for encoded_picture in encoded
            if not isinstance(encoded_picture, OutOfMemory)
        ]
        assert split_on_oom(tokens, lambda rows: engine.generate(rows, [Prompt()] * len(rows))) == expected


def test_a_programming_error_is_not_taken_for_a_full_device(folder: Path) -> None:
    engine = open_blip2(EngineOptions(model=str(folder), device="cpu", beams=1))
    with (
        a_small_device(engine, 0, RuntimeError("mat1 and mat2 shapes cannot be multiplied")),
        pytest.raises(RuntimeError, match="shapes"),
    ):
        engine.encode([picture(0)])
