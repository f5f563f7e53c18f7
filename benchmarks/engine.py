"""The speed of BLIP-2 on this machine: the machine's limits, transformers' documented use, and our engine.

    python benchmarks/engine.py --size opt-2.7b                  # random weights, no download
    python benchmarks/engine.py --size flan-t5-xl --layers 2     # with fewer layers, for a quick look

    transformers   `generate(pixel_values=...)`, one picture at a time, in half precision and with the 8-bit
                   defaults of bitsandbytes; a follow-up encodes the picture again
    ours           `vlm.engine`: a whole batch, query tokens kept, only the language model in 8 bit

Times are for the whole batch. One-at-a-time runs time only `--singles` pictures and multiply.
The last line is JSON.
"""

import argparse
import gc
import json
import platform
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import ceiling
import numpy as np
import published
import torch
import transformers
from loading import show_loading
from PIL import Image
from transformers import BitsAndBytesConfig, Blip2ForConditionalGeneration

from vlm.engine.base import EngineOptions, Prompt
from vlm.engine.checkpoints import open_blip2, open_processors, pick_device, pick_dtype, silence_bitsandbytes
from vlm.engine.prompts import OPT, text
from vlm.engine.source import find_checkpoint
from vlm.protocol import Turn

QUESTION = "what is on the left?"
FOLLOW_UP = Prompt(question=QUESTION, turns=(Turn(question="how many people are there?", answer="two"),))
ANSWER_TOKENS = 10
COLUMNS = ("encode", "prefill", "per_token", "caption", "follow_up")


@dataclass(frozen=True)
class Bench:
    """The options that all measurements of a run share."""

    device: torch.device
    dtype_name: str
    batches: list[int]
    tokens: int
    beams: int
    repeats: int
    singles: int

    def median_s(self, run: Any) -> float:
        return ceiling.median_s(run, self.device, self.repeats)

    @property
    def dtype(self) -> torch.dtype:
        return {"fp16": torch.float16, "bf16": torch.bfloat16, "fp32": torch.float32}[self.dtype_name]

    def options(self, folder: Path, quant: str, threshold: float = 0.0) -> EngineOptions:
        return EngineOptions(
            model=str(folder), quant=quant, int8_threshold=threshold, device=str(self.device),
            dtype=self.dtype_name, beams=self.beams,
        )  # fmt: skip


def main() -> None:
    """Parse, build, measure, print."""
    options = arguments()
    silence_bitsandbytes()
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(options.threads or torch.get_num_threads())
    config = published.configuration(options.size, options.layers)
    device = pick_device(options.device)
    dtype = pick_dtype(options.dtype, device, config.text_config, sys.maxsize)
    name = {torch.float16: "fp16", torch.bfloat16: "bf16", torch.float32: "fp32"}[dtype]
    bench = Bench(
        device, name, options.batches, options.tokens, options.beams, options.repeats, options.singles
    )
    report = {"run": {**machine(device), "size": options.size, "layers": options.layers, "dtype": name}}
    report["run"] |= {
        "beams": bench.beams,
        "caption_tokens": bench.tokens,
        "threads": torch.get_num_threads(),
    }
    print("  ".join(f"{key} {value}" for key, value in report["run"].items()), flush=True)
    report["ceiling"] = show_ceiling(config, bench)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        full = published.write(Path(folder) / "full", config, options.tokens, dtype)
        report["speed"] = show_speed(full, bench)
        report["loading"] = show_loading(full, str(device), name)
    print(json.dumps(report))


def machine(device: torch.device) -> dict[str, Any]:
    """The machine and the versions of the libraries."""
    model = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    cpu = model[0].split(":")[1].strip() if model else platform.machine()
    named = torch.cuda.get_device_name(device) if device.type == "cuda" else cpu
    return {
        "machine": named, "cores": len(model) or 1, "torch": torch.__version__,
        "transformers": transformers.__version__, "bitsandbytes": version("bitsandbytes"),
    }  # fmt: skip


def show_ceiling(config: Any, bench: Bench) -> dict[str, float]:
    """Measure the machine and print the least possible times."""
    limits = ceiling.demand(config)
    limits["bytes_a_second"] = ceiling.bandwidth(bench.device)
    limits["operations_a_second"] = ceiling.rate(bench.device, bench.dtype)
    limits["token_ms_half"] = 1e3 * limits["token_bytes_half"] / limits["bytes_a_second"]
    limits["token_ms_int8"] = 1e3 * limits["token_bytes_int8"] / limits["bytes_a_second"]
    limits["picture_ms"] = 1e3 * limits["picture_operations"] / limits["operations_a_second"]
    billions = {key: value / 1e9 for key, value in limits.items()}
    print(
        f"ceiling: {billions['parameters']:.2f} G parameters;"
        f" {billions['bytes_a_second']:.1f} GB/s, {billions['operations_a_second']:.0f} GFLOP/s\n"
        f"  a token, 16 bit: {billions['token_bytes_half']:.2f} GB, {limits['token_ms_half']:.1f} ms\n"
        f"  a token, 8 bit: {billions['token_bytes_int8']:.2f} GB, {limits['token_ms_int8']:.1f} ms\n"
        f"  a picture: {billions['picture_operations']:.0f} GFLOP, {limits['picture_ms']:.1f} ms",
        flush=True,
    )
    return limits


