"""The programs as some tests start them, with `python -c`: parts of `bot` and `vlm` are replaced first.

All names of the product that tests replace from outside are here. A name that is gone ends the program.
"""

LEASE_S = 2.0

PATCH = """
import sys
from importlib import import_module
def patch(place, value):
    "Replace `module:name` or `module:Class.name`."
    module, _, path = place.partition(":")
    *owners, name = path.split(".")
    owner = import_module(module)
    for part in owners:
        owner = getattr(owner, part)
    getattr(owner, name)
    setattr(owner, name, value)
"""

# A bot that is killed leaves what it holds for two seconds, and not for ten.
BOT = f"""{PATCH}
patch("bot.service:LEASE_S", {LEASE_S})
%s
sys.exit(import_module("bot.__main__").main(["run"]))
"""
SMALL_GROUP_LIMIT = """
from functools import partial
from bot.transport.rate_limiter import RateLimiter
patch("bot.service:RateLimiter", partial(RateLimiter, most=4, window_ms=2500))
patch("bot.transport.rate_limit_notice:MIN_WAIT_S", 0)
"""

WORKER = """
import sys
from vlm.cli import main
sys.exit(main(["worker", "--model", "echo", "--redis", {url!r}]))
"""
FAILING_WORKER = f"""{PATCH}
from vlm.cli import main
from vlm.engine.echo import EchoEngine
generate = EchoEngine.generate
def failing(engine, tokens, prompts):
    if any(prompt.question and "breaks" in prompt.question for prompt in prompts):
        raise RuntimeError("the device is gone")
    return generate(engine, tokens, prompts)
patch("vlm.engine.echo:EchoEngine.generate", failing)
sys.exit(main(["worker", "--model", "echo"]))
"""

SANDBOX = """
import sys
from bot.sandbox.__main__ import main
sys.exit(main(["--port", "0", "--data", sys.argv[1]]))
"""

# These come before a program's text.
DEBUG_LOGS = """
import logging
basic_config = logging.basicConfig
logging.basicConfig = lambda **options: basic_config(**{**options, "level": logging.DEBUG})
"""
CLOCK = """
import mmap, os, struct, time
with open(os.environ["CLOCK"], "rb") as file:
    _shift = mmap.mmap(file.fileno(), 8, access=mmap.ACCESS_READ)
_time_ns = time.time_ns
time.time_ns = lambda: _time_ns() + struct.unpack("q", _shift[:8])[0]
time.time = lambda: time.time_ns() / 1e9
"""
POISON = f"""{PATCH}
import os, signal
from vlm.engine.echo import EchoEngine
_generate = EchoEngine.generate
def _poisoned(engine, tokens, prompts):
    if any("poison" in (prompt.question or "") for prompt in prompts):
        os.kill(os.getpid(), signal.SIGKILL)
    return _generate(engine, tokens, prompts)
patch("vlm.engine.echo:EchoEngine.generate", _poisoned)
"""

# Starts a server and dies: the server must not outlive it.
SERVER_OWNER = """
import os, pathlib, sys
from vlm.queue import server
print(server.start(pathlib.Path(sys.argv[1])).pid, flush=True)
os.kill(os.getpid(), 9)
"""
