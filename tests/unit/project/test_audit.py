"""`make check` asks about known vulnerabilities: found ones fail it, a network that is away does not."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from support.paths import ROOT

ADVICE = {
    "vulns": [
        {
            "id": "PYSEC-1",
            "affected": [
                {
                    "package": {"name": "httpx", "ecosystem": "PyPI"},
                    "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99"}]}],
                    "versions": [],
                }
            ],
        }
    ]
}


@contextmanager
def list_of_vulnerabilities(vulnerable: str = "", status: int = 200) -> Iterator[str]:
    """The address of a service that knows of one package's."""

    class Service(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer = json.dumps(ADVICE if asked["package"]["name"] == vulnerable else {}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Service) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/v1/query"
        server.shutdown()


def audited(url: str) -> tuple[int, str]:
    run = subprocess.run(
        [sys.executable, ROOT / "scripts" / "audit", "--vulnerability-service=osv", f"--osv-url={url}"],
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert not run.stderr
    return run.returncode, run.stdout


@pytest.mark.promise("security#packages-audited")
def test_a_known_vulnerability_fails_the_check_and_is_named() -> None:
    with list_of_vulnerabilities("httpx") as url:
        code, said = audited(url)
    assert code == 1 and "httpx 0." in said and "PYSEC-1, fixed in 99" in said and "1 vulnerabilities" in said


def test_none_passes() -> None:
    with list_of_vulnerabilities() as url:
        code, said = audited(url)
    assert code == 0 and "skipped" not in said and "0 vulnerabilities" in said


@pytest.mark.promise("security#packages-audited")
def test_a_list_that_cannot_be_reached_is_said_and_fails_nothing() -> None:
    with list_of_vulnerabilities(status=503) as url:
        assert audited(url)[0] == 0
    code, said = audited(url)  # nobody answers there any more
    assert code == 0 and said.startswith("pip-audit: skipped") and said.count("\n") == 1


def test_the_check_asks() -> None:
    assert "scripts/audit" in (ROOT / "Makefile").read_text().split("\ncheck:")[1].split("\n\n")[0]
