"""Which engine answers. Importing this, or asking for `echo`, loads no torch."""

from typing import Final, Literal

from msgspec import Struct

from vlm.engine.base import Engine

DEFAULT_MODEL: Final = "Salesforce/blip2-flan-t5-xl"
CLASSIC: Final = "classic:"  # before the folder of a classic captioner


class EngineOptions(Struct, frozen=True, kw_only=True):
    """What an engine is made from.

    model            tiny | a folder | a hub id | classic:FOLDER | echo (for tests)
    revision         the hub revision of it; '': the pinned one for the default model, else the hub's latest
    itc_model        the checkpoint that embeds for search; '': MODEL/itc, or the default's match; none: off
    itc_revision     the hub revision of that
    quant            int8 | none; '': int8 on a GPU, none on a CPU
    int8_threshold   LLM.int8's outlier threshold; above 0, one picture's answer depends on its batch
    device           auto | cpu | cuda | cuda:1 ...
    dtype            auto | fp32 | fp16 | bf16
    beams            0: as many as the checkpoint sets, else 5
    translator       tiny | a checkpoint folder | a hub id | native (the model speaks them itself) | none;
                     '': the model's own, else M2M100
    translator_revision  the hub revision of it
    """

    model: str = DEFAULT_MODEL
    revision: str = ""
    itc_model: str = ""
    itc_revision: str = ""
    quant: Literal["", "int8", "none"] = ""
    int8_threshold: float = 0.0
    device: str = "auto"
    dtype: Literal["auto", "fp32", "fp16", "bf16"] = "auto"
    beams: int = 0
    translator: str = ""
    translator_revision: str = ""


def load(options: EngineOptions) -> Engine:
    """The engine that `options` name, on its device and ready for its self-check (`Engine.check`).

    Raises:  ModelNotFound for a checkpoint that is not here and cannot be fetched, or cannot be read;
             BadSetting for options that do not go together; OutOfMemory where the device is too small.
    """
    match options.model:
        case "echo":
            from vlm.engine.echo import EchoEngine

            return EchoEngine()
        case name if name.startswith(CLASSIC):
            from vlm.engine.classic import open_classic

            return open_classic(options)
        case _:
            from vlm.engine.checkpoints import open_blip2  # torch and transformers: seconds

            return open_blip2(options)
