"""How the product says things: one name for each thing, short sentences, nothing that swells.

`python tools/wording.py check` stops with every sentence that does otherwise.
`python tools/wording.py report` says, for each language, how long the sentences of citizens are.
"""

import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from statistics import mean

from babel.messages.catalog import Message
from catalogues import (
    FOLDER,
    LOCALES,
    PLACEHOLDER,
    SOURCE,
    TAG,
    first,
    forbidden_forms,
    forms,
    read,
)
from spelling import data

MOST_WORDS = 15  # in a sentence that a citizen reads
WORD = re.compile(r"[^\W_]+(?:[-’'·.,][^\W_]+)*")
END = re.compile(r"(?<=[.?!:;])\s+|\n")
# Read by those who work here: everything else may be read by a citizen.
STAFF = ("/desk/", "/office/", "/insight/", "/demo/", "/audit/", "backoffice")


@dataclass(frozen=True)
class Term:
    """A thing that has one name in each language."""

    en: re.Pattern[str]
    names: dict[str, re.Pattern[str]]
    without: frozenset[str] = field(default_factory=frozenset)


def main(arguments: list[str]) -> int:
    match arguments:
        case ["check"]:
            return check()
        case ["report"]:
            print("\n".join(report(locale) for locale in LOCALES))
            return 0
    print(__doc__)
    return 2


def check() -> int:
    faults = [
        fault for locale in LOCALES for fault in (*faults_of(locale), *faults_of_data(locale))
    ]
    print("\n".join([*faults, f"Wording: {len(faults)} sentences to look at."]))
    return 1 if faults else 0


def faults_of(locale: str) -> Iterator[str]:
    for message in read(locale):
        if not message.id:
            continue
        for kind in (*too_long(message), *too_many_words(message), *other_names(message, locale)):
            yield f"{locale}: {kind}: {first(message.id)!r}"


def faults_of_data(locale: str) -> Iterator[str]:
    """What a town brings with it, procedures above all, is held to the same."""
    wrong = forbidden_forms(locale)
    for where, text in data(locale):
        for pattern, instead in wrong:
            for found in pattern.finditer(text):
                yield f"{locale}: “{found.group().strip()}”: {instead}: {where}"
        for count, sentence in counted(text):
            if count > MOST_WORDS:
                yield f"{locale}: {count} words in one sentence, “{sentence}”: {where}"


def report(locale: str) -> str:
    messages = [message for message in read(locale) if message.id and is_read_by_citizens(message)]
    counts = [count for message in messages for count, _ in sentences(message)]
    words = f"{mean(counts):.1f} words each, the longest {max(counts)}"
    return f"{locale:15} {len(counts)} sentences, {words}"


def too_long(message: Message) -> Iterator[str]:
    """More than twice the English and a little: buttons and menus would burst."""
    for model, text in zip(forms(message.id), forms(message.string), strict=True):
        if len(shown(text)) > 2 * len(shown(model)) + 20:
            yield "far longer than the English"


def too_many_words(message: Message) -> Iterator[str]:
    if is_read_by_citizens(message):
        for count, text in sentences(message):
            if count > MOST_WORDS:
                yield f"{count} words in one sentence, “{text}”"


def other_names(message: Message, locale: str) -> Iterator[str]:
    """The term is in the English, and its name in that language is not in the translation."""
    if locale == SOURCE:
        return
    for term in glossary():
        name = term.names[locale]
        for model, text in zip(forms(message.id), forms(message.string), strict=True):
            found = term.en.search(PLACEHOLDER.sub("0", model))
            if found and model not in term.without and not name.search(text):
                yield f"“{found.group()}” is not “{name.pattern}” in “{text}”"


@cache
def glossary() -> list[Term]:
    table = tomllib.loads((FOLDER / "glossary.toml").read_text(encoding="utf-8"))
    return [
        Term(
            re.compile(entry.pop("en"), re.I),
            without=frozenset(entry.pop("without", ())),
            names={locale: re.compile(name, re.I) for locale, name in entry.items()},
        )
        for entry in table["term"]
    ]


def is_read_by_citizens(message: Message) -> bool:
    places = [place for place, _ in message.locations]
    return not all(any(part in place for part in STAFF) for place in places)


def sentences(message: Message) -> Iterator[tuple[int, str]]:
    """Each with how many words it has; what is filled in counts as one."""
    for text in forms(message.string):
        yield from counted(text)


def counted(text: str) -> Iterator[tuple[int, str]]:
    for sentence in END.split(PLACEHOLDER.sub("0", TAG.sub(" ", text))):
        yield len(WORD.findall(sentence)), sentence


def shown(text: str) -> str:
    """As long as it will be seen, more or less."""
    return PLACEHOLDER.sub("00000", TAG.sub("", text))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
