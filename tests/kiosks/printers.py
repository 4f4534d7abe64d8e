"""A print service of our own on this machine: CUPS as it is, with a queue that makes PDF files."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.counter import a_free_port

SERVER = Path("/usr/lib/cups")
# Where cups-pdf lays what this user prints; no setting of a service changes it.
OUT = Path.home() / "PDF"
# A printer that takes the sheet and then says that it has no paper, as a real one does.
EMPTY = """#!/bin/sh
[ $# -gt 0 ] || { echo 'direct empty "Empty" "Empty"'; exit 0; }
echo "STATE: +media-empty-error" >&2
sleep 20
"""
# One that stops in the middle, as after a paper jam: its queue is closed until somebody opens it.
JAMMED = """#!/bin/sh
[ $# -gt 0 ] || { echo 'direct jammed "Jammed" "Jammed"'; exit 0; }
exit 4
"""


@dataclass
class PrintService:
    address: str

    def take(self, name: str) -> bytes:
        """The sheet that was printed from a file with that name, taken from where it lies."""
        lying = [one for one in OUT.glob("*.pdf") if name in one.name]
        assert len(lying) == 1, f"{name} was printed {len(lying)} times"
        sheet = lying[0].read_bytes()
        lying[0].unlink()
        return sheet


@contextmanager
def a_print_service() -> Iterator[PrintService]:
    """`sheets` makes a PDF file of what is printed, `empty` has no paper, `jammed` stops.

    Its programs run as another user, so its folder is one that everybody may enter.
    """
    port = a_free_port()
    folder = Path(tempfile.mkdtemp(prefix="print-service-"))
    folder.chmod(0o755)
    etc, lib = folder / "etc", folder / "lib"
    for one in (etc, lib, folder / "spool/tmp", folder / "cache", folder / "run"):
        one.mkdir(parents=True)
    shutil.copytree(SERVER, lib, dirs_exist_ok=True, symlinks=True)
    for name, program in (("empty", EMPTY), ("jammed", JAMMED)):
        (lib / "backend" / name).write_text(program)
        (lib / "backend" / name).chmod(0o755)
    (lib / "backend/cups-pdf").chmod(0o700)
    (etc / "cupsd.conf").write_text(
        f"Listen 127.0.0.1:{port}\nListen {folder}/run/cups.sock\nBrowsing No\nLogLevel warn\n"
        "DefaultAuthType None\nWebInterface No\nPreserveJobFiles No\nIdleExitTimeout 0\n"
        "<Location />\nOrder allow,deny\nAllow 127.0.0.1\n</Location>\n"
        "<Policy default>\n<Limit All>\nOrder deny,allow\n</Limit>\n</Policy>\n"
    )
    (etc / "cups-files.conf").write_text(
        f"ServerRoot {etc}\nServerBin {lib}\nDataDir /usr/share/cups\nStateDir {folder}/run\n"
        f"RequestRoot {folder}/spool\nTempDir {folder}/spool/tmp\nCacheDir {folder}/cache\n"
        f"ErrorLog {folder}/error_log\nAccessLog {folder}/access_log\nPageLog {folder}/page_log\n"
        "SystemGroup root\nFileDevice Yes\nSandboxing relaxed\n"
    )
    words = ["cupsd", "-f", "-c", str(etc / "cupsd.conf"), "-s", str(etc / "cups-files.conf")]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"127.0.0.1:{port}"
    try:
        _until_it_answers(address, process)
        pdf = ["-P", "/usr/share/ppd/cups-pdf/CUPS-PDF_noopt.ppd"]
        _lpadmin(address, "-p", "sheets", "-v", "cups-pdf:/", *pdf, "-E")
        _lpadmin(address, "-p", "empty", "-v", "empty:/", "-m", "raw", "-E")
        _lpadmin(address, "-p", "jammed", "-v", "jammed:/", "-m", "raw", "-E")
        yield PrintService(address)
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder)


def _lpadmin(address: str, *words: str) -> None:
    subprocess.run(["lpadmin", "-h", address, *words], check=True, capture_output=True, timeout=20)


def _until_it_answers(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(100):
        told = subprocess.run(["lpstat", "-h", address, "-r"], capture_output=True, check=False)
        if b"is running" in told.stdout or b"en ejecuci" in told.stdout:
            return
        assert process.poll() is None, "the print service did not start"
        time.sleep(0.1)
    raise AssertionError("the print service does not answer")
