"""Settings are right, or the sentence says which one is wrong and what it should be."""

import pytest
from msgspec.structs import fields

from vlm.environment import without_password
from vlm.errors import BadSetting
from vlm.settings import Settings, read_settings, variable_name


def test_nothing_set_means_the_defaults() -> None:
    settings = read_settings({"PATH": "/bin", "BOT_TOKEN": "1:secret"})
    assert settings == Settings()
    assert (settings.model, settings.batch, settings.lease_s) == ("Salesforce/blip2-flan-t5-xl", 8, 30)


def test_each_field_is_read_from_its_variable() -> None:
    texts = {
        "REDIS_URL": "unix:///run/redis.sock",
        "VLM_MODEL": "tiny",
        "VLM_REVISION": "abc",
        "VLM_ITC_MODEL": "none",
        "VLM_ITC_REVISION": "def",
        "VLM_QUANT": "int8",
        "VLM_INT8_THRESHOLD": "6",
        "VLM_DEVICE": "cuda:1",
        "VLM_DTYPE": "bf16",
        "VLM_THREADS": "2",
        "VLM_BATCH": "4",
        "VLM_BEAMS": "1",
        "VLM_TRANSLATOR": "none",
        "VLM_TRANSLATOR_REVISION": "ghi",
        "VLM_LEASE_S": "2.5",
        "VLM_TOKENS_TTL_S": "60",
        "VLM_METRICS": "9102",
        "VLM_LOG": "json",
    }
    assert set(texts) == {variable_name(field.name) for field in fields(Settings)}
    settings = read_settings(texts)
    assert all(getattr(settings, field.name) != field.default for field in fields(Settings))
    assert (settings.int8_threshold, settings.threads, settings.lease_s) == (6.0, 2, 2.5)


def test_an_empty_variable_counts_as_not_set() -> None:
    assert read_settings({"VLM_BATCH": "", "VLM_QUANT": "", "REDIS_URL": ""}) == Settings()


@pytest.mark.parametrize(
    ("name", "near"),
    [("VLM_MODLE", "VLM_MODEL"), ("VLM_QUANTIZE", "VLM_QUANT"), ("VLM_ITC_REV", "VLM_ITC_REVISION")],
)
def test_a_misspelled_name_is_told_the_nearest(name: str, near: str) -> None:
    with pytest.raises(BadSetting, match=f"no setting {name}; did you mean {near}[?]"):
        read_settings({name: "x"})


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("VLM_BATCH", "0", "a whole number from 1 on"),
        ("VLM_BATCH", "many", "a whole number from 1 on"),
        ("VLM_THREADS", "-1", "a whole number from 0 on"),
        ("VLM_QUANT", "int4", "int8 or none"),
        ("VLM_DTYPE", "float64", "auto, fp32, fp16 or bf16"),
        ("VLM_INT8_THRESHOLD", "nan", "a number from 0 on"),
        ("VLM_LEASE_S", "inf", "a number of seconds from 1 to 3600"),
        ("REDIS_URL", "localhost:6379", "a URL that begins with redis://, rediss:// or unix://"),
    ],
)
def test_a_wrong_value_is_told_what_would_be_right(name: str, text: str, expected: str) -> None:
    with pytest.raises(BadSetting) as caught:
        read_settings({name: text})
    value = "" if name == "REDIS_URL" else f"cannot be {text!r}; it "  # it could be a password
    assert str(caught.value) == f"{name} {value}must be {expected}."


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/0"),
        ("rediss://me:pass@word@host:1/2", "rediss://***@host:1/2"),
        ("unix:///run/r.sock?password=pass", "unix:///run/r.sock"),
    ],
)
def test_a_password_never_shows(url: str, shown: str) -> None:
    assert without_password(url) == shown
    settings = read_settings({"REDIS_URL": url})
    assert settings.redis_url == url and "pass" not in repr(settings)
    with pytest.raises(BadSetting) as caught:
        read_settings({"REDIS_URL": f"http{url}"})
    assert "pass" not in str(caught.value)
