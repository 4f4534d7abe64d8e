"""A clerk goes through a day of twelve visits with the keyboard alone."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.counter import Counter
from tests.journeys.test_everybody import look

pytestmark = pytest.mark.journey

TOWN = "benimar"


class Clerk:
    """Somebody at the desk who has no mouse. What is wrong with the screens they pass is kept."""

    def __init__(self, counter: Counter, page: Page) -> None:
        self.counter, self.page = counter, page
        self.wrong: list[str] = []
        self.attended = 0

    def reach(self, selector: str) -> None:
        """Walk there with Tab, and see that the focus shows."""
        for _ in range(300):
            if self.page.evaluate("(s) => document.activeElement.matches(s)", selector):
                outline = self.page.evaluate(
                    "() => getComputedStyle(document.activeElement).outlineWidth"
                )
                assert float(outline.removesuffix("px")) >= 2, f"{selector} shows no focus"
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{self.page.url}: {selector} cannot be reached with Tab")

    def press(self, selector: str) -> None:
        self.reach(selector)
        self.page.keyboard.press("Enter")

    def key(self, letter: str, leads_to: str) -> None:
        """A single key, and the page that it opens."""
        self.page.locator("#keys-open:not([hidden])").wait_for()
        self.page.keyboard.press(letter)
        self.page.wait_for_url(leads_to)

    def look(self) -> None:
        self.wrong += look(self.page)

    def today(self) -> None:
        self.page.goto(self.counter.at(TOWN, "/desk/"))
        self.page.locator("#keys-open:not([hidden])").wait_for()

    def takes_in(self, name: str, phone: str = "") -> None:
        """Somebody is here without an appointment; with a telephone, they have rung."""
        self.today()
        self.key("w", "**/desk/walk-in")
        if phone:
            self.reach("[name=channel]")
            self.page.keyboard.press("ArrowDown")
            self.reach("#procedure")
            self.page.keyboard.type("Pagar")
        self.reach("#name")
        self.page.keyboard.type(name)
        if phone:
            self.reach("#phone")
            self.page.keyboard.type(phone)
        self.press("#walk-in-go")
        self.page.wait_for_url("**/ticket")

    def calls(self, name: str) -> None:
        """Down the list to that person, and call them."""
        self.today()
        for _ in range(30):
            self.page.keyboard.press("j")
            said = self.page.evaluate("() => document.activeElement.textContent")
            if said.partition(",")[0] == name:
                self.page.keyboard.press("c")
                self.page.wait_for_url("**/desk/visits/*")
                expect(self.page.locator("h1")).to_have_text(name)
                return
        raise AssertionError(f"{name} is not in the list")

    def begins(self) -> None:
        self.page.locator("#keys-open:not([hidden])").wait_for()
        self.page.keyboard.press("s")
        expect(self.page.locator("#visit-begin")).to_have_count(0)

    def finishes(self, words: str) -> None:
        self.page.locator("#keys-open:not([hidden])").wait_for()
        self.page.keyboard.press("f")
        expect(self.page.locator("#ended-0")).to_be_focused()
        self.reach("#outcome")
        self.page.keyboard.type(words)
        expect(self.page.locator("#draft-state")).not_to_be_empty()
        self.press("#outcome-save")
        self.page.wait_for_url("**/desk/")
        self.attended += 1


def test_twelve_visits_with_the_keyboard_alone(counter: Counter, a_page):
    clerk = Clerk(counter, a_page(1280, bypass_csp=True))
    page, hall = clerk.page, a_page(1280, bypass_csp=True)
    page.goto(counter.at(TOWN, "/demo/"))
    clerk.press(".people__form button")
    page.wait_for_url("**/desk/")
    clerk.look()
    hall.goto(counter.at(TOWN, "/office/oficina/display"))

    # The help of the keys; letters typed into the search stay letters.
    page.locator("#keys-open:not([hidden])").wait_for()
    page.keyboard.press("?")
    expect(page.locator("#keys-dialog")).to_be_visible()
    clerk.look()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("nwp consuelo")
    expect(page.locator("#q")).to_have_value("nwp consuelo")

    # 1. A booked visit that the office has to cancel, with a reason.
    page.locator("#q").press("Control+a")
    page.keyboard.type("mascarell\n")
    page.wait_for_url("**/search?q=*")
    clerk.look()
    clerk.press("[id^=found-]")
    page.wait_for_url("**/desk/visits/*")
    clerk.press("#visit-cancel")
    page.wait_for_url("**/cancel")
    clerk.look()
    clerk.reach("#reason-0")
    page.keyboard.press("Space")
    clerk.press("#cancel-go")
    page.wait_for_url("**/desk/")

    # 2. The first of those who wait in the hall; the screen shows their number and the desk.
    clerk.calls("Roser Ferrando")
    expect(hall.locator(".called__row--new .called__desk")).to_have_text("Taula 1")
    number = hall.locator(".called__row--new .called__number").inner_text()
    expect(page.locator("#main")).to_contain_text(number)
    clerk.wrong += look(hall)
    clerk.begins()
    clerk.look()
    clerk.finishes("Alta feta.")

    # 3. Passed on to another procedure, and called again before others.
    clerk.calls("Vicenta Pastor")
    page.locator("#keys-open:not([hidden])").wait_for()
    page.keyboard.press("t")
    page.wait_for_url("**/transfer")
    clerk.look()
    clerk.press("#transfer-go")
    page.wait_for_url("**/desk/")
    clerk.key("n", "**/desk/visits/*")
    expect(page.locator("h1")).to_have_text("Vicenta Pastor")
    clerk.begins()
    clerk.finishes("Targeta demanada.")

    # 4. Somebody without an appointment who does not answer three calls.
    clerk.takes_in("Tomas Absent")
    clerk.look()
    clerk.calls("Tomas Absent")
    for _ in range(2):
        page.locator("#keys-open:not([hidden])").wait_for()
        with page.expect_navigation():  # the notice of the call before looks the same
            page.keyboard.press("r")
        page.locator(".notice--done").wait_for()
    page.locator("#keys-open:not([hidden])").wait_for()
    page.keyboard.press("r")
    page.wait_for_url("**/desk/")
    expect(page.locator("#agenda")).to_contain_text("Tomas Absent")

    # 5. Somebody on the telephone.
    clerk.takes_in("Carme Telefon", "612 34 56 78")
    clerk.calls("Carme Telefon")
    expect(page.locator("#visit-phone")).to_have_attribute("href", "tel:+34612345678")
    clerk.begins()
    clerk.finishes("Domiciliat.")

    # 6 and 7. A visit that follows it, booked from there.
    clerk.press("#follow-up")
    page.wait_for_url("**/book?follows=*")
    clerk.look()
    clerk.press("a.slot")
    page.wait_for_url("**/book/who?*")
    expect(page.locator("#phone")).to_have_value("+34612345678")
    clerk.look()
    clerk.press("#person-go")
    page.wait_for_url("**/ticket")
    clerk.press("#ticket-visit")
    page.wait_for_url(re.compile(r"/desk/visits/\w+$"))
    clerk.look()

    # 8. Somebody who comes by video while the clerk looks: the focus stays, a voice says it.
    clerk.today()
    page.keyboard.press("j")
    held = page.evaluate("() => document.activeElement.id")
    citizen = a_page(390)
    citizen.goto(counter.at(TOWN, "/demo/"))
    citizen.locator("#demo-wait").click()
    citizen.wait_for_url("**/wait")
    expect(page.locator("#agenda")).to_contain_text("Pilar Demo")
    assert page.evaluate("() => document.activeElement.id") == held
    expect(page.locator("#announce")).not_to_be_empty()
    clerk.calls("Pilar Demo")
    clerk.finishes("Enviat.")

    # 9 to 12. A row of people at the counter; the last has to go first.
    for name in ("Aina Una", "Blai Dos", "Cesc Tres", "Dora Quatre"):
        clerk.takes_in(name)
    clerk.press("#ticket-visit")
    page.wait_for_url(re.compile(r"/desk/visits/\w+$"))
    clerk.press("#visit-priority")
    page.wait_for_url("**/priority")
    clerk.look()
    clerk.reach("[name=reason]")
    page.keyboard.press("Space")
    clerk.press("#priority-form-go")
    page.wait_for_url("**/desk/**")
    first = page.locator("#agenda [data-status=waiting] .agenda__name").first
    expect(first).to_contain_text("Dora Quatre")
    for name in ("Dora Quatre", "Aina Una", "Blai Dos", "Cesc Tres"):
        clerk.calls(name)
        clerk.begins()
        clerk.finishes("Fet.")

    clerk.look()
    assert clerk.attended == 8
    assert clerk.wrong == []
