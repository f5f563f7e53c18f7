"""A Redis server that others can reach is used with a password only, and by TLS where its URL says so."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis.exceptions import ConnectionError

from bot.settings import read_settings as bot_settings
from vlm.errors import BadSetting
from vlm.queue.connection import connect
from vlm.settings import read_settings as worker_settings

OPEN = [
    "redis://10.0.0.5:6379/0",
    "redis://redis:6379/0",
    "rediss://redis.example.org/0",
    "redis://user@redis/0",
    "redis://127.0.0.1.example.org/0",
    "redis://0.0.0.0/0",
    "redis:///0?host=redis",
]
SAFE = [
    "redis://127.0.0.1:6379/0",
    "redis://localhost/1",
    "redis://[::1]:6379/0",
    "unix:///run/redis.sock",
    "redis://:secret@redis/0",
    "rediss://bot:secret@redis.example.org:6380/0?ssl_ca_certs=/ca.pem",
]


@pytest.mark.promise("security#redis-needs-password")
@pytest.mark.parametrize("url", OPEN)
def test_a_server_off_this_machine_without_a_password_is_refused(url: str) -> None:
    with pytest.raises(BadSetting, match="without a password"):
        bot_settings({"BOT_TOKEN": "1:token", "REDIS_URL": url})
    with pytest.raises(BadSetting, match="without a password"):
        worker_settings({"REDIS_URL": url})


@pytest.mark.parametrize("url", SAFE)
def test_loopback_sockets_and_passwords_are_fine(url: str) -> None:
    assert bot_settings({"BOT_TOKEN": "1:token", "REDIS_URL": url}).redis_url == url
    assert worker_settings({"REDIS_URL": url}).redis_url == url


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """The port of a server that speaks TLS only, and the certificate that vouches for it."""
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "ca.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
    subprocess.run([*made, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    binary = shutil.which("redis-server")
    assert binary, "`make system` installs redis-server"
    options = ["--port", "0", "--tls-port", str(port), "--tls-auth-clients", "no", "--save", ""]
    files = ["--tls-cert-file", str(certificate), "--tls-key-file", str(key), "--dir", str(folder)]
    process = subprocess.Popen([binary, *options, *files, "--requirepass", "pw"], stdout=subprocess.DEVNULL)
    try:
        deadline_s = time.monotonic() + 60
        while not answers(port):
            assert process.poll() is None and time.monotonic() < deadline_s
            time.sleep(0.02)
        yield port, certificate
    finally:
        process.terminate()
        process.wait(timeout=60)


@pytest.mark.promise("security#redis-tls")
async def test_tls_is_spoken_and_the_servers_certificate_is_checked(certified: tuple[int, Path]) -> None:
    port, certificate = certified
    url = f"rediss://:pw@127.0.0.1:{port}/0"
    async with connect(f"{url}?ssl_ca_certs={certificate}") as redis:
        assert await redis.ping()
    async with connect(url) as redis:
        with pytest.raises(ConnectionError, match=r"(?i)certificate"):
            await redis.ping()
