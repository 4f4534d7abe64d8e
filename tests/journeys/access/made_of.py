"""What each screen is made of, so that a change leads to the screens that it may have changed.

A screen is made of templates, of styles and of the texts of its features; and of what is asked of
it. `seen.json` keeps a sum of each of these as it was when every screen was last looked at whole:
a screen of which no sum differs looks as it did then. What scripts and views do to a page is not
in the sums: for that, each run looks at every screen once (`test_every_screen`).
"""

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path

from babel.messages.pofile import read_po
from flask import Flask
from jinja2 import Template
from jinja2.meta import find_referenced_templates

from app.core.i18n import LANGUAGES
from tests.screens import Screen, Things, ask

ROOT = Path(__file__).parents[3]
SEEN = Path(__file__).with_name("seen.json")
STYLES = ROOT / "static/css"
ENGINES = ("axe-core/axe.min.js", "html_codesniffer/build/HTMLCS.js")
QUESTIONS = ("checks.py", "walk.py")
STYLE = re.compile(r"""["'/]css/([\w/-]+\.css)""")
IMPORTED = re.compile(r'@import url\("([^"]+)"\)')

Sums = dict[str, str]


def sums() -> Sums:
    """The sum of each template, each style, each feature's texts by language, and each question.

    A text belongs to the features whose files name it.
    """
    found = {f"template {name}": _sum(path.read_bytes()) for name, path in _templates()}
    found |= {f"style {name}": _sum(path.read_bytes()) for name, path in _styles()}
    found |= {f"question {name}": _sum(_question(name)) for name in (*ENGINES, *QUESTIONS)}
    for lang, language in LANGUAGES.items():
        for feature, texts in _texts(str(language.locale)).items():
            found[f"texts {feature} {lang}"] = _sum("\0".join(texts).encode())
    return found


def last_seen() -> tuple[Sums, set[str]]:
    """The sums when every screen was last seen whole, and the names of those screens."""
    if not SEEN.exists():
        return {}, set()
    kept = json.loads(SEEN.read_text())
    return kept["sums"], set(kept["screens"])


def keep(found: Sums, screens: Iterable[str]) -> None:
    kept = {"screens": sorted(screens), "sums": found}
    SEEN.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")


def of_screen(app: Flask, things: Things, screen: Screen) -> frozenset[str]:
    """The templates and styles of that screen, with all they may ask for in another state of it."""
    with _templates_asked_of(app) as asked:
        html = ask(app, things, screen, "gl").get_data(as_text=True)
    templates = _with_all_they_name(app, asked)
    styles = _with_all_they_import(STYLE.findall(html))
    return frozenset(
        (*(f"template {one}" for one in templates), *(f"style {one}" for one in styles))
    )


def in_language(pieces: Iterable[str], lang: str) -> set[str]:
    """The same pieces, the texts of their features in that language, and what is asked."""
    pieces = set(pieces)
    features = {name.split()[1].split("/")[0] for name in pieces if name.startswith("template ")}
    texts = {f"texts {feature} {lang}" for feature in (*features, "core")}
    return pieces | texts | {f"question {name}" for name in (*ENGINES, *QUESTIONS)}


def everything(found: Sums) -> frozenset[str]:
    """For what is reached on the way, through many pages: any template, any style."""
    return frozenset(name for name in found if name.startswith(("template ", "style ")))


def sum_of(pieces: Iterable[str], found: Sums) -> str:
    """One sum of many; a piece that is not there counts as such."""
    return _sum(json.dumps([(name, found.get(name)) for name in sorted(pieces)]).encode())


def _sum(content: bytes) -> str:
    return sha256(content).hexdigest()[:12]


def _templates() -> Iterator[tuple[str, Path]]:
    for path in sorted(ROOT.glob("app/*/templates/**/*.html")):
        yield (
            path.relative_to(
                next(one for one in path.parents if one.name == "templates")
            ).as_posix(),
            path,
        )


def _styles() -> Iterator[tuple[str, Path]]:
    for path in sorted(STYLES.rglob("*.css")):
        yield path.relative_to(STYLES).as_posix(), path


def _question(name: str) -> bytes:
    folder = ROOT / "node_modules" if name in ENGINES else Path(__file__).parent
    return (folder / name).read_bytes()


def _texts(locale: str) -> dict[str, list[str]]:
    """Each feature's texts as they are read in that language."""
    found: dict[str, list[str]] = {}
    with (ROOT / "translations" / locale / "LC_MESSAGES/messages.po").open("rb") as file:
        for message in read_po(file):
            if message.id:
                for feature in {Path(place).parts[1] for place, _ in message.locations}:
                    found.setdefault(feature, []).append(f"{message.id}\0{message.string}")
    return {feature: sorted(texts) for feature, texts in found.items()}


@contextmanager
def _templates_asked_of(app: Flask) -> Iterator[set[str]]:
    """The names of all templates that are asked for meanwhile, in whatever way."""
    asked: set[str] = set()
    environment, ordinary = app.jinja_env, app.jinja_env.get_template

    def noted(name: str | Template, *rest: object, **more: object) -> Template:
        found = ordinary(name, *rest, **more)  # type: ignore[arg-type]
        asked.add(str(found.name))
        return found

    environment.get_template = noted  # type: ignore[method-assign]
    try:
        yield asked
    finally:
        del environment.get_template  # the one of its class again


def _with_all_they_name(app: Flask, names: Iterable[str]) -> set[str]:
    found, left = set[str](), set(names)
    while left:
        name = left.pop()
        found.add(name)
        left |= _named_by(app, name) - found
    return found


@cache
def _named_by(app: Flask, name: str) -> frozenset[str]:
    loader = app.jinja_env.loader
    assert loader
    source = loader.get_source(app.jinja_env, name)[0]
    parsed = app.jinja_env.parse(source)
    return frozenset(one for one in find_referenced_templates(parsed) if one)


def _with_all_they_import(names: Iterable[str]) -> set[str]:
    found, left = set[str](), set(names)
    while left:
        name = left.pop()
        found.add(name)
        folder = Path(name).parent
        imported = IMPORTED.findall((STYLES / name).read_text())
        left |= {(folder / one).as_posix() for one in imported} - found
    return found
