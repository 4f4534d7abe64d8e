"""Every word that people read, against the dictionaries of hunspell and the lists of the house.

`python tools/spelling.py check` stops with every word that neither knows, and where it stands.
`python tools/spelling.py unknown eu` writes those words alone, for whoever decides about them.

The lists are `translations/words/<locale>.txt`, one word a line, each put there on purpose, and
`all.txt` for names that are the same everywhere. A word that is no longer read anywhere leaves its
list. No dictionary knows Aranese: its list holds every word, so that whatever is new stands out.
"""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

from catalogues import ADDRESS, FOLDER, LOCALES, PLACEHOLDER, ROOT, TAG, first, forms, read

LISTS = FOLDER / "words"
# locale → the dictionary that Debian has for it, and how data files call the language
DICTIONARIES = {
    "es": "es_ES",
    "ca": "ca",
    "ca_ES_VALENCIA": "ca_ES-valencia",
    "gl": "gl_ES",
    "eu": "eu",
    "oc_ES": None,
    "en_GB": "en_GB",
}
SLUGS = {
    "es": "es",
    "ca": "ca",
    "va": "ca_ES_VALENCIA",
    "gl": "gl",
    "eu": "eu",
    "oc": "oc_ES",
    "en": "en_GB",
}
DATA = ("app/towns/data/procedures/*.toml", "app/demo/province/*.toml")
# What people type when they look for something: without accents, half written, on purpose.
NOT_READ = ("keywords",)
LETTERS = r"[^\W\d_](?:[^\W\d_]|[’'·\-](?=[^\W\d_]))*"
# Names of files, options, keys and numbers of articles.
CODE = re.compile(r"\{\w+\}|\[\w+\]|--\w+|%-\w+|\w+/\*|https?://|\S*\w\.\w\S*")
WORD = re.compile(rf"(?<![\w’'@#.]){LETTERS}(?![\w@])")

Texts = list[tuple[str, str]]  # where it stands, what it says


def main(arguments: list[str]) -> int:
    match arguments:
        case ["check"]:
            return check()
        case ["unknown", locale] if locale in LOCALES:
            print("\n".join(sorted(unknown(locale), key=str.casefold)))
            return 0
    print(__doc__)
    return 2


def check() -> int:
    with ThreadPoolExecutor() as readers:  # each waits for a hunspell of its own
        faults = [fault for found in readers.map(faults_of, LOCALES) for fault in found]
    faults += [f"all: “{word}” is no longer read anywhere" for word in unused_names()]
    print("\n".join(faults + [f"Spelling: {len(faults)} words to look at."]))
    return 1 if faults else 0


def faults_of(locale: str) -> list[str]:
    faults = []
    for word in unknown(locale):
        where, text = next(found for found in texts(locale) if word in found[1].replace("’", "'"))
        faults.append(f"{locale}: “{word}” in {where}: {text[:70]!r}")
    for word in sorted(listed(locale) - read_with(locale)):
        faults.append(f"{locale}: “{word}” is listed and no longer read anywhere")
    return faults


def read_with(locale: str) -> set[str]:
    """Every word as it stands, and as it would stand inside a sentence."""
    found = words(locale).union(*(parts_of(word) for word in words(locale)))
    return found | {word[0].lower() + word[1:] for word in found}


def unknown(locale: str) -> list[str]:
    """The words that nobody vouches for, in the order of the alphabet."""
    known = listed(locale) | listed("all")
    left = [word for word in sorted(words(locale)) if not vouched(word, known)]
    dictionary = DICTIONARIES[locale]
    wrong = ask(left, dictionary) if dictionary else left
    parts = {part for word in wrong for part in parts_of(word) if not vouched(part, known)}
    bad = set(ask(sorted(parts), dictionary) if dictionary else parts)
    return sorted({part for word in wrong for part in parts_of(word) if part in bad})


def vouched(word: str, known: set[str]) -> bool:
    """A list in small letters vouches for the capital of a sentence; never the other way round."""
    return word in known or word[0].lower() + word[1:] in known


def parts_of(word: str) -> list[str]:
    """What is elided or joined: the word is right when each of its parts is."""
    return [part for part in re.split(r"[-']", word) if len(part) > 1 and part.lower() != "qu"]


def ask(lines: list[str], dictionary: str) -> list[str]:
    told = subprocess.run(
        ["hunspell", "-i", "utf-8", "-d", dictionary, "-L"],
        input="\n".join(lines) + "\n",
        capture_output=True,
        text=True,
        check=True,
    )
    wrong = set(told.stdout.splitlines())
    return [line for line in lines if line in wrong]


# --- what is read ---------------------------------------------------------------------------


def words(locale: str) -> set[str]:
    """With the apostrophe that dictionaries write."""
    return {word.replace("’", "'") for _, text in texts(locale) for word in WORD.findall(text)}


@cache
def texts(locale: str) -> Texts:
    return [*sentences(locale), *data(locale)]


def sentences(locale: str) -> Iterator[tuple[str, str]]:
    for message in read(locale):
        if message.id:
            for text in forms(message.string):
                yield f"the sentence {first(message.id)[:50]!r}", bared(text)


def bared(text: str) -> str:
    """What is filled in becomes a figure, so that an ending behind it is not a word of its own."""
    return PLACEHOLDER.sub("0", TAG.sub(" ", ADDRESS.sub(" ", CODE.sub(" ", text))))


def data(locale: str) -> Iterator[tuple[str, str]]:
    for pattern in DATA:
        for file in sorted(ROOT.glob(pattern)):
            table = tomllib.loads(file.read_text(encoding="utf-8"))
            for text in told(table, locale):
                yield str(file.relative_to(ROOT)), bared(text)


def told(node: Any, locale: str) -> Iterator[str]:
    """The texts in that language, wherever in the file they are."""
    children = node.items() if isinstance(node, dict) else enumerate(node)
    for key, child in children:
        if key in NOT_READ:
            continue
        if isinstance(child, str):
            if SLUGS.get(str(key)) == locale:
                yield child
        elif isinstance(child, dict | list):
            yield from told(child, locale)


@cache
def listed(name: str) -> set[str]:
    file = LISTS / f"{name}.txt"
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return {line.strip() for line in lines if line.strip() and not line.startswith("#")}


def unused_names() -> list[str]:
    return sorted(listed("all") - set().union(*(read_with(locale) for locale in LOCALES)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