def show_speed(folder: Path, bench: Bench) -> list[dict[str, Any]]:
    """Each variant at each batch size, printed as it is done; times in ms for the whole batch."""
    print(f"\n| engine | batch | {' | '.join(column.replace('_', ' ') for column in COLUMNS)} |")
    print("|---|--:" * 1 + "|--:" * len(COLUMNS) + "|")
    rows = []
    for row in variants(folder, bench):
        rows.append(row)
        cells = ("–" if row[column] is None else f"{row[column]:.0f}" for column in COLUMNS)
        print(f"| {row['engine']} | {row['batch']} | {' | '.join(cells)} |", flush=True)
    return rows


def variants(folder: Path, bench: Bench) -> Iterator[dict[str, Any]]:
    """The documented use and ours, one model in memory at a time."""
    half, eighth = bench.dtype_name, BitsAndBytesConfig(load_in_8bit=True)
    for measured in (
        documented(folder, bench, f"transformers, {half}", None),
        ours(bench.options(folder, "none"), bench, f"ours, {half}"),
        documented(folder, bench, "transformers, 8-bit defaults", eighth),
        ours(bench.options(folder, "int8"), bench, "ours, 8 bit, threshold 0"),
        ours(bench.options(folder, "int8", 6.0), bench, "ours, 8 bit, threshold 6"),
    ):
        yield from measured
        release()


def documented(
    folder: Path, bench: Bench, name: str, quant: BitsAndBytesConfig | None
) -> Iterator[dict[str, Any]]:
    """`Blip2ForConditionalGeneration.generate(pixel_values=...)`, one picture at a time."""
    model = Blip2ForConditionalGeneration.from_pretrained(
        folder, dtype=bench.dtype, device_map={"": bench.device}, quantization_config=quant
    ).eval()
    tokenizer, processor = open_processors(find_checkpoint(str(folder)))
    pixels = processor(images=pictures(1), return_tensors="pt").pixel_values.to(bench.device, bench.dtype)

    def generate(words: str, new_tokens: int) -> None:
        ids = [model.config.image_token_index] * published.QUERIES + tokenizer(words).input_ids
        input_ids = torch.tensor([ids], device=bench.device)
        model.generate(
            pixel_values=pixels, input_ids=input_ids, attention_mask=torch.ones_like(input_ids),
            do_sample=False, num_beams=bench.beams, min_new_tokens=new_tokens, max_new_tokens=new_tokens,
        )  # fmt: skip

    def singles(*what: Any) -> float:
        return bench.median_s(lambda: [generate(*what) for _ in range(bench.singles)]) / bench.singles

    with torch.inference_mode():
        generate("", 1)  # on a CPU the weights come from the disk only now
        first, whole, again = (
            singles("", 1),
            singles("", bench.tokens),
            singles(text(FOLLOW_UP, OPT), ANSWER_TOKENS),
        )
    for batch in bench.batches:
        each = {
            "prefill": first,
            "per_token": (whole - first) / (bench.tokens - 1),
            "caption": whole,
            "follow_up": again,
        }
        yield row_of(name, batch, {"encode": None, **{key: batch * value for key, value in each.items()}})


def ours(options: EngineOptions, bench: Bench, name: str) -> Iterator[dict[str, Any]]:
    """`vlm.engine`, a batch at once; the picture's search vectors included in `encode`."""
    engine = open_blip2(options)
    engine.first_logits([engine.encode(pictures(1))[0].tokens], [Prompt()])  # the weights come from the disk
    for batch in bench.batches:
        images = pictures(batch)
        tokens = [encoded.tokens for encoded in engine.encode(images)]
        captions, questions = [Prompt()] * batch, [FOLLOW_UP] * batch
        encode = bench.median_s(lambda i=images: engine.encode(i))
        first = bench.median_s(lambda t=tokens, p=captions: engine.first_logits(t, p))
        whole = bench.median_s(lambda t=tokens, p=captions: engine.generate_ids(t, p))
        again = bench.median_s(lambda t=tokens, p=questions: engine.generate_ids(t, p))
        yield row_of(
            name, batch,
            {
                "encode": encode, "prefill": first, "per_token": (whole - first) / (bench.tokens - 1),
                "caption": encode + whole, "follow_up": again,
            },
        )  # fmt: skip


def row_of(name: str, batch: int, seconds: dict[str, float | None]) -> dict[str, Any]:
    """A row of the table, in ms."""
    return {"engine": name, "batch": batch} | {
        key: None if value is None else 1e3 * value for key, value in seconds.items()
    }


def pictures(count: int) -> list[Image.Image]:
    """Photographs of noise, of a size that phones send through Telegram."""
    random = np.random.default_rng(0)
    return [Image.fromarray(random.integers(0, 256, (480, 640, 3), dtype=np.uint8)) for _ in range(count)]


def release() -> None:
    """Give memory back before the next model."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def numbers(text: str) -> list[int]:
    """'1,4,16' -> [1, 4, 16]"""
    return [int(part) for part in text.split(",")]


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--size", choices=sorted(published.SIZES), default="opt-2.7b")
    add("--layers", type=int, default=0, help="layers of each part of the model; 0: all")
    add("--batches", type=numbers, default=[1, 4, 16], help="batch sizes (1,4,16)")
    add("--tokens", type=int, default=20, help="length of a caption (20)")
    add("--beams", type=int, default=1, help="beams, in every variant (1)")
    add("--repeats", type=int, default=3, help="runs of which the median counts (3)")
    add("--singles", type=int, default=1, help="pictures timed where they run one at a time (1)")
    add("--device", default="auto")
    add("--dtype", choices=["auto", "fp32", "fp16", "bf16"], default="auto")
    add("--threads", type=int, default=0, help="CPU threads; 0: torch's choice")
    add(
        "--folder",
        type=Path,
        help="where to put the checkpoints, some 20 GB at full size (the temporary folder)",
    )
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
