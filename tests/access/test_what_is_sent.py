"""What every screen keeps in what is sent, whatever browser reads it."""

import re
from collections import Counter as Count
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from lxml.html import HtmlElement

from app.core.i18n import LANGUAGES, catalogue
from tests.access.rendered import (
    CONTROLS,
    Everything,
    Refused,
    Rendered,
    a_town_with_everything,
    rendered,
    sent,
    sent_empty,
)
from tests.left_out import LEFT_OUT
from tests.screens import PIECE, Screen

# Bytes with headers: HTML and CSS, which should leave the server in one flight; and all that the
# HTML names, scripts and icon included. What a call fetches later is weighed with a browser.
BUDGETS = {"citizen": (13_000, 30_000), "staff": (16_000, 36_000), "call": (24_000, 42_000)}
MOST_OF_A_PIECE = 6_000
# In an address of a piece: what says which one it is, or what was seen before.
SEEN = re.compile(r"\b[0-9a-hjkmnp-tv-z]{12}\b|(?<=[?&])(?:seen|day|channel)=[^&]*")
TRANSLATIONS = Path(__file__).parents[2] / "translations"
ERRORS = tuple(catalogue(slug, str(TRANSLATIONS)).gettext("Error:") for slug in LANGUAGES)
# What refers to another element of the page by its id.
REFERENCES = ("aria-labelledby", "aria-describedby", "aria-controls", "for", "form", "list")
HALF_SAID = re.compile(r"%\(\w+\)s|\{\{|\}\}|\bNone\b|\(e\)ko|\b\d{1,2}:\d\d ?[ap]\.? ?m\b", re.I)
DIGITS_ALONE = re.compile(r"\b(?:\d{1,2}/\d{1,2}/\d{2,4}|\d{4}-\d\d-\d\d)\b")


@dataclass
class Walk:
    """What one walk over all screens found. Made once, for making the town is what takes long."""

    left_out: dict[str, str]
    known: set[str]
    pages: list[Rendered]
    pieces: dict[str, int]  # bytes of each piece that a page asks for by itself
    refused: list[Refused]


_walked: list[Walk] = []


@pytest.fixture
def walk(app, monkeypatch) -> Walk:
    if not _walked:
        for name in ("WRITES", "MISSES", "CODE_REQUESTS"):  # nobody is slowed down
            monkeypatch.setitem(app.config, f"{name}_PER_MINUTE", 100_000)
        house = a_town_with_everything(app)
        pages = list(rendered(house, tuple(LANGUAGES)))
        known = {rule.rule for rule in app.url_map.iter_rules()}
        pieces = _pieces(house, pages)
        refused = list(sent_empty(house, tuple(LANGUAGES)))
        _walked.append(Walk(house.left_out, known, pages, pieces, refused))
    return _walked[0]


def _pieces(house: Everything, pages: list[Rendered]) -> dict[str, int]:
    found: dict[str, int] = {}
    for page in pages:
        for address in page.tree.xpath("//@hx-get"):
            kind = f"{page.screen.rule}: {SEEN.sub('*', address)}"
            if kind not in found:
                piece = Screen(kind, address, page.screen.who)
                answer = sent(house, piece, page.lang, **PIECE)
                assert answer.status_code in (200, 204), f"{kind} answered {answer.status_code}"
                found[kind] = len(answer.data)
    return found


def test_no_address_is_left_out_without_a_reason(walk):
    """A new address shows a page here, or says why not and where its screens are looked at."""
    mute = {rule for rule, why in walk.left_out.items() if why.startswith("answers")}

    assert mute - LEFT_OUT.keys() == set(), "say in left_out.py where it is looked at"
    assert {rule for rule in LEFT_OUT.keys() - walk.known if not rule.startswith("/demo/")} == set()


def test_every_screen_is_sent_as_everybody_needs_it(walk):
    wrong = [
        f"{page.called}: {fault}" for page in walk.pages for ask in ASKED for fault in ask(page)
    ]

    assert not wrong, "\n".join(wrong)
    assert len(walk.pages) > 250
    assert {page.lang for page in walk.pages} == set(LANGUAGES)


def test_every_screen_is_light(walk):
    wrong = [
        f"{page.called}: {what}, {weight} bytes of {most}"
        for page in walk.pages
        for what, weight, most in zip(
            ("HTML and CSS", "all that it names"),
            (page.first_flight, page.named),
            BUDGETS[kind_of(page)],
            strict=True,
        )
        if weight > most
    ]

    assert not wrong, "\n".join(wrong)


def test_every_piece_is_light(walk):
    heavy = {name: weight for name, weight in walk.pieces.items() if weight > MOST_OF_A_PIECE}

    assert heavy == {}
    assert len(walk.pieces) > 40


def test_every_form_that_comes_back_says_what_to_do(walk):
    wrong = [f"{form.called}: {fault}" for form in walk.refused for fault in refusal(form)]

    assert not wrong, "\n".join(wrong)
    assert len(walk.refused) > 20


