"""Loading time and peak memory of a checkpoint: one load in its own process.

    python benchmarks/loading.py FOLDER --quant int8 [--to QUANTIZED]

The files are in the page cache, as after a restart of the worker. The last line is JSON.
"""

import argparse
import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import torch
from transformers.utils.logging import disable_progress_bar

from vlm.engine.base import EngineOptions
from vlm.engine.checkpoints import open_model
from vlm.engine.quantize import quantize
from vlm.engine.source import find_checkpoint


def show_loading(full: Path, device: str, dtype: str) -> list[dict[str, Any]]:
    """Load a full folder as it is and quantized on the way, then one by `vlm quantize`; print the table."""
    once = full.with_name("quantized")
    load_in_subprocess(full, "int8", device, dtype, to=once)
    print("\n| load from | seconds | peak memory, GB | on the GPU, GB |\n|---|--:|--:|--:|")
    rows = []
    for name, folder, quant in (
        (f"full folder, {dtype}", full, "none"),
        ("full folder, quantized while loading", full, "int8"),
        ("folder by `vlm quantize`", once, "int8"),
    ):
        row = {"from": name, **load_in_subprocess(folder, quant, device, dtype)}
        rows.append(row)
        print(f"| {name} | {row['seconds']:.1f} | {row['peak_gb']:.2f} | {row['gpu_gb']:.2f} |", flush=True)
    return rows


def load_in_subprocess(
    folder: Path, quant: str, device: str, dtype: str, to: Path | None = None
) -> dict[str, Any]:
    """Run this script on one folder: peak memory never falls, so each load needs its own process."""
    command = [sys.executable, __file__, str(folder), "--quant", quant, "--device", device, "--dtype", dtype]
    done = subprocess.run(
        [*command, *(["--to", str(to)] if to else [])], check=True, stdout=subprocess.PIPE, text=True
    )
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return report


def main() -> None:
    """Load, or quantize into `--to`, and print what it took."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder")
    parser.add_argument("--quant", choices=["none", "int8"], default="none")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("--to", type=Path, help="quantize into this new folder")
    arguments = parser.parse_args()
    disable_progress_bar()
    options = EngineOptions(quant=arguments.quant, device=arguments.device, dtype=arguments.dtype)
    start = time.perf_counter()
    if arguments.to:
        quantize(arguments.folder, arguments.to, options)
    else:
        read_weights(open_model(find_checkpoint(arguments.folder), options))
    print(json.dumps({"seconds": time.perf_counter() - start, **peaks()}))


def read_weights(model: torch.nn.Module) -> None:
    """Read every page of the weights: on a CPU they are only mapped until then."""
    for weight in model.parameters():
        weight.view(-1)[::1024].sum()


def peaks() -> dict[str, float]:
    """Peak memory of this process in GB; mapped files count as far as they were read."""
    [peak_kb] = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())  # getrusage inherits
    gpu = torch.cuda.max_memory_allocated() if torch.cuda.is_available() else 0
    return {"peak_gb": int(peak_kb) * 1024 / 1e9, "gpu_gb": gpu / 1e9}


if __name__ == "__main__":
    main()
