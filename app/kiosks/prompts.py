"""What a kiosk reads aloud: sentences rendered beforehand, so that no voice of a device is needed.

Each sentence is a small Opus file made by `flask kiosks speak` with espeak-ng, where it speaks the
language. Where it does not, a town may put recordings of its own in `prompts/<language>/<key>.opus`
of the instance folder. A screen of which any sentence is missing has no *listen*: nothing is better
than another language's voice. What changes is joined from clips of its own: numbers, minutes,
hours, days, telephones, and the names of procedures, which each rendering gathers anew.
"""

import hashlib
import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from babel import Locale
from babel.dates import format_date
from flask import current_app, url_for
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from app.core.i18n import LANGUAGES, current_slug, speaking
from app.kiosks.spelling import day_of_month, in_valencian, of_month
from app.towns import queries as towns
from app.towns.models import Procedure
from app.towns.tenant import town_of

# By the names of espeak-ng; the first that this machine has. The Catalan voice may read Valencian's
# own words. Nobody else stands in: Portuguese is not Galician, and Aragonese is not Aranese.
VOICES = {
    "es": ("es",),
    "ca": ("ca",),
    "va": ("ca-va", "ca"),
    "gl": ("gl",),
    "eu": ("eu",),
    "oc": ("oc",),
    "en": ("en-gb",),
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
    "wait": _l("What it takes at most, more or less:"),
    "today": _l("Today is"),
    "sharp": _l("o’clock"),
    "telephone": _l("The telephone number is:"),
    "type_it": _l("Or type this number on your telephone:"),
    "ringing": _l("It is your turn. Touch the big button to come in."),
    "after": _l("The call is over. Touch the button to finish and erase everything."),
    "papers": _l("Have you taken your papers? Look at the scanner, the printer and the table."),
    "coming": _l("Somebody of the library is coming to help you."),
    "idle": _l("Are you still there? Touch the screen anywhere to go on."),
    "next_person": _l("Somebody has booked this place and comes soon. Thank you for your time."),
    "next_time": _l("They come at"),
}
HIGHEST = 99
LONGEST_WAIT = 60  # minutes; whatever is longer is said as this
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


class Part(NamedTuple):
    """One clip: how a recording of it is called, and what a voice says."""

    key: str
    text: str


def clips_for(said: Iterable[str | Part]) -> list[str]:
    """The addresses of what this sounds like now; none if any of it is missing."""
    slug = current_slug()
    parts = [part for one in said for part in _parts(slug, one)]
    names = [_name(slug, part) for part in parts]
    if not all(file_or_none(name) for name in names):
        return []
    return [url_for("kiosk.spoken", name=name) for name in names]


def name_of(procedure: Procedure, slug: str | None = None) -> Part:
    return Part(f"procedure-{procedure.slug}", procedure.name_in(slug or current_slug()))


def _parts(slug: str, said: str | Part) -> Iterator[Part]:
    """`ahead:3`, `time:9:30`, `day:2026-11-26`: a kind and its value, or a sentence alone."""
    if isinstance(said, Part):
        yield said
        return
    kind, _, value = said.partition(":")
    for key in _JOINED[kind](slug, value) if value else (kind,):
        yield Part(key, text_of(slug, key))


def _ahead(slug: str, count: str) -> list[str]:
    """Nobody before you is a sentence of its own."""
    return ["next"] if count == "0" else ["ahead", f"n{min(int(count), HIGHEST)}"]


def _wait(slug: str, minutes: str) -> list[str]:
    return ["wait", f"m{min(max(int(minutes), 1), LONGEST_WAIT)}"]


def _time(slug: str, clock: str) -> list[str]:
    """`9:30`: nine, thirty."""
    hour, _, minute = clock.partition(":")
    if minute == "00":
        return [f"n{int(hour)}", "sharp"]
    return [f"n{int(hour)}", *_pair(minute)]


def _day(slug: str, day: str) -> list[str]:
    """Thursday, twenty-six, of November: in Basque the other way about."""
    of = date.fromisoformat(day)
    parts = [f"weekday{of.weekday()}", f"d{of.day}", f"month{of.month}"]
    return parts[::-1] if slug == "eu" else parts


