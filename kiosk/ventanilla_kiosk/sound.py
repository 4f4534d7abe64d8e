"""How loud, and from where: PipeWire by `pactl`. Headphones that are plugged in mute the rest."""

import array
import json
import math
import subprocess
import wave
from pathlib import Path
from typing import Any

from ventanilla_kiosk.settings import Settings

PATIENCE = 5.0
RATE = 16_000
CHIME = ((659.25, 0.25), (523.25, 0.45))  # E and C: heard by older ears
QUIET = 60.0  # below this a microphone hears nothing of the loudspeaker


def set_sound(settings: Settings, volume: int, *, private: bool) -> bool:
    """The handset alone, or the loudspeaker. Whether there is anything to be heard from."""
    sinks = _listed("sinks")
    if not sinks:
        return False
    handset = next((one for one in sinks if one.get("name") == settings.handset), None)
    others = [one for one in sinks if one is not handset]
    chosen = handset if private and handset else next(iter(others), handset)
    if chosen is None:
        return False
    _pactl("set-default-sink", str(chosen["name"]))
    _pactl("set-sink-volume", str(chosen["name"]), f"{max(0, min(volume, 100))}%")
    for one in sinks:
        is_muted = private and handset is not None and one is not chosen
        _pactl("set-sink-mute", str(one["name"]), "1" if is_muted else "0")
    return True


def headphones() -> bool:
    """Whether something is plugged into the socket for headphones."""
    return any(
        "headphone" in str(port.get("name", "")).lower() and port.get("availability") == "available"
        for sink in _listed("sinks")
        for port in sink.get("ports", ())
    )


def microphone() -> bool:
    return any(not str(one.get("name", "")).endswith(".monitor") for one in _listed("sources"))


def chime(settings: Settings) -> bool:
    """Two tones for the librarian, as loud as it goes."""
    file = Path(settings.scratch) / "chime.wav"
    write_tones(file, CHIME)
    return _run(["paplay", "--volume=65536", str(file)])


def hears_itself(settings: Settings) -> str:
    """A tone from the loudspeaker while the microphone listens: `ok`, `silent` or `none`."""
    file, heard = Path(settings.scratch) / "tone.wav", Path(settings.scratch) / "heard.raw"
    write_tones(file, ((750.0, 1.0),))
    try:
        with heard.open("wb") as sink:
            listening = subprocess.Popen(
                ["parec", f"--rate={RATE}", "--channels=1", "--format=s16le"], stdout=sink
            )
            played = _run(["paplay", str(file)])
            listening.terminate()
            listening.wait(PATIENCE)
        loudness = loud(heard.read_bytes())
    except (OSError, subprocess.SubprocessError):
        return "none"
    finally:
        file.unlink(missing_ok=True)
        heard.unlink(missing_ok=True)
    return "none" if not played else "ok" if loudness > QUIET else "silent"


def loud(raw: bytes) -> float:
    """The mean loudness of 16-bit samples."""
    samples = array.array("h", raw[: len(raw) // 2 * 2])
    return math.sqrt(sum(one * one for one in samples) / len(samples)) if samples else 0.0


def write_tones(file: Path, tones: tuple[tuple[float, float], ...]) -> None:
    samples = array.array("h")
    for pitch, seconds in tones:
        count = int(RATE * seconds)
        for index in range(count):
            fading = 1 - index / count
            samples.append(int(24_000 * fading * math.sin(2 * math.pi * pitch * index / RATE)))
    file.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(samples.tobytes())


def _listed(what: str) -> list[dict[str, Any]]:
    try:
        told = subprocess.run(
            ["pactl", "--format=json", "list", what],
            capture_output=True,
            timeout=PATIENCE,
            check=True,
        ).stdout
        found = json.loads(told)
    except (OSError, subprocess.SubprocessError, ValueError):
        return []
    return found if isinstance(found, list) else []


def _pactl(*words: str) -> bool:
    return _run(["pactl", *words])


def _run(words: list[str]) -> bool:
    try:
        done = subprocess.run(words, capture_output=True, timeout=PATIENCE + 5, check=False)
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0