def refusal(form: Refused) -> Iterator[str]:
    tree = form.tree
    title = tree.findtext(".//title") or ""
    if not title.strip().startswith(ERRORS):
        yield f"its title does not begin with the error: {title.strip()}"
    summaries = tree.xpath("//*[@id='error-summary'][@tabindex='-1']")
    if len(summaries) != 1:
        yield f"{len(summaries)} summaries of errors"
        return
    ids = set(tree.xpath("//@id"))
    for link in summaries[0].xpath(".//a/@href"):
        if link.removeprefix("#") not in ids:
            yield f"the summary leads nowhere: {link}"
    for one in tree.xpath("//*[@aria-invalid='true']"):
        said = (one.get("aria-describedby") or "").split()
        if not said or not set(said) <= ids:
            yield f"does not say what is wrong with it: {seen(one)}"


def kind_of(page: Rendered) -> str:
    if page.all("//*[@id='call']") or page.screen.rule == "/desk/visits/<code>":
        return "call"
    return "citizen" if page.screen.path.startswith("/<lang>") else "staff"


def order(page: Rendered) -> Iterator[str]:
    heads = page.all("//h1")
    if len(heads) != 1:
        yield f"{len(heads)} headings of the first order"
    title = page.tree.findtext(".//title") or ""
    if not title.strip(" ·"):
        yield "no title"
    levels = [int(head.tag[1]) for head in page.all("//main//*[self::h1 or self::h2 or self::h3]")]
    for before, after in zip(levels, levels[1:], strict=False):
        if after > before + 1:
            yield f"a heading of order {after} after one of {before}"


def names(page: Rendered) -> Iterator[str]:
    ids = Count(page.tree.xpath("//@id"))
    yield from (f"{count} elements are called {name}" for name, count in ids.items() if count > 1)
    for attribute in REFERENCES:
        for one in page.all(f"//*[@{attribute}]"):
            for name in (one.get(attribute) or "").split():
                if name not in ids:
                    yield f"{attribute} of {seen(one)} names nothing: {name}"


def nothing_in_line(page: Rendered) -> Iterator[str]:
    for one in page.all("//*[@*[starts-with(name(), 'on')] or @style]"):
        yield f"a handler or a style in line: {seen(one)}"
    for one in page.all("//style | //script[not(@src)][not(@type='application/json')]"):
        yield f"a script or a style in line: {seen(one)}"


def languages(page: Rendered) -> Iterator[str]:
    said = page.tree.get("lang")
    if (
        said != LANGUAGES[page.lang].html
        and page.screen.who is None
        and "<lang>" in page.screen.path
    ):
        yield f"says that it is in {said}"
    menu = page.all("//nav//a[@hreflang]")
    for one in menu:
        if one.get("lang") is None or not one.text_content().strip():
            yield f"the name of a language without its language: {seen(one)}"
    others = page.all("//link[@rel='alternate'][@hreflang]")
    if others and len({one.get("hreflang") for one in others}) != len(LANGUAGES):
        yield "does not name itself in every language"


def works_without_scripts(page: Rendered) -> Iterator[str]:
    for one in page.all("//form[@hx-post]"):
        if one.get("action") != one.get("hx-post"):
            yield f"does not send to the same place without scripts: {seen(one)}"
    for one in page.all("//a[@hx-get]"):
        if not one.get("href"):
            yield f"leads nowhere without scripts: {seen(one)}"
    for one in page.all("//form[translate(@method, 'POST', 'post') = 'post'][.//button]"):
        if not one.xpath(".//input[contains(@name, 'csrf_token')]"):
            yield f"does not say which page it comes from: {seen(one)}"


def swapped(page: Rendered) -> set[HtmlElement]:
    """What an answer to htmx puts anew."""
    found: set[HtmlElement] = set()
    for one in page.all("//*[@hx-target]"):
        wanted = one.get("hx-target") or ""
        found.update([one] if wanted == "this" else page.all(f"//*[@id='{wanted[1:]}']"))
    return found


def keeps_the_focus(page: Rendered) -> Iterator[str]:
    """Whatever can take the focus in what is swapped has a name that does not change."""
    for piece in swapped(page):
        for one in piece.xpath(f".//*[{CONTROLS}]"):
            if not one.get("id"):
                yield f"loses the focus when it is swapped, for it has no id: {seen(one)}"


def says_whole_words(page: Rendered) -> Iterator[str]:
    body = page.tree.find("body")
    assert body is not None
    words = " ".join(body.itertext())
    yield from (f"half said: {found}" for found in HALF_SAID.findall(words))


def one_place_for_what_is_told(page: Rendered) -> Iterator[str]:
    """It is there from the start: a reader of screens does not hear one that comes later."""
    if not page.all("//script"):
        return
    if len(page.all("//*[@role='status'][@id='announce' or @id='said']")) != 1:
        yield "has no one place for what is told"
    for piece in swapped(page):
        for one in piece.xpath("descendant-or-self::*[@aria-live]"):
            yield f"is not heard, for it is swapped: {seen(one)} (data-tells instead)"
    for one in page.all("//*[@data-tells][not(@id)]"):
        yield f"tells, and has no id by which to know what it said before: {seen(one)}"


ASKED: tuple[Callable[[Rendered], Iterator[str]], ...] = (
    *(order, names, nothing_in_line, languages, works_without_scripts, keeps_the_focus),
    *(says_whole_words, one_place_for_what_is_told),
)


def seen(one: HtmlElement) -> str:
    attributes = " ".join(f'{name}="{text}"' for name, text in one.attrib.items())
    return f"<{one.tag} {attributes}"[:120]
