"""The containers, as far as a machine without Docker can tell: linted, parsed, and their parts run."""

import os
import re
import subprocess
import sys
import sysconfig
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from redis import Redis
from redis.exceptions import AuthenticationError, NoPermissionError
from support.paths import ROOT

from bot import health
from bot.settings import Settings as BotSettings
from bot.transport.journal import GROUP, UPDATES
from vlm.queue import connection, server, streams
from vlm.settings import Settings, variable_name

DOCKER = ROOT / "docker"
PASSWORDS = {"bot": "abc123", "worker": "def456"}
TESTS = "ghi789"  # the password of a user for tests, who may look at the configuration
DOCKERFILES = [DOCKER / "bot.Dockerfile", DOCKER / "worker.Dockerfile"]


def compose() -> dict[str, Any]:
    """compose.yml with its variables put in: the passwords as given, everything else empty."""
    text = (DOCKER / "compose.yml").read_text()
    given = {f"REDIS_{name.upper()}_PASSWORD": password for name, password in PASSWORDS.items()}
    given["BOT_TOKEN"] = "1:token"
    text = re.sub(r"(?<!\$)\$\{(\w+):[-?][^}]*\}", lambda found: given.get(found[1], ""), text)
    assert "$" not in re.sub(r"#.*|\$\$", "", text)
    loaded: dict[str, Any] = yaml.safe_load(text.replace("$$", "$"))
    return loaded


