"""What is set up on this device: one file of root's, and the key, far from any browser."""

import json
import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

LISTS = ("flags", "scan_options")


@dataclass(frozen=True)
class Settings:
    """`/etc/ventanilla-kiosk/kiosk.json`. Only the town is needed; the rest finds itself."""

    town: str  # https://vilaclara.example.org
    connect_to: str = ""  # where that is, when names are not looked up: 10.0.0.5
    printer: str = ""  # a queue of CUPS; empty: the default one
    scanner: str = ""  # as `scanimage -L` names it; empty: the first one
    handset: str = ""  # the name of its sink, as `pactl list short sinks` says it
    scan_dpi: int = 200
    scan_options: tuple[str, ...] = ()  # more words for scanimage: --source=Flatbed
    state: str = "/var/lib/ventanilla-kiosk"  # the key, and the page for when the line is gone
    scratch: str = "/run/ventanilla-kiosk"  # in memory: profiles of browsers, papers on their way
    browser: str = "/usr/bin/chromium"
    flags: tuple[str, ...] = ()  # more words for the browser, after those of browser.py
    local_port: int = 8089
    heartbeat: float = 30.0  # until the town says otherwise
    offline_after: float = 60.0

    @property
    def key_file(self) -> Path:
        return Path(self.state) / "key"

    @property
    def offline_file(self) -> Path:
        return Path(self.state) / "offline.html"


def load(path: str) -> Settings:
    """The file, and `VENTANILLA_KIOSK_<NAME>` over it."""
    found: dict[str, Any] = json.loads(Path(path).read_text()) if Path(path).exists() else {}
    for one in fields(Settings):
        text = os.environ.get(f"VENTANILLA_KIOSK_{one.name.upper()}")
        if text is not None:
            found[one.name] = text.split() if one.name in LISTS else text
    known = {one.name: found[one.name] for one in fields(Settings) if one.name in found}
    for name, kind in (("scan_dpi", int), ("local_port", int), ("heartbeat", float)):
        if name in known:
            known[name] = kind(known[name])
    known["offline_after"] = float(known.get("offline_after", Settings.offline_after))
    for name in LISTS:
        known[name] = tuple(known.get(name, ()))
    known["town"] = str(known["town"]).rstrip("/")
    return Settings(**known)


def read_key(settings: Settings) -> str:
    try:
        return settings.key_file.read_text().strip()
    except OSError:
        return ""


def keep_key(settings: Settings, key: str) -> None:
    """Readable by this user alone, written whole or not at all."""
    settings.key_file.parent.mkdir(parents=True, exist_ok=True)
    draft = settings.key_file.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(settings.key_file)


def forget_key(settings: Settings) -> None:
    settings.key_file.unlink(missing_ok=True)
