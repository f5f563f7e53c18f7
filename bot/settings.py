"""The settings of a bot: `BOT_*` and `REDIS_URL`, read once in `main`."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from vlm import environment
from vlm.environment import Count, Listen, LogStyle, RedisUrl, without_password
from vlm.errors import BadSetting

PREFIX: Final = "BOT_"
SECRET: Final = ("token", "webhook_secret")  # never in a repr, an error or a log

HttpUrl = Annotated[str, Meta(pattern="^https?://[^/]+", description="a URL that begins with https://")]
Token = Annotated[str, Meta(pattern=r"^[\w:-]{3,}\Z", description="the token that @BotFather gave you")]
WebhookSecret = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9_-]{1,256}\Z", description="1 to 256 of the characters A-Z a-z 0-9 _ -")
]
HostAndPort = Annotated[
    str, Meta(pattern=r"^\S+:\d{1,5}\Z", description="a host and a port, such as 127.0.0.1:8443")
]

Access = Annotated[Literal["open", "list", "invite"], Meta(description="open, list or invite")]
PersonId = Annotated[int, Meta(ge=1, description="a person's Telegram id, such as 123456789")]
PersonIds = Annotated[
    str, Meta(pattern=r"^\d+(\s*,\s*\d+)*\Z", description="people's Telegram ids with commas between them")
]
Ids = Annotated[
    str,
    Meta(
        pattern=r"^-?\d+(\s*,\s*-?\d+)*\Z",
        description="Telegram ids of people, and of groups (with their minus), with commas between them",
    ),
]


class Settings(Struct, frozen=True, kw_only=True):
    """Field `api_url` is the variable `BOT_API_URL`, and so on; `redis_url` alone is `REDIS_URL`.

    token           from @BotFather
    redis_url       the server of updates, jobs and memories; it may hold a password, so no repr shows it
    api_url         the Bot API server: Telegram's, your own, or the sandbox
    webhook_url     the address that Telegram calls; None: the bot polls Telegram
    webhook_secret  sent by Telegram with every call; required with a webhook
    webhook_listen  where the webhook is served; put an https proxy in front of it
    picture_px      the model's input size: the smallest PhotoSize whose shorter side reaches it is used
    queue_max       the most open jobs in all; more are refused
    chat_max        the most open jobs of one chat; more are refused
    access          who may use the bot: everyone, the ids in `allowed`, or these and invited people
    owner, admins   people who may always use the bot, invite others, and see its statistics
    allowed         people and groups who may use it
    retention_days  how long a photo is remembered
    contact         the contact that /privacy names; '': none
    metrics         where /healthz, /readyz and /metrics are served: PORT (of the loopback) or HOST:PORT
    log             text | json: the format of log lines
    """

    token: Token
    redis_url: RedisUrl = "redis://127.0.0.1:6379/0"
    api_url: HttpUrl = "https://api.telegram.org"
    webhook_url: HttpUrl | None = None
    webhook_secret: WebhookSecret | None = None
    webhook_listen: HostAndPort = "127.0.0.1:8443"
    picture_px: Count = 224
    queue_max: Count = 1000
    chat_max: Count = 20
    access: Access = "open"
    owner: PersonId | None = None
    admins: PersonIds = ""
    allowed: Ids = ""
    retention_days: Count = 365
    contact: str = ""
    metrics: Listen = ""
    log: LogStyle = "text"

    def __repr__(self) -> str:
        shown = {**msgspec.structs.asdict(self), "redis_url": without_password(self.redis_url)}
        shown |= {name: "***" for name in SECRET if shown[name]}
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in shown.items())})"

    @property
    def listen(self) -> tuple[str, int]:
        """Host and port of the webhook's own server."""
        return environment.host_and_port(self.webhook_listen)

    @property
    def bot_admins(self) -> frozenset[int]:
        """The owner and the admins."""
        return _ids(self.admins) | ({self.owner} if self.owner else set())

    @property
    def allowed_ids(self) -> frozenset[int]:
        """The people and groups that `allowed` names."""
        return _ids(self.allowed)

    @property
    def secrets(self) -> list[str]:
        """The texts that must never be logged."""
        passwords = environment.passwords_of(self.redis_url)
        return [text for text in (self.token, self.webhook_secret or "", *passwords) if text]


def _ids(listed: str) -> frozenset[int]:
    return frozenset(int(id) for id in listed.split(",") if id.strip())


def variable_name(field: str) -> str:
    """The environment variable of a field."""
    return environment.variable_name(PREFIX, field)


def read_settings(environ: Mapping[str, str]) -> Settings:
    """The settings in `environ`. Raises BadSetting for a wrong value or an unknown `BOT_*` name."""
    settings = environment.parse_settings(Settings, PREFIX, environ, show_values=False)
    if settings.webhook_url and not settings.webhook_secret:
        raise BadSetting(
            "BOT_WEBHOOK_URL needs BOT_WEBHOOK_SECRET: without one, anyone can pose as Telegram."
        )
    if settings.access == "list" and not settings.bot_admins | settings.allowed_ids:
        raise BadSetting("BOT_ACCESS=list needs BOT_OWNER or BOT_ALLOWED: without them, nobody has access.")
    if settings.access == "invite" and not settings.bot_admins:
        raise BadSetting("BOT_ACCESS=invite needs BOT_OWNER or BOT_ADMINS: without them, nobody can invite.")
    return settings
