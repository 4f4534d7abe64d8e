"""One browser for one person: a new process on an empty profile in memory, and its end."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ventanilla_kiosk.settings import Settings

# What is also forbidden by policy is not repeated here; these have no policy.
FLAGS = (
    "--kiosk",
    "--no-first-run",
    "--no-default-browser-check",
    "--noerrdialogs",
    "--disable-session-crashed-bubble",
    "--hide-crash-restore-bubble",
    "--disable-pinch",
    "--overscroll-history-navigation=0",
    "--disable-features=TouchpadOverscrollHistoryNavigation,OverscrollHistoryNavigation,"
    "TranslateUI,GlobalMediaControls,MediaRouter",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-component-update",
    "--disable-background-networking",
    "--disable-breakpad",
    "--password-store=basic",
    "--use-mock-keychain",
    "--disk-cache-size=33554432",
    "--check-for-update-interval=31536000",
    "--ozone-platform-hint=auto",
)
GENTLY = 0.4  # seconds to close by itself before it is ended
PATIENCE = 5.0


@dataclass
class Browser:
    """A running browser, where its profile is, and for whom."""

    process: subprocess.Popen[bytes]
    profile: Path
    stay: str

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None


def open_browser(settings: Settings, url: str, stay: str = "") -> Browser:
    """A new process on a new and empty folder; nothing of it is written anywhere else."""
    scratch = Path(settings.scratch)
    scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
    profile = Path(tempfile.mkdtemp(prefix="profile-", dir=scratch))
    own = {
        "HOME": str(profile),
        "XDG_CONFIG_HOME": str(profile / "config"),
        "XDG_CACHE_HOME": str(profile / "cache"),
        "XDG_DATA_HOME": str(profile / "data"),
        "TMPDIR": str(profile),
    }
    words = [settings.browser, f"--user-data-dir={profile / 'browser'}", *FLAGS, *settings.flags]
    process = subprocess.Popen(
        [*words, url],
        env={**os.environ, **own},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    return Browser(process, profile, stay)


def wipe(browser: Browser) -> dict[str, Any]:
    """End it and everything it started, throw its folder away, and look whether that is so."""
    begun = time.monotonic()
    _signal(browser, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        browser.process.wait(GENTLY)
    deadline = begun + PATIENCE
    while True:
        _signal(browser, signal.SIGKILL)
        alive = _end_strays(browser.profile)
        shutil.rmtree(browser.profile, ignore_errors=True)
        left = _files_below(browser.profile)
        if (not alive and not left) or time.monotonic() > deadline:
            break
        time.sleep(0.05)
    browser.process.poll()
    return {
        "stay": browser.stay,
        "profile": browser.profile.name,
        "left": left,
        "processes": len(processes_of(browser.profile)),
        "seconds": round(time.monotonic() - begun, 3),
    }


def sweep(settings: Settings) -> int:
    """What a device that lost its power left behind. Returns how many things."""
    scratch, count = Path(settings.scratch), 0
    for thing in scratch.glob("*") if scratch.is_dir() else ():
        _end_strays(thing)
        shutil.rmtree(thing, ignore_errors=True) if thing.is_dir() else thing.unlink()
        count += 1
    return count


def processes_of(profile: Path) -> list[int]:
    """Every process whose words or surroundings name that folder."""
    found, name = [], str(profile).encode()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            told = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            is_over = (entry / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            continue
        if name in told and not is_over and int(entry.name) != os.getpid():
            found.append(int(entry.name))
    return found


def _end_strays(profile: Path) -> int:
    strays = processes_of(profile)
    for number in strays:
        try:
            os.kill(number, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue
    return len(strays)


def _signal(browser: Browser, number: int) -> None:
    try:
        os.killpg(browser.process.pid, number)
    except (ProcessLookupError, PermissionError):
        return
    browser.process.poll()


def _files_below(folder: Path) -> int:
    return sum(1 for _ in folder.rglob("*")) + 1 if folder.exists() else 0
