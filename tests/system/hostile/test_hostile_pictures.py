"""Whatever the file is, the bot lives on and says what is wrong; `make hostile` tries many more of them."""

import random
from itertools import islice

import pytest
from support.hostile.images import FAMILIES
from support.hostile.run import counted

from vlm.worker.decoder import MEMORY_BYTES

STEP = {"chunks": 5, "truncated": 25, "heic": 3}  # one in so many, of the slow and the many
MOST = {"bombs": 6, "heic": 200}  # the first take long to make; of the second, few bite


@pytest.mark.promise("security#hostile-pictures")
@pytest.mark.parametrize("name", FAMILIES)
def test_each_hostile_picture_is_a_picture_or_a_polite_refusal(name: str) -> None:
    step, most = STEP.get(name, 1), MOST.get(name, 80)
    pictures = islice(FAMILIES[name](random.Random(7)), 0, most * step, step)
    count = counted(pictures)
    assert count.inputs == count.images + count.refusals > 5
    assert count.megabytes < MEMORY_BYTES / (1 << 20)
    if name == "disguised":
        assert count.images == 0
    if name == "heic":
        assert count.deaths  # so this is no empty promise


def test_the_same_seed_makes_the_same_pictures() -> None:
    first, again = (list(islice(FAMILIES["mutated"](random.Random(1)), 50)) for _ in range(2))
    assert first == again
