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
    known = set(re.findall(r"^# HELP (\w+)", shown, re.M))  # a counter's name ends in _total
    asked = [rule["expr"] for rule in ALERTS]
    asked += [target["expr"] for panel in BOARD["panels"] for target in panel["targets"]]

    wanted = {name for text in asked for name in METRIC.findall(text)}

    assert len(wanted) > 10
    assert wanted - known == set()


def test_every_alert_has_its_page_in_the_runbook():
    pages = set(re.findall(r"^## (\w+)$", (ROOT / "docs/runbook.md").read_text(), re.M))

    assert len(ALERTS) >= 10
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
    text = text.replace("/var/log/nginx", str(tmp_path)).replace(
        "/etc/nginx", str(DEPLOY / "nginx")
    )
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


CONTAINER = DEPLOY / "container"


def test_the_container_file_asks_only_for_what_is_there_and_is_let_in():
    """No daemon builds it here: what can be read is read."""
    lines = (CONTAINER / "Containerfile").read_text().replace("\\\n", " ").splitlines()
    copied = [words.split()[1:-1] for words in lines if words.startswith("COPY ")]
    ours = [name for words in copied for name in words if not words[0].startswith("--from")]
    let_in = {
        line[1:]
        for line in (CONTAINER / "Containerfile.dockerignore").read_text().splitlines()
        if line.startswith("!")
    }

    assert len(ours) > 8
    for name in ours:
        assert (ROOT / name).exists(), name
    assert set(ours) == let_in
    assert [line for line in lines if line.startswith("FROM ")] == [
        "FROM ${BASE} AS built",
        "FROM ${BASE}",
    ]
    assert lines.index("USER ventanilla") > max(
        number for number, line in enumerate(lines) if line.startswith("RUN ")
    )


def test_the_containers_know_each_other_and_every_setting(app):
    told = yaml.safe_load((CONTAINER / "compose.yaml").read_text())
    services = told["services"]
    example = (CONTAINER / "env.example").read_text()
    settings = set(re.findall(r"\bVENTANILLA_([A-Z_]+)=", example)) - {"IMAGE"}

    for service in services.values():
        settings |= {
            name.removeprefix("VENTANILLA_")
            for name in service.get("environment", {})
            if name.startswith("VENTANILLA_")
        }
        assert set(service.get("depends_on", ())) <= set(services)
        assert re.fullmatch(r"\$\{(\w+):\?[^}]+\}", service["image"]), "an image by its digest"
        for volume in service.get("volumes", ()):
            source = re.sub(r"\$\{[^}]+\}", "", volume).split(":")[0]
            if source.startswith("."):
                assert (CONTAINER / source).exists(), volume
            elif source:
                assert source in told["volumes"], volume
        if service.get("command", [""])[0] == "flask":
            group, name = service["command"][3:5]
            assert name in app.cli.commands[group].commands
    asked = set(re.findall(r"\$\{(\w+):\?", (CONTAINER / "compose.yaml").read_text()))
    assert asked <= set(re.findall(r"^(\w+)=", example, re.M))
    assert settings <= set(app.config)
    assert len(settings) > 8
