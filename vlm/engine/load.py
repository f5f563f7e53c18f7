"""Which engine answers. Importing this module, or loading `echo`, imports no torch."""

from vlm.engine.base import CLASSIC, Engine, EngineOptions


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
            from vlm.engine.classic.engine import open_classic

            return open_classic(options)
        case _:
            from vlm.engine.checkpoints import open_blip2  # torch and transformers take seconds to import

            return open_blip2(options)
