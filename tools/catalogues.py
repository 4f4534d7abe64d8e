"""The seven catalogues: gather the product's sentences, and say what is wrong with a translation.

`python tools/catalogues.py update` extracts and merges, without guessing (no fuzzy matching).
`python tools/catalogues.py check` stops with every fault, one per line, so that none is shipped.
"""

import io
import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "translations"
SOURCE = "en_GB"  # its sentences are the ids themselves

# locale → the name that gettext's own tools know
LOCALES = {
    "es": "es",
    "ca": "ca",
    "ca_ES_VALENCIA": "ca@valencia",
    "gl": "gl",
    "eu": "eu",
    "oc_ES": "oc",
    SOURCE: "en_GB",
}
KEYWORDS = {**DEFAULT_KEYWORDS, "_": None, "_l": None, "N_": None, "ngettext": (1, 2)}

HEADER = r"""msgid ""
msgstr ""
"Project-Id-Version: ventanilla\n"
"Report-Msgid-Bugs-To: see SECURITY.md and CONTRIBUTING.md\n"
"POT-Creation-Date: 2026-11-01 12:00+0100\n"
"PO-Revision-Date: 2026-11-01 12:00+0100\n"
"Last-Translator: the people of Ventanilla\n"
"Language-Team: {language}\n"
"Language: {language}\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=UTF-8\n"
"Content-Transfer-Encoding: 8bit\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\n"

"""

Text = str | list[str] | tuple[str, ...] | None  # one sentence, or its singular and plural
Key = tuple[object, object]

# Aranese counts like its neighbours Catalan and Spanish; i18nspector only knows other Occitan.
EXCUSED = {("oc_ES", "unusual-plural-forms")}

PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%%")
TAG = re.compile(r"</?[A-Za-z][^>]*>")
ADDRESS = re.compile(r"https?://[^\s<>\"]+")
FIGURE = re.compile(r"\d+")
LETTER = re.compile(r"[^\W\d_]{2}")


def main(arguments: list[str]) -> int:
    match arguments:
        case ["update"]:
            return update()
        case ["check"]:
            return check()
    print(__doc__)
    return 2


# --- update ---------------------------------------------------------------------------------


def update() -> int:
    template = extracted()
    for locale in LOCALES:
        catalogue = read(locale)
        merge(catalogue, template)
        if locale == SOURCE:
            fill_from_ids(catalogue)
        write(locale, catalogue)
        print(summary(locale, catalogue))
    return 0


def extracted() -> Catalog:
    """Every sentence of the code and the templates, with the files it stands in.

    In the order of the files' names: what a folder happens to list first differs between machines.
    """
    with (ROOT / "babel.cfg").open() as configuration:
        methods, options = parse_mapping_cfg(configuration)
    template = Catalog()
    found = extract_from_dir(
        ROOT,
        methods,
        options,
        keywords=KEYWORDS,
        comment_tags=("Translators:",),
        strip_comment_tags=True,
        directory_filter=lambda folder: not Path(folder).name.startswith((".", "node_modules")),
    )
    for file, line, sentence, notes, context in sorted(found, key=lambda one: one[:2]):
        template.add(
            sentence, None, [(Path(file).as_posix(), line)], auto_comments=notes, context=context
        )
    return template


def read(locale: str) -> Catalog:
    path = path_of(locale)
    if not path.exists():
        return Catalog(locale=locale)
    with path.open("rb") as file:
        return read_po(file, locale=locale)


def merge(catalogue: Catalog, template: Catalog) -> None:
    """Take the template's sentences; what it no longer has waits at the end, in case it returns."""
    waiting = catalogue.obsolete
    for message in list(waiting.values()):
        if message.id and template.get(message.id, message.context):
            catalogue[message.id] = message
    catalogue.update(template, no_fuzzy_matching=True, update_header_comment=False)
    known = {key_of(message) for message in catalogue if message.id}
    for key, message in waiting.items():
        if key_of(message) not in known:
            catalogue.obsolete[key] = message


def fill_from_ids(catalogue: Catalog) -> None:
    for message in catalogue:
        if message.id:
            message.string = message.id
    catalogue.obsolete.clear()


def write(locale: str, catalogue: Catalog) -> None:
    """Without dates and line numbers: a difference is always a difference of words."""
    body = io.BytesIO()
    write_po(body, catalogue, width=96, omit_header=True, sort_by_file=True, include_lineno=False)
    path = path_of(locale)
    path.parent.mkdir(parents=True, exist_ok=True)
    header = HEADER.format(language=LOCALES[locale])
    path.write_text(header + body.getvalue().decode().strip() + "\n", encoding="utf-8")


def summary(locale: str, catalogue: Catalog) -> str:
    messages = [message for message in catalogue if message.id]
    done = sum(1 for message in messages if is_translated(message))
    old = f", {len(catalogue.obsolete)} no longer used" if catalogue.obsolete else ""
    return f"{locale:15} {done} of {len(messages)} sentences{old}"


# --- check ----------------------------------------------------------------------------------


def check() -> int:
    template = {key_of(message): message for message in extracted() if message.id}
    faults = [fault for locale in LOCALES for fault in faults_of(locale, template)]
    for fault in faults:
        print(fault)
    if faults:
        print(f"Catalogues: {len(faults)} faults.")
        return 1
    print(f"Catalogues: {len(template)} sentences right in {len(LOCALES)} languages.")
    return 0


