"""Typed settings from environment variables, with readable errors, for bots and workers.

An empty variable counts as not set. An unknown name with the prefix of a program is an error, because it is
nearly always a misspelling. `REDIS_URL`, which bots and workers share, has no prefix.
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

# The description of each type says what is expected; errors quote it.
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


def variable_name(prefix: str, field: str) -> str:
    """The environment variable of a field."""
    return REDIS_URL if field == REDIS_URL.lower() else prefix + field.upper()


def parse_settings(kind: type[S], prefix: str, environ: Mapping[str, str], *, show_values: bool) -> S:
    """The settings in `environ`. Raises BadSetting for a wrong value, an unknown name, a missing setting.

    `show_values`: whether an error may quote a wrong value; not where values may be secrets.
    """
    fields = {variable_name(prefix, field.name): field for field in msgspec.structs.fields(kind)}
    for name in environ:
        if name.startswith(prefix) and name not in fields:
            [similar] = get_close_matches(name, fields, n=1, cutoff=0)
            raise BadSetting(f"There is no setting {name}; did you mean {similar}?")
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if text := environ.get(name):
            try:
                values[field.name] = msgspec.convert(text, field.type, strict=False)
            except msgspec.ValidationError:  # its message could show a secret
                quoted = f"cannot be {text!r}; it " if show_values and name != REDIS_URL else ""
                raise BadSetting(f"{name} {quoted}must be {_description(field.type)}.") from None
            if name == REDIS_URL:
                _check_password(text)
        elif field.required:
            expected = _description(field.type)
            raise BadSetting(f"{name} is not set. Put {expected} into the environment, or into .env.")
    return kind(**values)


def host_and_port(listen: str) -> tuple[str, int]:
    """Host and port of a `Listen`; the default host is the loopback."""
    host, _, port = listen.rpartition(":")
    return host.strip("[]") or LOOPBACK, int(port)


def _check_password(url: str) -> None:
    """Raises BadSetting for a server on another machine without a password."""
    from redis.connection import parse_url  # slow to import, and not needed for --help

    try:
        parts: Mapping[str, Any] = parse_url(url)  # type: ignore[no-untyped-call]
    except ValueError:  # its message could show a misplaced password
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
    """The password in a server's URL, as written and decoded; empty if there is none."""
    from redis.connection import parse_url

    as_written = re.findall(r"//[^/@]*:([^/@]+)@|[?&]password=([^&]+)", url)
    decoded = parse_url(url).get("password", "")  # type: ignore[no-untyped-call]
    return {*(password for pair in as_written for password in pair), decoded} - {""}


def without_password(url: str) -> str:
    """A server's URL without its password and options, for logs."""
    return re.sub(r"\?.*", "", re.sub("//.*@", "//***@", url))


def _description(kind: Any) -> str:
    """The description in the Meta of a type, also of an optional type."""
    metas = [*get_args(kind), *(meta for part in get_args(kind) for meta in get_args(part))]
    return next(str(meta.description) for meta in metas if isinstance(meta, Meta))
