"""The `vlm` command. Importing it, and asking it for help, costs no torch, no numpy and no connection.

Exit status:  0 all went well    1 a picture failed, or a server or worker cannot go on
              2 the command, a setting or a model's name is wrong    130 stopped by Ctrl-C
"""

import os
import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from vlm.commands.parser import parser
from vlm.errors import AfterimageError, BadRequest, ModelNotFound
from vlm.settings import Settings, read_settings

OF_ONE_MODEL: Final = (
    "VLM_REVISION", "VLM_ITC_MODEL", "VLM_ITC_REVISION", "VLM_TRANSLATOR", "VLM_TRANSLATOR_REVISION",
)  # fmt: skip
OURS: Final = ("bot", "vlm")
MISSING: Final = (
    "vlm: This command needs {}, which is not installed here. Install Afterimage with what a worker needs:"
    " make setup, or pip install '.[worker,server]'"
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit status."""
    arguments = parser().parse_args(argv, Namespace(typed=list(sys.argv[1:] if argv is None else argv)))
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr] # file names may be anything
    try:
        return _run(arguments, _environment())
    except AfterimageError as error:
        print(f"vlm: {error}", file=sys.stderr)
        return 2 if isinstance(error, BadRequest | ModelNotFound) else 1
    except ModuleNotFoundError as error:
        if str(error.name).split(".")[0] in OURS:
            raise
        print(MISSING.format(error.name), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # whoever read our lines has enough; nothing may be written any more, not even at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        if not error.filename:
            raise
        print(f"vlm: {error.filename}: {error.strerror}.", file=sys.stderr)
        return 1


def _run(arguments: Namespace, environ: Mapping[str, str]) -> int:
    """Import what the command needs, and no more."""
    if arguments.command == "doctor":
        from vlm.commands.doctor import look

        return look(lambda: _settings(arguments, environ), as_json=arguments.json)
    settings = _settings(arguments, environ)
    match arguments.command:
        case "dead":
            from vlm.commands.dead_letters import run

            return run(arguments, settings.redis_url)
        case "caption" | "ask":
            return _describe(arguments, settings, queued=bool(environ.get("REDIS_URL")))
        case "find":
            from vlm.commands.find import find_in

            return find_in(
                arguments.folder,
                arguments.query,
                limit=arguments.limit,
                as_json=arguments.json,
                settings=settings,
            )
        case "worker":
            from vlm.commands.worker import work

            return work(settings)
        case "server":
            from vlm.commands.server import serve

            return serve(arguments.dir, port=arguments.port, socket=arguments.socket)
        case "health":
            from vlm.commands.health import check

            return check(settings.redis_url, here=arguments.here)
        case "quantize":
            from vlm.commands.lab import quantize

            return quantize(arguments.src, arguments.dst, settings)
        case "scenes":
            from vlm.commands.scenes import write

            return write(arguments)
        case "train":
            return _train(arguments)
        case "compare":
            from vlm.commands.evaluate import compare

            return compare(arguments.results, page=arguments.html, seed=arguments.seed)
        case _:
            from vlm.commands.evaluate import evaluate

            return evaluate(arguments, settings)


def _describe(arguments: Namespace, settings: Settings, *, queued: bool) -> int:
    """Caption pictures, or ask about one; by the workers of a queue if there is one and no model is named."""
    from vlm.commands.caption import describe

    asking = arguments.command == "ask"
    return describe(
        [arguments.picture] if asking else arguments.pictures,
        arguments.question if asking else None,
        as_json=arguments.json,
        settings=settings,
        language=arguments.lang,
        by_queue=queued and not arguments.model,
    )


def _train(arguments: Namespace) -> int:
    """Train what the command names."""
    match arguments.what:
        case "classic":
            from vlm.commands.classic import train as train_classic

            return train_classic(arguments)
        case "translator":
            from vlm.commands.lab import train_translator

            return train_translator(arguments)
        case _:
            from vlm.commands.lab import train

            return train(arguments)


def _environment() -> Mapping[str, str]:
    """The environment, completed by this folder's `.env`: libraries read HF_TOKEN and the like themselves."""
    if Path(".env").is_file():
        from dotenv import load_dotenv

        load_dotenv(Path(".env"))
    return os.environ


def _settings(arguments: Namespace, environ: Mapping[str, str]) -> Settings:
    """The settings of the environment, under those of the command line."""
    chosen = dict(environ)
    model = getattr(arguments, "model", None)
    if model and model != chosen.get("VLM_MODEL"):
        # What the environment says of its own model is not true of another.
        chosen = {name: value for name, value in chosen.items() if name not in OF_ONE_MODEL} | {
            "VLM_MODEL": model
        }
    if quant := getattr(arguments, "quant", None):
        chosen["VLM_QUANT"] = quant
    if translator := getattr(arguments, "translator", None):
        chosen |= {"VLM_TRANSLATOR": translator, "VLM_TRANSLATOR_REVISION": ""}
    if url := getattr(arguments, "redis", None):
        chosen["REDIS_URL"] = url
    return read_settings(chosen)


if __name__ == "__main__":
    sys.exit(main())
