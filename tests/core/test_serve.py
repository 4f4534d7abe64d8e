"""Opening the counter: two beside each other, a port that is taken, and closing cleanly."""

import json
import subprocess
import sys
import urllib.request

import pytest

from tests.counter import ROOT, Counter, close_counter, open_counter

pytestmark = pytest.mark.storm  # on a running counter, without the register of the other tests


def processes_of(counter: Counter) -> list[str]:
    """Command lines of everything that runs on this installation's folder."""
    found = subprocess.run(
        ["ps", "axeww", "-o", "args"], capture_output=True, text=True, check=True
    )
    mark = f"VENTANILLA_INSTANCE={counter.folder}"
    return [line.split(" ")[0] for line in found.stdout.splitlines() if mark in line]


def test_a_second_counter_opens_beside_the_first_and_leaves_nothing_behind(counter, tmp_path):
    folder = tmp_path / "second"  # beside the folder of the first, not around it
    folder.mkdir()
    second, process = open_counter(folder)

    assert second.port != counter.port
    assert counter.is_up()
    assert len(processes_of(second)) >= 4  # itself, the web server and its workers, the job worker
    assert close_counter(process) == 0
    assert processes_of(second) == []
    assert "The counter is closed." in (folder / "counter.log").read_text()
    assert counter.is_up()


def test_a_taken_port_is_said_in_a_sentence(counter, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "core", "serve"],
        cwd=ROOT,
        env={**counter.environment, "VENTANILLA_INSTANCE": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == 1
    assert f"Port {counter.port} is taken" in done.stderr
    assert "Traceback" not in done.stderr


def test_health_is_told_to_machines(counter):
    for name in ("live", "ready"):
        address = f"http://127.0.0.1:{counter.port}/health/{name}"
        with urllib.request.urlopen(address, timeout=5) as answer:
            assert json.load(answer) == {"status": name}
