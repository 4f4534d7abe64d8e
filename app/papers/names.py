"""What a file is called by whoever sends it, made fit for a list; and what it says it is."""

import re
import unicodedata
from pathlib import Path

from app.papers.models import PaperKind

LONGEST = 80
# Controls, signs of no width, and those that turn the reading round.
HIDDEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
ENDINGS = {
    "pdf": PaperKind.PDF,
    "jpg": PaperKind.JPEG,
    "jpeg": PaperKind.JPEG,
    "jpe": PaperKind.JPEG,
    "png": PaperKind.PNG,
}
BEGINNINGS = {
    PaperKind.PDF: b"%PDF-",
    PaperKind.JPEG: b"\xff\xd8\xff",
    PaperKind.PNG: b"\x89PNG\r\n\x1a\n",
}


def clean_name(sent: str) -> str:
    """The last part of a path, without what hides, turns or leads elsewhere."""
    last = re.split(r"[/\\]", HIDDEN.sub("", sent))[-1]
    plain = " ".join(re.sub(r'[:*?"<>|]', " ", unicodedata.normalize("NFC", last)).split())
    stem, dot, ending = plain.strip(". ").rpartition(".")
    if not dot:
        return plain.strip(". ")[:LONGEST]
    return f"{stem.strip('. ')[: LONGEST - 1 - len(ending)]}.{ending}"[:LONGEST]


def ending_of(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name else ""


def kind_named(name: str) -> PaperKind | None:
    """What its name says that it is."""
    return ENDINGS.get(ending_of(name))


def shown_name(name: str, kind: PaperKind) -> str:
    """How it is called from here on: its own name with the ending of its kind."""
    stem = name.rpartition(".")[0].strip(". ") or "paper"
    return f"{stem[: LONGEST - 5]}.{kind.ending}"


def begins_as(file: Path, kind: PaperKind) -> bool:
    """Whether its first bytes are those of its kind. Nothing may stand before them."""
    with file.open("rb") as opened:
        return opened.read(8).startswith(BEGINNINGS[kind])


def is_heic(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(12)[4:8] == b"ftyp"
