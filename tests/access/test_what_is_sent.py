"""What every screen keeps in what is sent, whatever browser reads it."""

import re
from collections import Counter as Count
from collections.abc import Callable, Iterator

import pytest
from lxml.html import HtmlElement

from app.core.i18n import LANGUAGES
from tests.access.rendered import CONTROLS, Everything, Rendered, a_town_with_everything, rendered
from tests.left_out import LEFT_OUT

# What refers to another element of the page by its id.
REFERENCES = ("aria-labelledby", "aria-describedby", "aria-controls", "for", "form", "list")
HALF_SAID = re.compile(r"%\(\w+\)s|\{\{|\}\}|\bNone\b|\(e\)ko|\b\d{1,2}:\d\d ?[ap]\.? ?m\b", re.I)
DIGITS_ALONE = re.compile(r"\b(?:\d{1,2}/\d{1,2}/\d{2,4}|\d{4}-\d\d-\d\d)\b")


@pytest.fixture
def everything(app, monkeypatch) -> Everything:
    for name in ("WRITES", "MISSES", "CODE_REQUESTS"):  # nobody is slowed down
        monkeypatch.setitem(app.config, f"{name}_PER_MINUTE", 100_000)
    return a_town_with_everything(app)


def test_every_screen_is_sent_as_everybody_needs_it(everything):
    """One walk for all of them, for making the town and its screens is what takes long."""
    _nothing_is_left_out(everything)
    pages = list(rendered(everything, tuple(LANGUAGES)))
    wrong = [f"{page.called}: {fault}" for page in pages for ask in ASKED for fault in ask(page)]

    assert not wrong, "\n".join(wrong)
    assert len(pages) > 250
    assert {page.lang for page in pages} == set(LANGUAGES)


def _nothing_is_left_out(everything: Everything) -> None:
    """A new address shows a page here, or says why not and where its screens are looked at."""
    mute = {rule for rule, why in everything.left_out.items() if why.startswith("answers")}

    assert mute - LEFT_OUT.keys() == set(), "say in left_out.py where it is looked at"
    known = {rule.rule for rule in everything.app.url_map.iter_rules()}
    assert {rule for rule in LEFT_OUT.keys() - known if not rule.startswith("/demo/")} == set()


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


def keeps_the_focus(page: Rendered) -> Iterator[str]:
    """Whatever can take the focus in what is swapped has a name that does not change."""
    targets: set[HtmlElement] = set()
    for one in page.all("//*[@hx-target]"):
        wanted = one.get("hx-target") or ""
        targets.update([one] if wanted == "this" else page.all(f"//*[@id='{wanted[1:]}']"))
    for target in targets:
        for one in target.xpath(f".//*[{CONTROLS}]"):
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


ASKED: tuple[Callable[[Rendered], Iterator[str]], ...] = (
    *(order, names, nothing_in_line, languages, works_without_scripts, keeps_the_focus),
    *(says_whole_words, one_place_for_what_is_told),
)


def seen(one: HtmlElement) -> str:
    attributes = " ".join(f'{name}="{text}"' for name, text in one.attrib.items())
    return f"<{one.tag} {attributes}"[:120]
