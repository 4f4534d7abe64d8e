"""What the device knows of itself, for each heartbeat and for the test."""

import shutil
import time
from pathlib import Path
from typing import Any

from ventanilla_kiosk import paper, sound
from ventanilla_kiosk.house import House, Refused, Unreachable
from ventanilla_kiosk.settings import Settings

VERSION = Path(__file__).parent / "VERSION"
# Scanners are asked seldom: looking for them takes seconds and wakes their lamps.
SCANNER_EVERY = 600.0
_scanner: tuple[float, str] = (-SCANNER_EVERY, "")


def version() -> str:
    return VERSION.read_text().strip() if VERSION.exists() else "0"


def facts(settings: Settings) -> dict[str, Any]:
    cameras = cameras_found()
    return {
        "version": version(),
        "uptime": int(float(_read("/proc/uptime", "0").split()[0])),
        "camera": cameras > 0,
        "document_camera": cameras > 1,
        "microphone": sound.microphone(),
        "headphones": sound.headphones(),
        "printer": paper.printer_state(settings),
        "scanner": _scanner_state(settings),
        "temperature": _temperature(),
        "disk_free": shutil.disk_usage("/").free // 2**20,
    }


def test(settings: Settings, house: House) -> dict[str, Any]:
    """Everything tried for once, in the morning and when somebody asks."""
    return {
        "camera": "ok" if cameras_found() else "none",
        "microphone": "ok" if sound.microphone() else "none",
        "loudspeaker": sound.hears_itself(settings),
        "printer": paper.printer_state(settings),
        "scanner": paper.scanner_state(settings),
        "way": _way(house),
    }


def cameras_found(sysfs: Path = Path("/sys/class/video4linux")) -> int:
    """Cameras, not the second face that each of them shows for its own data."""
    found = {
        (entry / "device").resolve()
        for entry in sysfs.glob("video*")
        if _read(str(entry / "index"), "0").strip() == "0"
    }
    return len(found)


def _scanner_state(settings: Settings) -> str:
    global _scanner
    if time.monotonic() - _scanner[0] > SCANNER_EVERY:
        _scanner = (time.monotonic(), paper.scanner_state(settings))
    return _scanner[1]


def _temperature() -> float | None:
    found = [
        int(text) / 1000
        for zone in Path("/sys/class/thermal").glob("thermal_zone*/temp")
        if (text := _read(str(zone), "").strip()).isdecimal()
    ]
    return max(found) if found else None


def _way(house: House) -> str:
    try:
        house.get("/health/ready")
    except (Unreachable, Refused):
        return "none"
    return "ok"


def _read(path: str, otherwise: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return otherwise
