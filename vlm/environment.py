"""Settings from environment variables, for the two mains: typed at the border, and wrong ones told in words.

An empty variable counts as not set. An unknown name with a main's prefix is an error: it is nearly always a
misspelling. `REDIS_URL`, which bots and workers share, has no prefix.
"""

import ipaddress
import re
from collections.abc import Mapping
from contextlib import suppress
from difflib import get_close_matches
from typing import Annotated, Any, Final, Literal, TypeVar, get_args

import msgspec
from msgspec import Meta, Struct

from vlm.errors import BadSetting

S = TypeVar("S", bound=Struct)

REDIS_URL: Final = "REDIS_URL"

# Each kind of value that can be wrong says in its description what is expected, for the error's sentence.
RedisUrl = Annotated[
    str,
    Meta(
        pattern="^(redis|rediss|unix)://", description="a URL that begins with redis://, rediss:// or unix://"
    ),
]
Count = Annotated[int, Meta(ge=1, description="a whole number from 1 on")]
Listen = Annotated[
    str,
    Meta(pattern=r"^(\S*:)?\d{1,5}\Z", description="a port, or a host and a port, such as 127.0.0.1:9101"),
]
LogStyle = Annotated[Literal["text", "json"], Meta(description="text or json")]
LOOPBACK: Final = "127.0.0.1"


def variable(prefix: str, field: str) -> str:
    """The environment variable of a field."""
    return REDIS_URL if field == REDIS_URL.lower() else prefix + field.upper()


def read(kind: type[S], prefix: str, environ: Mapping[str, str], *, show_values: bool) -> S:
    """The settings in `environ`. Raises BadSetting for a value or a `prefix` name that cannot be
    right, and for one that is missing.

    `show_values`: whether the error may repeat a wrong value; not where one may be a secret.
    """
    fields = {variable(prefix, field.name): field for field in msgspec.structs.fields(kind)}
    for name in environ:
        if name.startswith(prefix) and name not in fields:
            near = get_close_matches(name, fields, n=1, cutoff=0)
            raise BadSetting(f"There is no setting {name}; did you mean {near[0]}?")
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if text := environ.get(name):
            try:
                values[field.name] = msgspec.convert(text, field.type, strict=False)
            except msgspec.ValidationError:  # its own message could show a secret
                wrong = f"cannot be {text!r}; it " if show_values and name != REDIS_URL else ""
                raise BadSetting(f"{name} {wrong}must be {_description(field.type)}.") from None
            if name == REDIS_URL:
                _guarded(text)
        elif field.required:
            needed = _description(field.type)
            raise BadSetting(f"{name} is not set. Put {needed} into the environment, or into .env.")
    return kind(**values)


def address(listen: str) -> tuple[str, int]:
    """Host and port of a `Listen`; without a host it is the loopback."""
    host, _, port = listen.rpartition(":")
    return host.strip("[]") or LOOPBACK, int(port)


def _guarded(url: str) -> None:
    """Raises BadSetting for a server that others can reach and that asks for no password."""
    from redis.connection import parse_url  # here, so that `--help` need not wait for the library

    try:
        parts: Mapping[str, Any] = parse_url(url)  # type: ignore[no-untyped-call]
    except ValueError:  # its own message could show the password, where it stands in a wrong place
        raise BadSetting(
            f"{REDIS_URL} cannot be read. It should be like redis://USER:PASSWORD@HOST:6379/0; in a"
            " password an @ is written %40, a slash %2F and a colon %3A."
        ) from None
    if "path" in parts or parts.get("password") or _is_loopback(str(parts.get("host", "localhost"))):
        return
    raise BadSetting(
        f"{REDIS_URL} names a server on another machine without a password: whoever reaches it could read all"
        " memories. Set a password there and write redis://:PASSWORD@HOST:PORT/0, or rediss:// for TLS."
    )


def _is_loopback(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def passwords_of(url: str) -> set[str]:
    """The password in a server's URL: as it stands there, and as it is; none if it has none."""
    from redis.connection import parse_url

    written = re.findall(r"//[^/@]*:([^/@]+)@|[?&]password=([^&]+)", url)
    meant = parse_url(url).get("password", "")  # type: ignore[no-untyped-call]
    return {*(password for pair in written for password in pair), meant} - {""}


def without_password(url: str) -> str:
    """A server's URL as it may be shown."""
    return re.sub(r"\?.*", "", re.sub("//.*@", "//***@", url))


def _description(kind: Any) -> str:
    """What the Meta of a kind says, also where the kind may be None."""
    metas = [*get_args(kind), *(meta for part in get_args(kind) for meta in get_args(part))]
    return next(str(meta.description) for meta in metas if isinstance(meta, Meta))
