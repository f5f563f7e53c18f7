"""The server that is started for those who have none."""

import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from redis import Redis
from support.programs import SERVER_OWNER
from support.queue_examples import running

from vlm.errors import BadSetting, Unavailable
from vlm.queue import server


def client(running_server: server.Server) -> Redis:
    return Redis.from_url(running_server.url)


def test_what_was_written_survives_a_crash(tmp_path: Path, binary: Path) -> None:
    with running(tmp_path, binary) as first, client(first) as redis:
        redis.set("a", "1")
        first.kill()
        assert not first.is_running()
    with running(tmp_path, binary) as second, client(second) as redis:
        assert redis.get("a") == b"1"


def test_it_never_forgets_to_make_room_and_writes_before_it_answers(tmp_path: Path, binary: Path) -> None:
    with running(tmp_path, binary) as running_server, client(running_server) as redis:
        expected = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction"}
        assert {name: redis.config_get(name)[name] for name in expected} == expected


def test_it_listens_on_no_port_unless_told_and_then_only_on_this_machine(tmp_path: Path) -> None:
    with running(tmp_path / "one") as running_server, client(running_server) as redis:
        assert redis.config_get("port")["port"] == "0"
    with_port = server.start(tmp_path / "two", port=0)
    try:
        assert with_port.url.startswith("redis://127.0.0.1:")
        with client(with_port) as redis:
            assert redis.config_get("bind")["bind"] == "127.0.0.1"
    finally:
        with_port.stop()


def test_a_folder_has_one_server_and_whoever_comes_later_shares_it(tmp_path: Path) -> None:
    with running(tmp_path) as first:
        second = server.start(tmp_path, port=0)
        assert (second.url, second.pid) == (first.url, first.pid)
        second.stop()
        assert not first.is_running()
        first.stop()


def test_a_server_whose_starter_was_killed_is_found_again(tmp_path: Path) -> None:
    died = subprocess.run([sys.executable, "-c", SERVER_OWNER, str(tmp_path)], capture_output=True, text=True)
    with running(tmp_path) as taken_over:
        assert taken_over.pid == int(died.stdout)
    assert not taken_over.is_running()


def test_a_port_that_is_taken_is_said_plainly(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(Unavailable, match=r"Port \d+ .* choose another"):
            server.start(tmp_path, port=taken.getsockname()[1])


@pytest.mark.parametrize("port", [-1, 65_536])
def test_a_port_that_is_none_is_said_plainly(tmp_path: Path, port: int) -> None:
    with pytest.raises(BadSetting, match=f"no port {port}"):
        server.start(tmp_path, port=port)


def test_a_deep_folder_has_its_socket_where_the_kernel_can_name_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory() as short:
        monkeypatch.setattr(tempfile, "tempdir", short)
        with (
            running(tmp_path / ("deep" * 20) / ("er" * 20)) as running_server,
            client(running_server) as redis,
        ):
            assert redis.ping()
            assert running_server.url.startswith(f"unix://{short}/")


def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    with running(tmp_path / "my data #1 (50%20)?") as running_server, client(running_server) as redis:
        assert redis.ping()


def test_a_socket_that_the_kernel_cannot_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="shorter"):
        server.start(tmp_path, socket=tmp_path / ("x" * 120))


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "appendonlydir").write_text("not a folder")
    with pytest.raises(Unavailable, match=r"appendonlydir.*server\.log"):
        server.start(tmp_path)
    (tmp_path / "appendonlydir").unlink()
    with running(tmp_path) as mended:
        assert mended.is_running()
