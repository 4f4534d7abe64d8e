"""A language that nobody speaks: every text of ours 40 % longer, accented and between brackets.

It stands where English is read, in a folder of its own (the setting `CATALOGUES`), and is never
among the languages that people choose. What is still read without brackets was written into the
code, and what does not fit would not fit a long language either.
"""

import re
import shutil
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from tools import catalogues

OPENS, CLOSES = "⟦", "⟧"
LANGUAGE = "en"
SHARE = 1.4
ACCENTED = str.maketrans("AEIOUNCaeiounc", "ÁËÎÔÙÑÇáëîôùñç")
# Of the lengths that words have in Basque, the longest of the seven.
WORDS = ("ardura", "dagokion", "udal", "zerbitzuarekin", "ordutegia", "eta", "herritarrentzat")
KEPT = re.compile(r"%\(\w+\)[a-z]|%%|</?[A-Za-z][^>]*>|&\w+;|https?://[^\s<>\"]+")


def longer(text: str) -> str:
    """`Cancel` → `⟦Çáñçël udal⟧`, with what a program reads left as it is."""
    said = "".join(_parts(text))
    wanted = SHARE * len(KEPT.sub("", text))
    added: list[str] = []
    for word in cycle(WORDS):
        if sum(len(one) + 1 for one in added) + len(KEPT.sub("", text)) >= wanted:
            break
        added.append(word)
    return OPENS + " ".join([said, *added]) + CLOSES


def _parts(text: str) -> Iterator[str]:
    at = 0
    for found in KEPT.finditer(text):
        yield text[at : found.start()].translate(ACCENTED)
        yield found[0]
        at = found.end()
    yield text[at:].translate(ACCENTED)


def catalogues_in(folder: Path) -> Path:
    """Our catalogues, with the longer texts in the place of the English ones."""
    source = catalogues.FOLDER
    for file in source.glob("*/LC_MESSAGES/messages.mo"):
        kept = folder / file.relative_to(source)
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, kept)
    ours = catalogues.read(catalogues.SOURCE)
    made = Catalog(locale=catalogues.SOURCE)
    for message in ours:
        if message.id:
            both = message.id if isinstance(message.id, (list, tuple)) else (message.id,)
            said = [longer(one) for one in both]
            made.add(message.id, said if message.pluralizable else said[0], context=message.context)
    place = folder / catalogues.SOURCE / "LC_MESSAGES/messages.mo"
    with place.open("wb") as file:
        write_mo(file, made)
    return folder
