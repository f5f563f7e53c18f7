"""Settings are read once, checked at the border, and never show a secret."""

import re

import msgspec
import pytest
from dotenv import dotenv_values
from support.paths import ROOT

from bot import settings
from bot.settings import Settings, read_settings, variable_name
from vlm import settings as worker_settings
from vlm.errors import BadSetting

TOKEN = "123456:a-Canary_Token"
EXAMPLE = ROOT / ".env.example"


def test_a_token_is_all_that_must_be_set() -> None:
    values = read_settings({"BOT_TOKEN": TOKEN, "PATH": "/bin", "BOT_API_URL": ""})
    assert values == Settings(token=TOKEN)


def test_values_are_typed() -> None:
    values = read_settings({"BOT_TOKEN": TOKEN, "BOT_CHAT_MAX": "3", "BOT_WEBHOOK_LISTEN": "0.0.0.0:80"})
    assert values.chat_max == 3
    assert values.listen == ("0.0.0.0", 80)  # noqa: S104 - only parsed here


@pytest.mark.promise("security#webhook-needs-secret")
@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({}, "BOT_TOKEN"),
        ({"BOT_TOKEN": "not a token"}, "BOT_TOKEN"),
        ({"BOT_TOKEN": TOKEN, "BOT_TOKN": "1"}, "did you mean BOT_TOKEN"),
        ({"BOT_TOKEN": TOKEN, "BOT_CHAT_MAX": "many"}, "BOT_CHAT_MAX"),
        ({"BOT_TOKEN": TOKEN, "BOT_QUEUE_MAX": "0"}, "BOT_QUEUE_MAX"),
        ({"BOT_TOKEN": TOKEN, "BOT_API_URL": "telegram.org"}, "BOT_API_URL"),
        ({"BOT_TOKEN": TOKEN, "REDIS_URL": "localhost"}, "REDIS_URL"),
        ({"BOT_TOKEN": TOKEN, "BOT_WEBHOOK_LISTEN": "8443"}, "BOT_WEBHOOK_LISTEN"),
        ({"BOT_TOKEN": TOKEN, "BOT_WEBHOOK_URL": "https://example.org/hook"}, "BOT_WEBHOOK_SECRET"),
    ],
)
def test_what_cannot_be_right_is_refused_by_name_and_not_by_value(
    environ: dict[str, str], named: str
) -> None:
    with pytest.raises(BadSetting, match=named) as caught:
        read_settings(environ)
    assert TOKEN not in str(caught.value)


def test_secrets_show_in_no_repr() -> None:
    environ = {
        "BOT_TOKEN": TOKEN,
        "REDIS_URL": "redis://user:a-Canary-Password@host:6379/0",
        "BOT_WEBHOOK_URL": "https://example.org/hook",
        "BOT_WEBHOOK_SECRET": "a-Canary-Secret",
    }
    shown = repr(read_settings(environ))
    assert "Canary" not in shown
    assert "example.org" in shown
    assert len(read_settings(environ).secrets) == 3


def test_the_example_names_every_setting_of_bot_and_worker_with_its_default() -> None:
    text = EXAMPLE.read_text()
    named = dict(re.findall(r"^#?\s?((?:BOT|VLM)_\w+|REDIS_URL)=(\S*)", text, re.MULTILINE))
    defaults = {variable_name(field.name): field.default for field in msgspec.structs.fields(Settings)}
    defaults |= {
        worker_settings.variable_name(field.name): field.default
        for field in msgspec.structs.fields(worker_settings.Settings)
    }
    assert named.keys() == defaults.keys()
    for name, default in defaults.items():
        if default not in (None, "", msgspec.NODEFAULT):
            assert type(default)(named[name]) == default, name


def test_the_example_is_a_working_file_once_the_token_is_filled_in() -> None:
    values = {name: value for name, value in dotenv_values(EXAMPLE).items() if value is not None}
    assert settings.read_settings({**values, "BOT_TOKEN": TOKEN}) == Settings(token=TOKEN)
    assert worker_settings.read_settings(values) == worker_settings.Settings()
