"""The benchmark of the overload counts right, and runs. Its figures are not asserted: machines are busy."""

import json
import subprocess
import sys
from typing import Any

import pytest
from support.paths import ROOT

BENCHMARK = ROOT / "benchmarks" / "overload.py"


@pytest.fixture
def overload(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(sys, "path", [str(BENCHMARK.parent), *sys.path])
    import overload

    return overload


def test_an_index_of_one_is_the_same_for_all(overload: Any) -> None:
    assert overload.jain([0.3, 0.3, 0.3]) == pytest.approx(1)
    assert overload.jain([1, 0, 0, 0]) == pytest.approx(1 / 4)


def test_a_plan_asks_for_what_it_should_and_is_the_same_again(overload: Any) -> None:
    plan = overload.poisson_arrivals({1: 5.0, 2: 50.0}, seconds=200, seed=3)
    assert plan == overload.poisson_arrivals({1: 5.0, 2: 50.0}, seconds=200, seed=3)
    assert [sum(arrival.chat == chat for arrival in plan) / 200 for chat in (1, 2)] == pytest.approx(
        [5, 50], rel=0.1
    )


def test_what_was_not_answered_was_refused_in_words_or_counts_as_silence(overload: Any) -> None:
    phase = overload.LoadPhase(
        asked_s={"a:1": 0.0, "b:1": 1.0, "c:2": 2.0, "flood:0": 4.0},
        answered_s={"a:1": 1.5, "c:2": 9.0},
        refused={"b:1": "too much to do"},
    )
    assert phase.refused_share() == 0.5, "nobody said anything of the last"
    assert phase.goodput() == 1 / 4, "one was answered in the four seconds"
    assert phase.shares() == [0.5, 1]
    assert sorted(phase.times_s()) == [1.5, 7]


def test_it_runs_and_everybody_hears_something() -> None:
    done = subprocess.run(
        [sys.executable, str(BENCHMARK), "--seconds", "3"], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["told"] == 1
    assert 0 < figures["answered"] < figures["asked"]
