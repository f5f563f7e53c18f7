"""Dashboard and alerts name numbers that there are, of processes that there are, and reach nobody else."""

import json
import re
from typing import Any

import pytest
import yaml
from support.paths import ROOT

from vlm.ops.metrics import Metrics

MONITORING = ROOT / "docker" / "monitoring"
BOARD = MONITORING / "grafana" / "dashboards" / "afterimage.json"
SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("_total",), "gauge": ("",)}
PAGE = (ROOT / "docs" / "operations.md").read_text()


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(BOARD.read_text())["panels"]
    return found


def rules() -> list[dict[str, Any]]:
    [group] = yaml.safe_load((MONITORING / "alerts.yml").read_text())["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


EXPRESSIONS = [
    *(target["expr"] for panel in panels() for target in panel["targets"]),
    *(rule["expr"] for rule in rules()),
]


def series() -> set[str]:
    """The name of everything that a bot or a worker tells, and Prometheus' own."""
    families = list(Metrics().registry.collect())
    return {"up"} | {family.name + suffix for family in families for suffix in SUFFIXES[family.type]}


def explained() -> dict[str, set[str]]:
    """Each number and its labels, as the page has them."""
    rows = re.findall(r"^\| `(afterimage_\w+?)(?:\{(.*?)\})?` \|", PAGE, re.MULTILINE)
    return {name: set(labels.split(",")) - {""} for name, labels in rows}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_number_that_is_looked_at_exists_with_these_labels(expression: str) -> None:
    named = re.findall(r"\b((?:afterimage|process)_\w+|up)\b(?:\{(.*?)\})?", expression)
    assert named
    for name, matchers in named:
        assert name in series(), name
        labels = set(re.findall(r"(\w+)!?[=~]", matchers))
        known = explained().get(re.sub("_(bucket|sum|count)$", "", name), set())
        assert labels <= known | {"job", "instance", "le"}, (name, labels)


def test_every_number_of_ours_is_looked_at() -> None:
    looked_at = {
        re.sub("_(bucket|sum|count)$", "", name)
        for one in EXPRESSIONS
        for name in re.findall(r"afterimage_\w+", one)
    }
    assert looked_at == explained().keys()


@pytest.mark.promise("security#logs-hold-no-content")
def test_labels_are_as_the_page_has_them() -> None:
    instruments = [one for one in vars(Metrics()).values() if hasattr(one, "_labelnames")]
    labels = {
        one._name + ("_total" if one._type == "counter" else ""): set(one._labelnames) for one in instruments
    }
    assert labels == explained()
    private = {"chat", "user", "sender", "job", "photo", "text", "name"}
    assert not any(private & names for names in labels.values())


def test_stages_and_streams_are_those_that_the_page_names() -> None:
    for one in EXPRESSIONS:
        for value in re.findall(r'(?:stage|stream)!?="(\w+)"', one):
            assert re.search(rf"\b{value}\b", PAGE), value


def test_every_alert_is_explained() -> None:
    assert [rule["alert"] for rule in rules()] == re.findall(
        r"^\| ([A-Z]\w+) \| ", PAGE.split("| alert |")[1].split("\n## ")[0], re.MULTILINE
    )


def test_prometheus_asks_the_services_that_there_are_where_they_answer() -> None:
    services = yaml.safe_load((ROOT / "docker" / "compose.yml").read_text())["services"]
    jobs = yaml.safe_load((MONITORING / "prometheus.yml").read_text())["scrape_configs"]
    for job in jobs:
        [found] = job["dns_sd_configs"]
        for name in found["names"]:
            environment = services[name]["environment"]
            listen = environment.get("BOT_METRICS") or environment["VLM_METRICS"]
            assert f"-0.0.0.0:{found['port']}}}" in listen, name
    asked = {name for job in jobs for name in job["dns_sd_configs"][0]["names"]}
    assert asked == services.keys() - {"redis", "prometheus", "grafana"}


def test_what_is_mounted_exists_and_the_dashboard_finds_its_source() -> None:
    services = yaml.safe_load((ROOT / "docker" / "compose.yml").read_text())["services"]
    for name in ("prometheus", "grafana"):
        mounts = [one.split(":") for one in services[name]["volumes"] if one.startswith("./")]
        assert mounts and all((ROOT / "docker" / path).exists() and how == "ro" for path, _, how in mounts)
    [source] = yaml.safe_load((MONITORING / "grafana/provisioning/datasources/prometheus.yml").read_text())[
        "datasources"
    ]
    assert {panel["datasource"]["uid"] for panel in panels()} == {source["uid"]}
    [provider] = yaml.safe_load((MONITORING / "grafana/provisioning/dashboards/afterimage.yml").read_text())[
        "providers"
    ]
    assert any(one.split(":")[1] == provider["options"]["path"] for one in services["grafana"]["volumes"])