def faults_of(locale: str, template: dict[Key, Message]) -> Iterator[str]:
    path = path_of(locale)
    if not path.exists():
        yield f"{locale}: there is no catalogue"
        return
    catalogue = read(locale)
    messages = {key_of(message): message for message in catalogue if message.id}
    same = alike_on_purpose(locale)
    wrong = forbidden_forms(locale)

    def fault(kind: str, message: Message) -> str:
        return f"{locale}: {kind}: {first(message.id)!r}"

    for key, sentence in template.items():
        if key not in messages:
            yield fault("missing", sentence)
    for key, message in messages.items():
        if key not in template:
            yield fault("no longer used", message)
        elif message.fuzzy:
            yield fault("fuzzy", message)
        elif not is_translated(message):
            yield fault("empty", message)
        else:
            for kind in differences(message):
                yield fault(kind, message)
            if locale == SOURCE:
                if message.string != message.id:
                    yield fault("differs from its id", message)
            elif is_left_in_english(message) and first(message.id) not in same:
                yield fault("still in English (or add it to same.txt)", message)
            for word, instead in forbidden_words(message, wrong):
                yield fault(f"“{word}”: {instead}", message)
    for message in catalogue.obsolete.values():
        yield fault("obsolete", message)
    yield from faults_seen_by_others(locale, path)


def differences(message: Message) -> Iterator[str]:
    """What must be the same in every language: what is filled in, linked, marked or counted."""
    ids, strings = forms(message.id), forms(message.string)
    for number, string in enumerate(strings):
        models = ids if number == 0 else ids[-1:]
        for kind, pattern in (
            ("placeholders differ", PLACEHOLDER),
            ("tags differ", TAG),
            ("addresses differ", ADDRESS),
            ("figures differ", FIGURE),
        ):
            if all(parts(pattern, string) != parts(pattern, model) for model in models):
                yield kind


def parts(pattern: re.Pattern[str], text: str) -> Counter[str]:
    if pattern is FIGURE:
        text = PLACEHOLDER.sub(" ", ADDRESS.sub(" ", TAG.sub(" ", text)))
    return Counter(pattern.findall(text))


def is_translated(message: Message) -> bool:
    strings = forms(message.string)
    return len(strings) == len(forms(message.id)) and all(strings)


def is_left_in_english(message: Message) -> bool:
    plain = PLACEHOLDER.sub(" ", TAG.sub(" ", first(message.id)))
    return forms(message.string) == forms(message.id) and bool(LETTER.search(plain))


def alike_on_purpose(locale: str) -> set[str]:
    """Lines of same.txt: `* sentence` for every language, `ca,gl sentence` for some."""
    lines = (FOLDER / "same.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split(" ", 1) for line in lines if line and not line.startswith("#")]
    return {sentence for which, sentence in pairs if which == "*" or locale in which.split(",")}


def forbidden_forms(locale: str) -> list[tuple[re.Pattern[str], str]]:
    table = tomllib.loads((FOLDER / "forbidden.toml").read_text(encoding="utf-8"))
    entries = table.get(locale, {}).get("forms", [])
    return [(re.compile(entry["form"]), entry["instead"]) for entry in entries]


def forbidden_words(
    message: Message, wrong: list[tuple[re.Pattern[str], str]]
) -> Iterator[tuple[str, str]]:
    text = bare(message)
    for pattern, instead in wrong:
        for word in sorted({hit.group().strip(" .!?:…\n") for hit in pattern.finditer(text)}):
            yield word, instead


def faults_seen_by_others(locale: str, path: Path) -> Iterator[str]:
    """What gettext and i18nspector say, where they are installed."""
    if shutil.which("msgfmt"):
        told = subprocess.run(
            ["msgfmt", "--check", "--output-file=/dev/null", str(path)],
            capture_output=True,
            text=True,
            check=False,
        )
        yield from (f"{locale}: msgfmt: {line}" for line in told.stderr.splitlines())
    if shutil.which("i18nspector"):
        told = subprocess.run(
            ["i18nspector", "--language", LOCALES[locale], str(path)],
            capture_output=True,
            text=True,
            check=False,
        )
        for line in told.stdout.splitlines():
            grade, _, rest = line.partition(": ")
            tag = rest.partition(": ")[2]
            if grade == "E" and (locale, tag.split(" ")[0]) not in EXCUSED:
                yield f"{locale}: i18nspector: {tag}"


# --- messages -------------------------------------------------------------------------------


def path_of(locale: str) -> Path:
    return FOLDER / locale / "LC_MESSAGES" / "messages.po"


def key_of(message: Message) -> Key:
    return message.id, message.context


def forms(text: Text) -> list[str]:
    return [text] if isinstance(text, str) else list(text or ())


def first(text: Text) -> str:
    return forms(text)[0]


def bare(message: Message) -> str:
    """The words of a translation, without what is filled in or marked up."""
    text = "\n".join(forms(message.string))
    return PLACEHOLDER.sub(" ", TAG.sub(" ", ADDRESS.sub(" ", text)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
