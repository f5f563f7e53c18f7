"""The benchmark measures models of the published sizes, and asks its machine for what they need."""

import sys

import pytest
from support.paths import ROOT

BENCHMARKS = ROOT / "benchmarks"


@pytest.fixture(autouse=True)
def benchmarks_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(BENCHMARKS), *sys.path])


@pytest.mark.parametrize(
    ("size", "parameters", "token_bytes"), [("opt-2.7b", 3.74e9, 5.3e9), ("flan-t5-xl", 3.88e9, 3.4e9)]
)
def test_a_published_size_has_its_weights(size: str, parameters: float, token_bytes: float) -> None:
    import ceiling
    import published

    figures = ceiling.demand(published.configuration(size, layers=0))
    assert figures["parameters"] == pytest.approx(parameters, rel=0.01)
    assert figures["token_bytes_half"] == pytest.approx(token_bytes, rel=0.05)
    assert figures["token_bytes_int8"] < 0.6 * figures["token_bytes_half"]
    assert figures["picture_operations"] == pytest.approx(2 * 257 * 0.99e9, rel=0.03)


def test_a_cut_model_is_cut_in_all_its_parts() -> None:
    import published

    config = published.configuration("flan-t5-xl", layers=2)
    parts = (config.vision_config.num_hidden_layers, config.qformer_config.num_hidden_layers)
    assert (*parts, config.text_config.num_layers, config.text_config.num_decoder_layers) == (2, 2, 2, 2)
