"""What a kiosk reads aloud: sentences rendered beforehand, so that no voice of a device is needed.

Each sentence is a small Opus file made by `flask kiosks speak` with espeak-ng, where it speaks the
language. Where it does not, a town may put recordings of its own in `prompts/<language>/<key>.opus`
of the instance folder. A screen of which any sentence is missing has no *listen*: nothing is better
than another language's voice. Numbers are clips of their own, joined to the sentences.
"""

import hashlib
import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import current_app, url_for
from flask_babel import lazy_gettext as _l

from app.core.i18n import LANGUAGES, current_slug, speaking

# By the names of espeak-ng. Valencian has a voice of its own in newer versions; Catalan is not it.
VOICES = {
    "es": "es",
    "ca": "ca",
    "va": "ca-va",
    "gl": "gl",
    "eu": "eu",
    "oc": "oc",
    "en": "en-gb",
}
SENTENCES = {
    "start": _l(
        "Welcome. Touch the big button at the top to talk to somebody now. The second button is"
        " for whoever has an appointment. The third one is to go on with your telephone."
    ),
    "closed": _l("Nobody can attend you right now. Call us by telephone, or book a time."),
    "resting": _l("This screen is out of service. We are sorry."),
    "appointment": _l(
        "You may find your appointment with the number on your paper, or with your telephone."
    ),
    "number": _l("Touch the eight digits that are on your paper. Then touch the button below."),
    "phone": _l("Touch the nine digits of your mobile number. We send you a message with a code."),
    "code": _l("Look at your telephone. Touch the six digits of the message here."),
    "mine": _l("These are your appointments of today. Touch yours."),
    "none_today": _l("We find no appointment for today. You may talk to somebody now."),
    "hand_off": _l(
        "Open the camera of your telephone and hold it before the square. Then touch the link"
        " that appears on your telephone."
    ),
    "waiting": _l("You are in the line. Stay here: we call you on this screen."),
    "next": _l("You are the next one."),
    "ahead": _l("People before you:"),
    "ringing": _l("It is your turn. Touch the big button to come in."),
    "after": _l("The call is over. Touch the button to finish and erase everything."),
    "papers": _l("Have you taken your papers? Look at the scanner, the printer and the table."),
    "coming": _l("Somebody of the library is coming to help you."),
    "idle": _l("Are you still there? Touch the screen anywhere to go on."),
    "next_person": _l("Somebody has booked this place and comes soon. Thank you for your time."),
}
HIGHEST = 99
WORDS_A_MINUTE = 140  # older ears want time
BITRATE = "24k"
AT_ONCE = 40
NAME = re.compile(r"[0-9a-f]{24}\.opus")


def folder() -> Path:
    return Path(current_app.instance_path) / "spoken"


def file_or_none(name: str) -> Path | None:
    """The clip with that name, if it is one."""
    file = folder() / name
    return file if NAME.fullmatch(name) and file.is_file() else None


def clips_for(keys: Iterable[str]) -> list[str]:
    """The addresses of what these sentences sound like now; none if any of them is missing."""
    slug = current_slug()
    names = [_name(slug, key) for key in _parts(keys)]
    if not all(name and file_or_none(name) for name in names):
        return []
    return [url_for("kiosk.spoken", name=name) for name in names]


def _parts(keys: Iterable[str]) -> Iterator[str]:
    """`ahead:3` is a sentence and a number; nobody before you is a sentence of its own."""
    for key in keys:
        sentence, _, number = key.partition(":")
        if number == "0":
            yield "next"
        elif number:
            yield from (sentence, f"n{min(int(number), HIGHEST)}")
        else:
            yield sentence


def text_of(slug: str, key: str) -> str:
    if re.fullmatch(r"n\d{1,2}", key):
        return key[1:]
    with speaking(slug):
        return str(SENTENCES[key])


def all_keys() -> list[str]:
    return [*SENTENCES, *(f"n{number}" for number in range(HIGHEST + 1))]


def _name(slug: str, key: str) -> str:
    own = recording(slug, key)
    if own is not None:
        return _digest(slug, own.stat().st_mtime_ns, own.stat().st_size, key)
    return _digest(slug, VOICES[slug], WORDS_A_MINUTE, BITRATE, text_of(slug, key))


def recording(slug: str, key: str) -> Path | None:
    """What somebody of the town has recorded for that sentence."""
    file = Path(current_app.instance_path) / "prompts" / slug / f"{key}.opus"
    return file if file.is_file() else None


def _digest(*parts: object) -> str:
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:24] + ".opus"


@cache
def spoken_languages() -> frozenset[str]:
    """The languages that espeak-ng speaks on this machine, as it names them."""
    try:
        listed = subprocess.run(
            ["espeak-ng", "--voices"], capture_output=True, text=True, check=True, timeout=20
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return frozenset()
    return frozenset(row.split()[1] for row in listed.splitlines()[1:] if len(row.split()) > 3)


def render(slugs: Sequence[str] = ()) -> dict[str, int]:
    """Make what is missing. Returns, for each language that can be heard, how many clips it has."""
    folder().mkdir(parents=True, exist_ok=True)
    found = {}
    for slug in slugs or LANGUAGES:
        keys = all_keys()
        recorded = [key for key in keys if recording(slug, key)]
        for key in recorded:
            file = recording(slug, key)
            if file is not None:
                (folder() / _name(slug, key)).write_bytes(file.read_bytes())
        if VOICES[slug] in spoken_languages():
            missing = [key for key in keys if file_or_none(_name(slug, key)) is None]
            for first in range(0, len(missing), AT_ONCE):
                _speak(slug, missing[first : first + AT_ONCE])
            found[slug] = len(keys)
        elif recorded:
            found[slug] = len(recorded)
    return found


def _speak(slug: str, keys: Sequence[str]) -> None:
    """One after the other to sound, all together to Opus: the slow part is starting ffmpeg."""
    with TemporaryDirectory() as scratch:
        words: list[str] = []
        outputs: list[str] = []
        for index, key in enumerate(keys):
            wave, clip = Path(scratch) / f"{index}.wav", Path(scratch) / f"{index}.opus"
            subprocess.run(
                [
                    *("espeak-ng", "-v", VOICES[slug], "-s", str(WORDS_A_MINUTE)),
                    *("-w", str(wave), "--", text_of(slug, key)),
                ],
                check=True,
                timeout=30,
            )
            words += ["-i", str(wave)]
            outputs += ["-map", f"{index}:a", "-c:a", "libopus", "-b:a", BITRATE]
            outputs += ["-application", "voip", "-bitexact", str(clip)]
        subprocess.run(
            ["ffmpeg", "-loglevel", "error", "-nostdin", "-y", *words, *outputs],
            check=True,
            timeout=120,
        )
        for index, key in enumerate(keys):
            (folder() / _name(slug, key)).write_bytes(
                (Path(scratch) / f"{index}.opus").read_bytes()
            )
