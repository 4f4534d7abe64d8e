"""The one command of the kit, on a fresh Debian in a folder of its own: `make kiosk-root`, as root.

No part of the suite: it fetches a Debian (260 MB, kept in /tmp) and takes minutes. What runs in
that folder has mounts and processes of its own, so that nothing of it stays on this machine.
"""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

KIT = Path(__file__).parents[2] / "kiosk"
KEPT = Path(tempfile.gettempdir()) / "ventanilla-debian-12"
MIRROR = "http://deb.debian.org"
SOURCES = (
    f"deb {MIRROR}/debian bookworm main\ndeb {MIRROR}/debian bookworm-updates main\n"
    f"deb {MIRROR}/debian-security bookworm-security main\n"
)
TOWN = "https://vilaclara.example.org"
# Whatever is started in it ends with it, and its packages are fetched once.
INSIDE = """
set -eu
mount --bind {kept}/archives {root}/var/cache/apt/archives
mount -t proc proc {root}/proc
mount -t tmpfs tmpfs {root}/run
chroot {root} /bin/sh -c '{words}'
echo "left running: $(ls -d /proc/[0-9]* | wc -l)" >&2
"""


class Root:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, words: str) -> subprocess.CompletedProcess[str]:
        script = INSIDE.format(kept=KEPT, root=self.folder, words=words)
        return subprocess.run(
            ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "sh", "-c", script],
            capture_output=True,
            text=True,
            check=False,
            timeout=1800,
        )

    def says(self, words: str) -> str:
        done = self.run(words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def at(self, path: str) -> Path:
        return self.folder / path.lstrip("/")


@pytest.fixture(scope="module")
def root() -> Iterator[Root]:
    assert os.geteuid() == 0, "only root makes a Debian in a folder"
    base = KEPT / "base.tar"
    (KEPT / "archives/partial").mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="kiosk-root-"))
    folder.chmod(0o755)
    if not base.exists():
        words = ["debootstrap", "--variant=minbase", "bookworm", str(folder), f"{MIRROR}/debian"]
        subprocess.run(words, check=True, capture_output=True)
        subprocess.run(["tar", "-C", str(folder), "-cf", str(base), "."], check=True)
    else:
        subprocess.run(["tar", "-C", str(folder), "-xf", str(base)], check=True)
    made = Root(folder)
    made.at("etc/apt/sources.list").write_text(SOURCES)
    shutil.copy("/etc/resolv.conf", made.at("etc/resolv.conf"))
    shutil.copytree(KIT, made.at("kit"))
    yield made
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def provisioned(root: Root) -> Root:
    done = root.run(f"/kit/provision {TOWN}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "its screen shows a code" in done.stdout
    # The shell and the listing themselves: in a folder, nothing was started.
    assert int(done.stderr.rpartition("left running: ")[2]) <= 4, done.stderr
    return root


def test_one_command_makes_a_kiosk(provisioned):
    enabled = provisioned.says(
        "systemctl is-enabled ventanilla-kiosk.service ventanilla-kiosk-reboot.timer"
        " ventanilla-kiosk-update.timer unattended-upgrades.service cups.service"
    )

    assert enabled.split() == ["enabled"] * 5
    assert provisioned.says("systemctl get-default") == "multi-user.target"
    for masked in ("ctrl-alt-del.target", "getty@tty1.service"):
        assert os.readlink(provisioned.at(f"etc/systemd/system/{masked}")) == "/dev/null"


def test_its_user_may_do_nothing_else(provisioned):
    fields = provisioned.says("getent passwd kiosk").split(":")
    groups = set(provisioned.says("id -nG kiosk").split())

    assert int(fields[2]) < 1000
    assert fields[5:] == ["/nonexistent", "/usr/sbin/nologin"]
    assert {"video", "audio", "render", "input", "scanner", "lp"} <= groups
    assert not groups & {"sudo", "adm", "disk", "lpadmin"}


def test_the_policy_is_the_towns(provisioned):
    policy = json.loads(provisioned.at("etc/chromium/policies/managed/ventanilla.json").read_text())

    assert policy["VideoCaptureAllowedUrls"] == [TOWN]
    assert "@ORIGIN@" not in json.dumps(policy)


def test_nothing_of_it_can_be_written_by_the_kiosk_itself(provisioned):
    writable = provisioned.says(
        "find /usr/lib/ventanilla-kiosk /etc/chromium /etc/ventanilla-kiosk /etc/polkit-1"
        " /etc/systemd /etc/udev ! -type l ( -perm -o+w -o -user kiosk -o -group kiosk )".replace(
            "(", "\\("
        ).replace(")", "\\)")
    )

    assert writable == ""


def test_its_units_and_its_agent_are_understood_there(provisioned):
    told = provisioned.run(
        "systemd-analyze verify --man=no /etc/systemd/system/ventanilla-kiosk*.service"
        " /etc/systemd/system/ventanilla-kiosk*.timer"
    )
    assert [line for line in told.stderr.splitlines() if "ventanilla" in line] == []

    facts = provisioned.run(
        "PYTHONPATH=/usr/lib/ventanilla-kiosk python3 -m ventanilla_kiosk facts"
    )
    assert facts.returncode == 0, facts.stderr
    assert "'printer': 'none'" in facts.stderr
    for program in ("cage", "chromium", "lp", "scanimage", "pactl", "openssl", "wireplumber"):
        assert provisioned.says(f"command -v {program}")


def test_run_again_it_repairs_and_keeps_what_was_set_up(provisioned):
    settings = provisioned.at("etc/ventanilla-kiosk/kiosk.json")
    settings.write_text(json.dumps({"town": TOWN, "printer": "laser"}))
    provisioned.at("etc/udev/rules.d/70-ventanilla-kiosk.rules").unlink()
    provisioned.at("usr/lib/ventanilla-kiosk/ventanilla_kiosk/agent.py").write_text("broken")

    provisioned.says("/kit/provision https://etxalde.example.org")

    kept = json.loads(settings.read_text())
    assert kept == {"town": "https://etxalde.example.org", "printer": "laser"}
    assert provisioned.at("etc/udev/rules.d/70-ventanilla-kiosk.rules").exists()
    source = "usr/lib/ventanilla-kiosk/ventanilla_kiosk/agent.py"
    assert provisioned.at(source).read_text() == (KIT / "ventanilla_kiosk/agent.py").read_text()
    assert "etxalde" in provisioned.at("etc/chromium/policies/managed/ventanilla.json").read_text()


def test_a_release_goes_over_it_as_a_package(provisioned):
    provisioned.says(
        "cd /tmp && openssl genpkey -algorithm ed25519 -out key.pem"
        " && /kit/package 9.1 key.pem /tmp && mv package package.deb && dpkg -i package.deb"
    )

    assert provisioned.says("dpkg-query -Wf \\${Version} ventanilla-kiosk") == "9.1"
    version = provisioned.at("usr/lib/ventanilla-kiosk/ventanilla_kiosk/VERSION")
    assert version.read_text().strip() == "9.1"
    assert "example.org" in provisioned.at("etc/ventanilla-kiosk/kiosk.json").read_text()
