"""Whoever reads what strangers made has little memory, little time, and nobody to talk to."""

import resource
import socket
import subprocess
import sys

import pytest

from app.papers import reader, sandbox
from tests.papers.files import a_pdf

MEGABYTE = 1024 * 1024


def confined(*lines: str) -> subprocess.CompletedProcess[str]:
    """A few lines of Python, under the limits of the reader."""
    begin = [
        f"import importlib.util as u; s = u.spec_from_file_location('reader', {reader.__file__!r})",
        "reader = u.module_from_spec(s); s.loader.exec_module(reader); reader.confine()",
    ]
    words = [sys.executable, "-I", "-c", "\n".join([*begin, *lines])]
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)


def test_it_reaches_nobody_not_even_this_machine():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        ask = f"import socket; socket.create_connection(('127.0.0.1', {port}), 2)"

        assert "OSError" in confined(ask).stderr


def test_it_gets_no_more_memory_than_it_was_given():
    asked = confined(f"bytearray({reader.MEMORY + MEGABYTE})")

    assert "MemoryError" in asked.stderr


def test_it_writes_no_file_without_end(tmp_path):
    asked = confined(
        f"with open({str(tmp_path / 'large')!r}, 'wb') as file:",
        f"    file.seek({reader.LARGEST_FILE}); file.write(b'x'); file.flush()",
    )

    assert asked.returncode != 0
    assert (tmp_path / "large").stat().st_size <= reader.LARGEST_FILE


def test_it_has_so_much_time_and_its_programs_too():
    limits = "import resource; print(resource.getrlimit(resource.RLIMIT_CPU))"
    inherited = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {limits!r}])"
    wanted = str((reader.PROCESSOR_SECONDS,) * 2)

    assert confined(limits).stdout.strip() == wanted
    assert confined(inherited).stdout.strip() == wanted
    assert resource.getrlimit(resource.RLIMIT_CPU)[0] != reader.PROCESSOR_SECONDS  # only there


def test_one_that_does_not_end_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(sandbox, "PATIENCE_SECONDS", 0.01)
    (tmp_path / "original").write_bytes(a_pdf(30))

    assert sandbox.read(tmp_path / "original", "pdf", most_pages=60).refused == "bomb"


@pytest.mark.parametrize("secret", ["VENTANILLA_SECRET_KEY", "VENTANILLA_ARCHIVE_KEYS"])
def test_it_knows_nothing_of_ours(secret):
    assert secret not in sandbox.SURROUNDINGS
    assert set(sandbox.SURROUNDINGS) == {"PATH", "LC_ALL"}
