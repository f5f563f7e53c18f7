"""Memory on the GPU, for whoever watches a worker. Loads no torch: without it there is none."""

import sys


def gpu_bytes() -> dict[str, int]:
    """What this process holds on its GPU: in tensors (`allocated`), and in all (`reserved`)."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return {}
    return {"allocated": torch.cuda.memory_allocated(), "reserved": torch.cuda.memory_reserved()}
