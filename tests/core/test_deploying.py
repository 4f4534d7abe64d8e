"""What whoever installs the house copies, read here by the programs that will read it there."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from prometheus_client import generate_latest

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
METRIC = re.compile(r"\bventanilla_[a-z_]+\b")
ALERTS = yaml.safe_load((DEPLOY / "monitoring/alerts.yml").read_text())["groups"][0]["rules"]
BOARD = json.loads((DEPLOY / "monitoring/grafana.json").read_text())


def test_every_alert_and_every_panel_asks_for_a_figure_that_exists(app):
    shown = generate_latest(app.extensions["metrics"]).decode()
    known = set(re.findall(r"^# HELP (\w+)", shown, re.M))
    asked = [rule["expr"] for rule in ALERTS]
    asked += [target["expr"] for panel in BOARD["panels"] for target in panel["targets"]]

    wanted = {name for text in asked for name in METRIC.findall(text)}

    assert len(wanted) > 10
    assert wanted - known == set()


def test_every_alert_has_its_page_in_the_runbook():
    pages = set(re.findall(r"^## (\w+)$", (ROOT / "docs/runbook.md").read_text(), re.M))

    assert len(ALERTS) == 10
    for rule in ALERTS:
        assert rule["alert"] in pages
        assert rule["annotations"]["runbook"] == f"docs/runbook.md#{rule['alert'].lower()}"


def test_the_panels_of_the_board_do_not_lie_on_each_other():
    taken = set()
    for panel in BOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (place["x"] + across, place["y"] + down)
            for across in range(place["w"])
            for down in range(place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells


def test_nginx_reads_its_configuration(tmp_path):
    if shutil.which("nginx") is None:
        pytest.skip("NGINX IS NOT INSTALLED: its configuration was NOT tried (apt-packages.txt)")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-subj", "/CN=counter.example", "-days", "2"),
            *("-keyout", tmp_path / "privkey.pem", "-out", tmp_path / "fullchain.pem"),
        ],
        check=True,
        capture_output=True,
    )
    text = (DEPLOY / "nginx/ventanilla.conf").read_text()
    text = text.replace("/etc/letsencrypt/live/counter.example", str(tmp_path))
    text = text.replace("/var/log/nginx", str(tmp_path))
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid; events {{}} http {{ access_log off; {text} }}"
    )

    done = subprocess.run(
        ["nginx", "-t", "-e", "stderr", "-p", tmp_path, "-c", tmp_path / "nginx.conf"],
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    assert "[warn]" not in done.stderr, done.stderr


def test_nginx_holds_back_no_stream_of_the_house(app):
    found = re.search(r"location ~ (\S+) \{", (DEPLOY / "nginx/ventanilla.conf").read_text())
    assert found
    streams = [rule.rule for rule in app.url_map.iter_rules() if rule.endpoint.endswith("stream")]

    assert len(streams) >= 4
    for rule in streams:
        assert re.search(found[1], rule), rule


def test_systemd_reads_its_units(tmp_path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("SYSTEMD IS NOT INSTALLED: its units were NOT tried (apt-packages.txt)")
    units = []
    for unit in sorted((DEPLOY / "systemd").glob("ventanilla-*")):
        text = unit.read_text().replace("/opt/ventanilla/.venv/bin/", "/bin/true ")
        for word in ("User", "Group"):
            text = text.replace(f"{word}=ventanilla", f"{word}=root")
        (tmp_path / unit.name).write_text(text)
        units.append(str(tmp_path / unit.name))

    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True
    )

    told = [line for line in done.stderr.splitlines() if "ventanilla" in line]
    assert len(units) == 4
    assert told == []
    assert done.returncode == 0, done.stderr


def test_every_component_is_listed_with_a_licence_that_fits():
    def ask(what: str) -> str:
        words = [sys.executable, "tools/components.py", what]
        return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    listed = json.loads(ask("sbom"))

    assert listed["bomFormat"] == "CycloneDX"
    names = {one["name"] for one in listed["components"]}
    assert {"flask", "sqlalchemy", "boto3"} <= names
    assert all(re.fullmatch(r"pkg:(pypi|npm)/\S+@\S+", one["purl"]) for one in listed["components"])
    assert "all of them fit" in ask("licences")