def _digits(slug: str, number: str) -> list[str]:
    """A telephone, or a number on paper: in pairs, as people say them to each other."""
    digits = "".join(sign for sign in number if sign.isdecimal())
    first = len(digits) % 2
    pairs = [digits[at : at + 2] for at in range(first, len(digits), 2)]
    return [*(f"n{one}" for one in digits[:first]), *(key for two in pairs for key in _pair(two))]


def _pair(two: str) -> list[str]:
    """A nought is heard: zero, five."""
    return ["n0", f"n{two[1]}"] if two[0] == "0" else [f"n{two}"]


_JOINED = {"ahead": _ahead, "wait": _wait, "time": _time, "day": _day, "digits": _digits}


def text_of(slug: str, key: str) -> str:
    found = re.fullmatch(r"([a-z]+)(\d{1,2})", key)
    if found is None:
        with speaking(slug):
            return str(SENTENCES[key])
    kind, number = found[1], int(found[2])
    if kind == "n":
        return in_valencian(number) if slug == "va" else str(number)
    if kind == "m":
        with speaking(slug):
            return ngettext("%(num)s minute", "%(num)s minutes", number)
    locale = Locale.parse(LANGUAGES[slug].locale)
    if kind == "weekday":
        return format_date(date(2024, 1, 1 + number), "EEEE", locale)  # a Monday
    if kind == "d":
        return day_of_month(slug, number)
    return of_month(slug, number)


def all_keys() -> list[str]:
    return [
        *SENTENCES,
        *(f"n{number}" for number in range(HIGHEST + 1)),
        *(f"m{number}" for number in range(1, LONGEST_WAIT + 1)),
        *(f"weekday{number}" for number in range(7)),
        *(f"d{number}" for number in range(1, 32)),
        *(f"month{number}" for number in range(1, 13)),
    ]


def all_parts(slug: str) -> list[Part]:
    """Everything that may be said in that language, with what the towns call their procedures."""
    parts = {Part(key, text_of(slug, key)): None for key in all_keys()}
    for town in towns.all_towns():
        with town_of(town.id):
            for procedure in towns.procedures():
                parts[name_of(procedure, slug)] = None
    return list(parts)


def _name(slug: str, part: Part) -> str:
    own = recording(slug, part.key)
    if own is not None:
        return _digest(slug, own.stat().st_mtime_ns, own.stat().st_size, part.key)
    return _digest(slug, voice_of(slug), WORDS_A_MINUTE, BITRATE, part.text)


def recording(slug: str, key: str) -> Path | None:
    """What somebody of the town has recorded for that sentence."""
    file = Path(current_app.instance_path) / "prompts" / slug / f"{key}.opus"
    return file if file.is_file() else None


def voice_of(slug: str) -> str:
    """The voice that reads that language here; the one that would, where there is none."""
    known = [one for one in VOICES[slug] if one in spoken_languages()]
    return known[0] if known else VOICES[slug][0]


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
    found = {slug: render_parts(slug, all_parts(slug)) for slug in slugs or LANGUAGES}
    return {slug: count for slug, count in found.items() if count}


def render_parts(slug: str, parts: Sequence[Part]) -> int:
    """What the town has recorded, and by a voice what it has not."""
    folder().mkdir(parents=True, exist_ok=True)
    recorded = [(part, file) for part in parts if (file := recording(slug, part.key))]
    for part, file in recorded:
        (folder() / _name(slug, part)).write_bytes(file.read_bytes())
    if voice_of(slug) not in spoken_languages():
        return len(recorded)
    missing = [part for part in parts if file_or_none(_name(slug, part)) is None]
    for first in range(0, len(missing), AT_ONCE):
        _speak(slug, missing[first : first + AT_ONCE])
    return len(parts)


def _speak(slug: str, parts: Sequence[Part]) -> None:
    """One after the other to sound, all together to Opus: the slow part is starting ffmpeg."""
    with TemporaryDirectory() as scratch:
        words: list[str] = []
        outputs: list[str] = []
        for index, part in enumerate(parts):
            wave, clip = Path(scratch) / f"{index}.wav", Path(scratch) / f"{index}.opus"
            subprocess.run(
                [
                    *("espeak-ng", "-v", voice_of(slug), "-s", str(WORDS_A_MINUTE)),
                    *("-w", str(wave), "--", part.text),
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
        for index, part in enumerate(parts):
            (folder() / _name(slug, part)).write_bytes(
                (Path(scratch) / f"{index}.opus").read_bytes()
            )
