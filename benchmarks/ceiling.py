"""The limits of a machine (bytes and floating-point operations a second) and the demands of a model.

Tokens are bound by memory: each reads all of the decoder's weights once. Pictures are bound by compute: two
operations for each weight of the vision tower and each patch. No program on this machine can be faster.
"""

import time
from collections.abc import Callable

import torch
from torch import nn
from transformers import Blip2Config, Blip2ForConditionalGeneration


def median_s(run: Callable[[], object], device: torch.device, repeats: int) -> float:
    """Median seconds of `run`, including the device's work. A first run of under a second is a warm-up."""
    times_s = [seconds(run, device)]
    if times_s[0] < 1 or device.type == "cuda":
        times_s.clear()
    while len(times_s) < repeats:
        times_s.append(seconds(run, device))
    return sorted(times_s)[len(times_s) // 2]


def seconds(run: Callable[[], object], device: torch.device) -> float:
    """Seconds of one run."""
    synchronize(device)
    start = time.perf_counter()
    run()
    synchronize(device)
    return time.perf_counter() - start


def synchronize(device: torch.device) -> None:
    """Wait for the device."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def bandwidth(device: torch.device) -> float:
    """Bytes a second that can be read from memory, by copying (read and written) and by summing."""
    count = (1 << 30 if device.type == "cuda" else 1 << 27) // 4
    source = torch.ones(count, device=device)
    target = torch.empty_like(source)
    copied = 8 * count / median_s(lambda: target.copy_(source), device, 5)
    return max(copied, 4 * count / median_s(source.sum, device, 5))


def rate(device: torch.device, dtype: torch.dtype) -> float:
    """Floating-point operations a second of a large matrix product."""
    side = 8192 if device.type == "cuda" else 2048
    left, right = (torch.randn(side, side, device=device).to(dtype) for _ in range(2))
    return 2 * side**3 / median_s(lambda: left @ right, device, 5)


def demand(config: Blip2Config) -> dict[str, float]:
    """Weights that a token must read, in half precision and in 8 bit, and operations that a picture needs."""
    with torch.device("meta"):
        model = Blip2ForConditionalGeneration(config)
    language = model.language_model
    decoder = language.get_decoder()
    linear = sum(layer.weight.numel() for layer in decoder.modules() if isinstance(layer, nn.Linear))
    head = language.get_output_embeddings().weight.numel()
    vision_weights = weights(model.vision_model.encoder) * (
        (config.vision_config.image_size // config.vision_config.patch_size) ** 2 + 1
    )
    qformer_weights = weights(model.qformer) * config.num_query_tokens
    return {
        "token_bytes_half": 2.0 * (linear + head),
        "token_bytes_int8": linear + 2.0 * head,
        "picture_operations": 2.0 * (vision_weights + qformer_weights),
        "parameters": float(weights(model)),
    }


def weights(module: nn.Module) -> int:
    """Numbers in a module, tied ones once."""
    return sum(parameter.numel() for parameter in module.parameters())
