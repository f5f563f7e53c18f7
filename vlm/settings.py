"""What a worker and the `vlm` command can be told: `VLM_*` and `REDIS_URL`, read once in a main.

An empty variable counts as not set. An unknown `VLM_*` name is an error: it is nearly always a misspelling.
`HF_TOKEN` and the hub's cache folder (`HF_HOME`) are read by huggingface_hub itself.
"""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Final, Literal, get_args

import msgspec
from msgspec import Meta, Struct

from vlm.errors import BadSetting

DEFAULT_MODEL: Final = "Salesforce/blip2-flan-t5-xl"
PREFIX: Final = "VLM_"

# Each kind of value that can be wrong says in its description what is expected, for the error's sentence.
RedisUrl = Annotated[
    str,
    Meta(
        pattern="^(redis|rediss|unix)://", description="a URL that begins with redis://, rediss:// or unix://"
    ),
]
Quant = Annotated[Literal["", "int8", "none"], Meta(description="int8 or none")]
Dtype = Annotated[Literal["auto", "fp32", "fp16", "bf16"], Meta(description="auto, fp32, fp16 or bf16")]
Count = Annotated[int, Meta(ge=1, description="a whole number from 1 on")]
CountOrZero = Annotated[int, Meta(ge=0, description="a whole number from 0 on")]
Threshold = Annotated[float, Meta(ge=0, le=1e6, description="a number from 0 on")]
Seconds = Annotated[float, Meta(ge=1, le=3600, description="a number of seconds from 1 to 3600")]


class Settings(Struct, frozen=True, kw_only=True):
    """Field `lease_s` is the variable `VLM_LEASE_S`, and so on; `redis_url` alone is `REDIS_URL`.

    redis_url        the Redis server; may hold a password, so it shows in no repr
    model            tiny | a checkpoint folder | a hub id | echo (no model: for tests)
    revision         the hub revision of it; '': the one this version was made with
    itc_model        the checkpoint that embeds for search; '': MODEL/itc or the default's match; none: off
    itc_revision     the hub revision of that
    quant            int8 | none; '': int8 on a GPU, none on a CPU
    int8_threshold   LLM.int8's outlier threshold; above 0, one picture's answer depends on its batch
    device           auto | cpu | cuda | cuda:1 ...
    dtype            auto | fp32 | fp16 | bf16
    threads          CPU threads of the model; 0: torch's own choice
    batch            jobs that a worker takes at most at once
    beams            beams of a caption; 0: as many as the checkpoint sets, else 5
    lease_s          how long a dead worker's jobs wait for another worker
    tokens_ttl_s     how long a photo's query tokens are kept after their last use
    """

    redis_url: RedisUrl = "redis://127.0.0.1:6379/0"
    model: str = DEFAULT_MODEL
    revision: str = ""
    itc_model: str = ""
    itc_revision: str = ""
    quant: Quant = ""
    int8_threshold: Threshold = 0.0
    device: str = "auto"
    dtype: Dtype = "auto"
    threads: CountOrZero = 0
    batch: Count = 8
    beams: CountOrZero = 0
    lease_s: Seconds = 30.0
    tokens_ttl_s: Count = 7 * 24 * 3600

    def __repr__(self) -> str:
        shown = {**msgspec.structs.asdict(self), "redis_url": without_password(self.redis_url)}
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in shown.items())})"


def variable(field: str) -> str:
    """The environment variable of a field."""
    return "REDIS_URL" if field == "redis_url" else PREFIX + field.upper()


def read_settings(environ: Mapping[str, str]) -> Settings:
    """The settings in `environ`. Raises BadSetting for a value or a `VLM_*` name that cannot be right."""
    fields = {variable(field.name): field for field in msgspec.structs.fields(Settings)}
    for name in environ:
        if name.startswith(PREFIX) and name not in fields:
            raise BadSetting(_unknown(name, list(fields)))
    values = {
        field.name: _value(name, environ[name], field.type)
        for name, field in fields.items()
        if environ.get(name)
    }
    return msgspec.convert(values, Settings)


def without_password(url: str) -> str:
    """A server's URL as it may be shown."""
    return re.sub(r"\?.*", "", re.sub("//.*@", "//***@", url))


def _value(name: str, text: str, kind: Any) -> object:
    try:
        return msgspec.convert(text, kind, strict=False)
    except msgspec.ValidationError:
        expected = get_args(kind)[1].description
        raise BadSetting(f"{name} cannot be {without_password(text)!r}; it must be {expected}.") from None


def _unknown(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1, cutoff=0)
    return f"There is no setting {name}; did you mean {near[0]}?"
