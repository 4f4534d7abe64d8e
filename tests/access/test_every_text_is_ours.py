"""What is read on every screen comes from the catalogues, from the town's own rows, or is a day.

Every screen is read in a language that nobody speaks, whose texts stand between brackets. What
stands outside of them and is nobody's own was written into the code, where nobody translates it.
"""

import re
import tomllib
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from lxml import html
from lxml.html import HtmlElement

from app.accounts.models import Account
from app.core.db import Base, db
from app.core.i18n import LANGUAGES
from app.office.words import REGIONS
from tests.access.rendered import Everything, a_town_with_everything
from tests.longer import CLOSES, LANGUAGE, OPENS, SHARE, catalogues_in, longer
from tests.screens import ask

ROOT = Path(__file__).parents[2]
SAID = ("aria-label", "alt", "placeholder", "title")
A_WORD = re.compile(r"[^\W\d_]{3,}")
A_DAY = re.compile(
    r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|January|February|March|April|May|June|July|August"
    r"|September|October|November|December"
)
# Names of files and of kinds, and signs of a unit: alike in every language.
ALIKE = re.compile(r"\bSHA-256\b|\bmanifest\.json\b|\bapplication/[a-z-]+|\b\d* ?min\b|\bCSV\b")
# Codes and digests; an address of a page or of a person.
A_CODE = re.compile(r"\b(?=[\w-]*\d)[0-9A-Za-z_-]{6,}\b|\b[a-z0-9]{12}\b|https?://\S+|\S+@\S+")
# What only programs and auditors write: its words must not excuse a word on a screen.
OF_PROGRAMS = ("audit_", "file_reading", "stream_message", "alembic_version")


def test_a_longer_text_keeps_what_programs_read():
    text = 'Wait %(num)s minutes, or <a href="/x">call %(hall)s</a>.'

    said = longer(text)

    assert said.startswith(OPENS)
    assert said.endswith(CLOSES)
    assert len(said) >= SHARE * len(text.replace('<a href="/x">', "").replace("</a>", ""))
    assert all(part in said for part in ("%(num)s", '<a href="/x">', "%(hall)s", "</a>"))
    assert "call" not in said


def test_no_text_is_written_into_the_code(app, monkeypatch, tmp_path):
    monkeypatch.setitem(app.config, "CATALOGUES", str(catalogues_in(tmp_path)))
    for name in ("WRITES", "MISSES", "CODE_REQUESTS"):  # nobody is slowed down
        monkeypatch.setitem(app.config, f"{name}_PER_MINUTE", 100_000)
    house = a_town_with_everything(app)
    db.session.execute(sa.update(Account).values(locale=LANGUAGE))
    db.session.commit()
    own = their_own_words()
    wrong: dict[str, str] = {}
    for screen, tree in pages(house):
        for text in texts(tree):
            for words in written_into_the_code(text, own):
                wrong.setdefault(words, screen)

    assert not wrong, "\n".join(f"{screen}: {words}" for words, screen in wrong.items())


def pages(house: Everything) -> Iterator[tuple[str, HtmlElement]]:
    seen = 0
    for screen in house.screens:
        answer = ask(house.app, house.things, screen, LANGUAGE, **{"Accept-Language": LANGUAGE})
        if answer.status_code == 200:
            seen += 1
            yield screen.name, html.document_fromstring(answer.text)
    assert seen > 250


def texts(tree: HtmlElement) -> Iterator[str]:
    """What is read and said of a page; what says its own language, or is no language, is not."""
    for one in tree.xpath("//*[@lang][not(self::html)] | //*[@translate='no'] | //script | //code"):
        one.drop_tree()
    if (tree.get("lang") or "").startswith(LANGUAGE):  # a page may speak its guest's own language
        yield " ".join(tree.body.itertext())
        yield from tree.xpath("//title/text()")
        for one in tree.iter():
            for name, text in one.attrib.items():
                if name in SAID or name.startswith("data-text"):
                    yield text


def written_into_the_code(text: str, own: re.Pattern[str]) -> Iterator[str]:
    for piece in re.split(r"\n|  +", outside(text)):
        left = own.sub(" ", A_DAY.sub(" ", A_CODE.sub(" ", ALIKE.sub(" ", piece))))
        if A_WORD.search(left):
            yield piece.strip()


def outside(text: str) -> str:
    """What stands in no brackets; a text of ours may stand inside another."""
    depth, found = 0, []
    for sign in text:
        depth += (sign == OPENS) - (sign == CLOSES)
        found.append(sign if not depth and sign != CLOSES else "\n" if sign == OPENS else "")
    assert depth == 0, f"a text of ours was cut: {text[:200]}"
    return "".join(found)


def their_own_words() -> re.Pattern[str]:
    """What the town wrote, the names of places and languages, and the library of procedures."""
    words = {language.label for language in LANGUAGES.values()} | set(REGIONS.values())
    for table in Base.metadata.sorted_tables:
        if not table.name.startswith(OF_PROGRAMS):
            for row in db.session.execute(sa.select(table)):
                words.update(text for value in row for text in strings_in(value))
    for file in (ROOT / "app/towns/data/procedures").glob("*.toml"):
        words.update(strings_in(tomllib.loads(file.read_text())))
    known = sorted((one for one in words if is_a_name(one)), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, known)))


def is_a_name(text: str) -> bool:
    """A lone word in small letters may be a state or a kind: those have words of ours."""
    return len(text) >= 3 and not re.fullmatch(r"[a-z_]+", text)


def strings_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for one in value.values():
            yield from strings_in(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from strings_in(one)
    elif isinstance(value, str) and not isinstance(value, Enum):
        yield from (line.strip() for line in value.splitlines())


@pytest.mark.parametrize("text", ["⟦Çáñçël⟧ Cancel", "Pere ⟦wáîts⟧ for you"])
def test_a_text_in_the_code_is_found(text):
    own = re.compile("Pere")

    assert list(written_into_the_code(text, own))


def test_what_is_the_towns_own_is_not():
    own = re.compile("Pere|Plaça, 1")

    assert not list(written_into_the_code("Pere · Plaça, 1 ⟦wáîts⟧ Monday 3 March, 5 min", own))
