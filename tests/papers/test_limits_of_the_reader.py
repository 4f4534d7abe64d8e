"""Whoever reads what strangers made has little memory, little time, and nobody to talk to."""

import resource
import socket
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from structlog.testing import capture_logs

from app.papers import locks, reader, sandbox
from tests.papers.files import a_pdf

MEGABYTE = 1024 * 1024


def confined(
    *lines: str, folder: Path | None = None, confine: bool = True
) -> subprocess.CompletedProcess[str]:
    """A few lines of Python, under the limits of the reader, in a folder of its own."""
    with TemporaryDirectory() as name:
        given = folder or Path(name)
        begin = [
            "import importlib.util as u, pathlib, subprocess, socket, sys",
            f"s = u.spec_from_file_location('reader', {reader.__file__!r})",
            "reader = u.module_from_spec(s); s.loader.exec_module(reader)",
            f"{confine} and reader.confine(pathlib.Path({str(given)!r}))",
        ]
        words = [sys.executable, "-I", "-c", "\n".join([*begin, *lines])]
        return subprocess.run(
            words, capture_output=True, text=True, check=False, timeout=60, cwd=given
        )


def test_it_reaches_nobody_not_even_this_machine():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        ask = f"import socket; socket.create_connection(('127.0.0.1', {port}), 2)"

        assert "PermissionError" in confined(ask).stderr


@pytest.fixture
def beside(tmp_path):
    """The folder that it is given, and a secret that stands beside it."""
    (tmp_path / "given").mkdir()
    (tmp_path / "secret").write_text("12345678Z")
    assert locks.version(locks.system().syscall), "this kernel has no Landlock"
    return tmp_path / "given"


@pytest.mark.parametrize(
    "asks",
    [
        "print(open('../secret').read())",
        "print(subprocess.check_output(['cat', '../secret'], text=True))",
        "import os; os.symlink('../secret', 'link'); print(open('link').read())",
        "print(open('/etc/passwd').read())",
        "import os; print(os.listdir('..'))",
        "open('../secret', 'w')",
        "open('../another', 'w')",
        "import os; os.unlink('../secret')",
        "import os; os.rename('../secret', 'mine')",
        "print(open(f'/proc/{__import__(\"os\").getppid()}/environ').read())",
    ],
)
def test_it_sees_no_file_but_what_it_is_given(beside, asks):
    asked = confined(asks, folder=beside)

    assert asked.returncode != 0
    assert asked.stdout == ""
    assert "PermissionError" in asked.stderr or "CalledProcessError" in asked.stderr
    assert (beside.parent / "secret").read_text() == "12345678Z"
    assert sorted(one.name for one in beside.parent.iterdir()) == ["given", "secret"]


def test_in_what_it_is_given_it_works(beside):
    asked = confined(
        "open('a', 'w').write('x'); pathlib.Path('a').rename('b'); pathlib.Path('c').mkdir()",
        "print(open('b').read(), subprocess.check_output(['cat', 'b'], text=True))",
        "pathlib.Path('b').unlink()",
        folder=beside,
    )

    assert asked.stdout.split() == ["x", "x"]


def test_what_is_started_in_its_folder_does_not_run(beside):
    """What a paper might bring along is no program."""
    program = beside / "program"
    program.write_text("#!/bin/sh\necho it ran\n")
    program.chmod(0o700)

    assert "PermissionError" in confined("subprocess.run(['./program'])", folder=beside).stderr


def test_it_speaks_to_no_program_of_this_machine(beside):
    """A register or a scanner that listens at a file is no network, and is not reached either."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(beside / "s"))
        server.listen()
        ask = "socket.socket(socket.AF_UNIX).connect('s')"

        assert "PermissionError" in confined(ask, folder=beside).stderr


def test_where_the_kernel_does_not_do_it_it_is_said_once_and_papers_are_read(tmp_path, monkeypatch):
    sandbox._warn_once.cache_clear()
    source = Path(reader.__file__).read_text().replace("is_kept = confine(folder)", "is_kept = 0")
    (tmp_path / "reader.py").write_text(source)
    monkeypatch.setattr(sandbox, "READER", tmp_path / "reader.py")
    (tmp_path / "original").write_bytes(a_pdf(1))

    with capture_logs() as told:
        for _ in range(2):
            assert not sandbox.read(tmp_path / "original", "pdf", most_pages=9).refused

    assert len([line for line in told if "Landlock" in line["event"]]) == 1


def test_here_it_is_kept_to_its_folder_and_nothing_is_said(beside):
    sandbox._warn_once.cache_clear()
    (beside / "original").write_bytes(a_pdf(1))

    with capture_logs() as told:
        assert not sandbox.read(beside / "original", "pdf", most_pages=9).refused

    assert told == []


@pytest.mark.parametrize("refused", [locks.CREATE_RULESET, locks.RESTRICT_SELF])
def test_a_kernel_that_says_no_takes_nothing_away(tmp_path, refused):
    honest = locks.system().syscall

    def call(number, *told):
        return -1 if number in (refused, locks.RESTRICT_SELF) else honest(number, *told)

    assert not locks.keep_to(tmp_path, (), (), call)
    assert Path("/etc/passwd").read_text()


def test_a_service_that_ends_whoever_asks_for_it_still_has_its_papers_read(tmp_path):
    """As systemd does that does not know of Landlock: the reader must not be what it ends."""
    (tmp_path / "original").write_bytes(a_pdf(1))
    asked = confined(
        f"s = u.spec_from_file_location('locks', {locks.__file__!r})",
        "locks = u.module_from_spec(s); s.loader.exec_module(locks)",
        "S, end = locks._Step, 0x80000000",
        "steps = (S(locks.LOAD, 0, 0, 0), S(locks.IS, 0, 1, locks.CREATE_RULESET),"
        " S(locks.RETURN, 0, 0, end), S(locks.RETURN, 0, 0, locks.ALLOWED))",
        "program = locks._Program(4, (S * 4)(*steps))",
        "locks.system().prctl(38, 1, 0, 0, 0)",
        "filtered = locks.system().prctl(locks.SET_SECCOMP, locks.ctypes.c_ulong(locks.FILTER),"
        " locks.ctypes.byref(program), 0, 0)",
        "print(filtered, reader.confine(pathlib.Path()), reader.answer(pathlib.Path(), 'pdf', 9))",
        folder=tmp_path,
        confine=False,
    )

    assert asked.stdout.startswith("0 False {'clean': 'clean.pdf'"), asked


@pytest.mark.parametrize("unit", ["web", "jobs"])
def test_our_own_services_foresee_it(app, unit):
    service = Path(app.config["ROOT"], "deploy/systemd", f"ventanilla-{unit}.service").read_text()

    for call in ("create_ruleset", "add_rule", "restrict_self"):
        assert f"landlock_{call}" in service


def test_it_gets_no_more_memory_than_it_was_given():
    asked = confined(f"bytearray({reader.MEMORY + MEGABYTE})")

    assert "MemoryError" in asked.stderr


def test_it_writes_no_file_without_end(tmp_path):
    asked = confined(
        f"with open({str(tmp_path / 'large')!r}, 'wb') as file:",
        f"    file.seek({reader.LARGEST_FILE}); file.write(b'x'); file.flush()",
        folder=tmp_path,
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