@pytest.fixture(params=DOCKERFILES, ids=lambda path: path.stem)
def dockerfile(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def test_the_linter_finds_nothing(dockerfile: Path) -> None:
    run = subprocess.run(
        [Path(sysconfig.get_path("scripts")) / "hadolint", dockerfile], capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.promise("security#containers-unprivileged")
def test_images_are_pinned_unprivileged_and_tell_their_health(dockerfile: Path) -> None:
    text = dockerfile.read_text()
    bases = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert bases and all(re.search(r":\d+\.\d+\.\d+", base) for base in bases)
    final = text[text.rindex("\nFROM ") :]
    assert "USER 10001" in final and "HEALTHCHECK" in final
    # all is fetched by its hash; the project itself, which has none, fetches nothing
    assert f"scripts/install-locked /venv/bin/python requirements/{dockerfile.stem}.lock" in text
    assert re.findall(r"pip install .*", text) == [
        "pip install --no-cache-dir --no-deps --no-build-isolation . && /venv/bin/pip check"
    ]


def test_what_is_copied_is_there_and_nothing_else_is_sent(dockerfile: Path) -> None:
    ignored = dockerfile.with_name(f"{dockerfile.name}.dockerignore").read_text().splitlines()
    assert ignored[1] == "*", "all is left out but what is named"
    kept = {line[1:] for line in ignored if line.startswith("!")}
    copied = {
        word
        for line in re.findall(r"^COPY (?!--from)(.*) \S+$", dockerfile.read_text(), re.MULTILINE)
        for word in line.split()
    }
    assert {path.split("/")[0] for path in copied} == {path.split("/")[0] for path in kept}
    assert all((ROOT / path).exists() for path in kept)
    assert not any(".env" in path for path in kept)


def test_the_bots_image_runs_without_what_is_left_out_of_it() -> None:
    left_out = ["vlm.engine", "vlm.lab", "bot.sandbox", "torch", "transformers", "numpy", "PIL"]
    hidden = f"import sys; sys.modules.update(dict.fromkeys({left_out}))"
    code = f"{hidden}; import bot.__main__, bot.service, bot.health, bot.doctor"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


def test_commands_and_extras_exist() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert {"bot", "worker"} <= set(project["optional-dependencies"])
    assert {"afterimage", "vlm"} <= set(project["scripts"])


def test_the_server_is_reached_from_inside_only_and_forgets_nothing() -> None:
    redis = compose()["services"]["redis"]
    assert "ports" not in redis and "network_mode" not in redis
    assert re.fullmatch(r"\S+:\d+\.\d+\.\d+\S*", redis["image"])
    assert redis["volumes"] == ["redis:/data"] and redis["healthcheck"]["test"]


@pytest.mark.promise("security#containers-unprivileged")
def test_no_service_opens_a_port_or_has_more_rights_than_it_needs() -> None:
    for name, service in compose()["services"].items():
        opened = service.get("ports", [])
        assert all(port.startswith("127.0.0.1:") for port in opened), name
        assert not opened or service["profiles"] == ["monitoring"], name
        assert "privileged" not in service and "network_mode" not in service, name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert service["cap_drop"] == ["ALL"] and "cap_add" not in service, name
        assert name == "redis" or (service["read_only"] and service["tmpfs"]), name
        assert name != "redis" or service["user"] == "valkey"


def test_the_worker_reserves_a_gpu_unless_it_is_the_cpus() -> None:
    services = compose()["services"]
    (device,) = services["worker"]["deploy"]["resources"]["reservations"]["devices"]
    assert device == {"driver": "nvidia", "count": 1, "capabilities": ["gpu"]}
    assert (
        "deploy" not in services["worker-cpu"]
        and services["worker-cpu"]["environment"]["VLM_DEVICE"] == "cpu"
    )
    assert (services["worker"]["profiles"], services["worker-cpu"]["profiles"]) == (["gpu"], ["cpu"])


def test_each_service_gets_its_own_settings_and_all_of_them() -> None:
    services = compose()["services"]
    worker = {variable_name(name) for name in Settings.__struct_fields__}
    assert set(services["worker"]["environment"]) == (worker - {"VLM_DEVICE"}) | {"HF_TOKEN"}
    assert set(services["worker-cpu"]["environment"]) == worker | {"HF_TOKEN"}
    bot = {"REDIS_URL"} | {
        f"BOT_{name.upper()}" for name in BotSettings.__struct_fields__ if name != "redis_url"
    }
    assert set(services["bot"]["environment"]) == bot
    for name in ("bot", "worker", "worker-cpu"):
        user = name.removesuffix("-cpu")
        assert services[name]["environment"]["REDIS_URL"] == f"redis://{user}:{PASSWORDS[user]}@redis:6379/0"


@pytest.fixture
def configured(tmp_path: Path) -> Iterator[Path]:
    """The socket of a server that runs by the command and with the configuration in compose.yml."""
    loaded, socket = compose(), tmp_path / "s"
    redis, configs = loaded["services"]["redis"], loaded["configs"]
    moved = {"/etc/": f"{tmp_path}/etc-", "/tmp/": f"{tmp_path}/", "/data": str(tmp_path)}

    def here(text: str) -> str:
        return re.sub("|".join(moved), lambda found: moved[found[0]], text)

    users = (DOCKER / configs["users"]["file"]).read_text()
    contents = {
        "valkey": f"{here(configs['valkey']['content'])}\nport 0\nunixsocket {socket}\n",
        "users": f"{users}user tests on ~* &* +@all >{TESTS}\n",
    }
    for config in redis["configs"]:
        Path(here(config["target"])).write_text(contents[config["source"]])
    (tmp_path / "valkey-server").symlink_to(server.find_binary())
    environ = {name: value or "" for name, value in redis["environment"].items()}
    environ |= {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    command = [here(word) for word in redis["command"]]
    process = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL)
    try:
        deadline_s = time.monotonic() + 60
        while not socket.exists():
            assert process.poll() is None and time.monotonic() < deadline_s, "the server did not start"
            time.sleep(0.02)
        yield socket
    finally:
        process.terminate()
        process.wait(timeout=60)


@pytest.mark.promise("security#compose-passwords")
def test_each_role_comes_in_by_its_own_password_and_nobody_else(configured: Path) -> None:
    for user, password in [
        *((None, password) for password in (None, "", *PASSWORDS.values())),
        *(("exporter", password) for password in ("", *PASSWORDS.values())),
        ("bot", PASSWORDS["worker"]),
    ]:
        with (
            Redis(unix_socket_path=str(configured), username=user, password=password, retry=None) as stranger,
            pytest.raises(AuthenticationError),
        ):
            stranger.ping()
    for user, password in PASSWORDS.items():
        with Redis(unix_socket_path=str(configured), username=user, password=password) as redis:
            assert redis.ping()
            with pytest.raises(NoPermissionError):
                redis.config_get("dir")


def test_the_servers_configuration_writes_everything_down(configured: Path) -> None:
    with Redis(
        unix_socket_path=str(configured), username="tests", password=TESTS, decode_responses=True
    ) as redis:
        set_to = redis.config_get("appendonly", "appendfsync", "maxmemory-policy", "save")
    assert set_to == {
        "appendonly": "yes",
        "appendfsync": "always",
        "maxmemory-policy": "noeviction",
        "save": "",
    }


async def test_the_bots_health_is_that_it_still_asks_for_updates(tmp_path: Path) -> None:
    running = server.start(tmp_path / "redis")
    try:
        async with connection.connect(running.url) as redis:
            group = streams.Group(redis, [UPDATES], group=GROUP, consumer="here-1-abc")
            await group.ensure()
            assert not await health.is_reading_updates(redis, "here")
            await group.take(1, block_ms=1)
            assert await health.is_reading_updates(redis, "here")
            assert not await health.is_reading_updates(redis, "elsewhere")
            assert not await health.is_reading_updates(redis, "here", silent_ms=0)
    finally:
        running.stop()


def test_the_bots_health_check_tells_why_it_is_not_well(tmp_path: Path) -> None:
    environ = os.environ | {"REDIS_URL": f"unix://{tmp_path}/none.sock", "BOT_TOKEN": "1:token"}
    run = subprocess.run(
        [sys.executable, "-m", "bot", "health"],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 1 and run.stderr.startswith("unwell: ") and "Traceback" not in run.stderr
