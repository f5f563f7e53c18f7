"""The settings of a worker and of the `vlm` command: `VLM_*` and `REDIS_URL`, read once in `main`.

`HF_TOKEN` and the hub's cache folder (`HF_HOME`) are read by huggingface_hub itself.
"""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from vlm import environment
from vlm.environment import Count, Listen, LogStyle, RedisUrl, without_password

DEFAULT_MODEL: Final = "Salesforce/blip2-flan-t5-xl"
PREFIX: Final = "VLM_"

Quant = Annotated[Literal["", "int8", "none"], Meta(description="int8 or none")]
Dtype = Annotated[Literal["auto", "fp32", "fp16", "bf16"], Meta(description="auto, fp32, fp16 or bf16")]
CountOrZero = Annotated[int, Meta(ge=0, description="a whole number from 0 on")]
Threshold = Annotated[float, Meta(ge=0, le=1e6, description="a number from 0 on")]
Seconds = Annotated[float, Meta(ge=1, le=3600, description="a number of seconds from 1 to 3600")]


class Settings(Struct, frozen=True, kw_only=True):
    """Field `lease_s` is the variable `VLM_LEASE_S`, and so on; `redis_url` alone is `REDIS_URL`.

    redis_url        the Redis server; it may hold a password, so no repr shows it
    model            tiny | a folder | a hub id | classic:FOLDER | echo (for tests)
    revision         its revision on the hub; '': the revision this version was made with
    itc_model        the checkpoint that embeds for search; '': MODEL/itc or the default's match; none: off
    itc_revision     its revision on the hub
    quant            int8 | none; '': int8 on a GPU, none on a CPU
    int8_threshold   LLM.int8's outlier threshold; above 0, a picture's answer depends on its batch
    device           auto | cpu | cuda | cuda:1 ...
    dtype            auto | fp32 | fp16 | bf16
    threads          CPU threads of the model; 0: torch's own choice
    batch            the most jobs that a worker takes at once
    beams            beams of a caption; 0: the checkpoint's own number, else 5
    translator       tiny | a folder | a hub id | native: the model itself | none; '': the model's own
    translator_revision  its revision on the hub; '': the revision this version was made with
    lease_s          how long a dead worker's jobs wait for another worker
    tokens_ttl_s     how long a photo's query tokens are kept after they were last used
    metrics          where /healthz, /readyz and /metrics are served: PORT (of the loopback) or HOST:PORT
    log              text | json: the format of log lines
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
    translator: str = ""
    translator_revision: str = ""
    lease_s: Seconds = 30.0
    tokens_ttl_s: Count = 7 * 24 * 3600
    metrics: Listen = ""
    log: LogStyle = "text"

    def __repr__(self) -> str:
        values = {**msgspec.structs.asdict(self), "redis_url": without_password(self.redis_url)}
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in values.items())})"


def variable_name(field: str) -> str:
    """The environment variable of a field."""
    return environment.variable_name(PREFIX, field)


def read_settings(environ: Mapping[str, str]) -> Settings:
    """The settings in `environ`. Raises BadSetting for a wrong value or an unknown `VLM_*` name."""
    return environment.parse_settings(Settings, PREFIX, environ, show_values=True)
