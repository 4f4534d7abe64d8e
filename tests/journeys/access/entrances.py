"""Screens that an address alone does not open: with what is asked in the link, and on the way."""

import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from tests.journeys.access.house import PLACE, House
from tests.journeys.conftest import message_on_the_phone
from tests.screens import Screen

LIBRARY = "vilaclara"  # where a kiosk stands

ASKED = (
    ("what nobody offers", "/<lang>/procedures?q=zzzz"),
    ("a search", "/<lang>/procedures?q=padron"),
    ("times by telephone", "/<lang>/procedures/volante/times?channel=phone"),
    ("times with a need", "/<lang>/procedures/volante/times?channel=video&needs=more_time"),
    ("now, by video", "/<lang>/visits/now?procedure=volante&channel=video"),
    ("the waiting list", "/<lang>/waitlist/new?procedure=volante&channel=video"),
    ("nothing there", "/<lang>/nothing"),
)


def asked() -> list[Screen]:
    return [Screen(name, path, None) for name, path in ASKED]


@dataclass(frozen=True)
class State:
    """A screen in the middle of something."""

    name: str
    reach: Callable[[House, Page, str], object]


def _form(house: House, page: Page, lang: str) -> None:
    page.goto(house.at(f"/{lang}/procedures/volante/times?channel=video"))
    page.locator("a.slot").first.click()
    page.locator("#phone").wait_for()


def _form_with_errors(house: House, page: Page, lang: str) -> None:
    _form(house, page, lang)
    page.locator("#who-send").click()
    expect(page.locator("#error-summary")).to_be_focused()


def _code(house: House, page: Page, lang: str) -> str:
    """Somebody with a number of their own; which it is."""
    _form(house, page, lang)
    number = f"6{secrets.randbelow(10**8):08d}"
    page.locator("#phone").fill(number)
    page.locator("#who-send").click()
    page.locator("#code").wait_for()
    return number


def _wrong_code(house: House, page: Page, lang: str) -> None:
    _code(house, page, lang)
    page.locator("#code").fill("00")
    page.locator("#code-confirm").click()
    page.locator("#code[aria-invalid=true]").wait_for()


def _booked(house: House, page: Page, lang: str) -> None:
    number = _code(house, page, lang)
    phone = page.context.new_page()
    code = message_on_the_phone(house.counter, phone, PLACE, r"#(\d{6})", to=number)
    phone.close()
    page.locator("#code").fill(code)
    page.locator("#code-confirm").click()
    page.wait_for_url("**?done=1")


def _waiting(house: House, page: Page, lang: str) -> None:
    _booked(house, page, lang)
    page.locator("#visit-enter").click()
    expect(page.locator("#call")).to_have_attribute("data-state", "waiting")


def _moving(house: House, page: Page, lang: str) -> None:
    _booked(house, page, lang)
    page.goto(re.sub(r"\?.*", "", page.url) + "/move")
    page.locator("a.slot:visible").last.click()
    page.wait_for_load_state()


def stand_before(house: House, page: Page, lang: str) -> None:
    """The screen of a library, as whoever comes finds it."""
    page.goto(house.counter.at(LIBRARY, "/demo/"))
    page.locator("#demo-kiosk").click()
    page.locator('[data-screen="start"][data-ready]').wait_for()
    page.goto(house.counter.at(LIBRARY, f"/{lang}/kiosk/"))
    page.locator("body[data-ready]").wait_for()


@contextmanager
def called(house: House, clerk: Page, code: str) -> Iterator[None]:
    """Whoever may attend that visit calls it; in the end it is closed, and they are free again."""
    _call(house, clerk, code)
    try:
        yield
    finally:
        clerk.goto(house.at(f"/desk/visits/{code}"))
        clerk.locator("#outcome-save").click()
        clerk.wait_for_url("**/desk/")


def _call(house: House, clerk: Page, code: str) -> None:
    clerk.goto(house.at("/demo/"))
    for number in range(1, clerk.locator(".people li").count() + 1):
        clerk.goto(house.at("/demo/"))
        clerk.locator(f"#be-{number}").click()
        clerk.wait_for_url("**/desk/")
        if clerk.locator(f"#call-{code}").count():
            clerk.locator(f"#call-{code}").click()
            clerk.wait_for_url("**/desk/visits/*")
            return
    raise AssertionError("nobody may call this visit")


def talk(citizen: Page, clerk: Page) -> None:
    """Whom the clerk calls comes in, and both see each other."""
    citizen.locator("#call-enter").click()
    for page in (citizen, clerk):
        expect(page.locator("#call")).to_have_attribute("data-state", "talking")


STATES = (
    State("who books", _form),
    State("who books, with errors", _form_with_errors),
    State("the code", _code),
    State("a wrong code", _wrong_code),
    State("booked", _booked),
    State("the waiting room", _waiting),
    State("another time, before being sure", _moving),
)


def states() -> Iterator[State]:
    yield from STATES
