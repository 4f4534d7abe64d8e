"""With the keyboard alone: a clerk will be away, one visit goes to a colleague, the other moves."""

import re
import sqlite3
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from app.towns.queries.closed import closed_days
from tests.counter import Counter
from tests.journeys.conftest import message_on_the_phone
from tests.journeys.test_everybody import look

pytestmark = pytest.mark.journey

ZONE = ZoneInfo("Europe/Madrid")
SCREENS = (
    "",
    "hours",
    "closed",
    "closed/new",
    "closed/seasons/new",
    "people",
    "people/new",
    "procedures",
    "procedures/volante",
    "town",
    "waits",
    "waits/staffing?arrivals=12&minutes=15&within=10&share=80",
    "waits/staffing?arrivals=0",
    "promises",
)


def press_on(page: Page, selector: str, key: str = "Enter") -> None:
    """Walk there with Tab, see that the focus shows, and press."""
    for _ in range(200):
        page.keyboard.press("Tab")
        if page.evaluate("(s) => document.activeElement.matches(s)", selector):
            outline = page.evaluate("() => getComputedStyle(document.activeElement).outlineWidth")
            assert float(outline.removesuffix("px")) >= 2, f"{selector} shows no focus"
            page.keyboard.press(key)
            return
    raise AssertionError(f"{selector} cannot be reached with Tab")


def book(counter: Counter, page: Page, telephone: Page, number: str, at: datetime) -> str:
    """A visit by video at that instant, in Galician; its code."""
    starts = at.astimezone(UTC).strftime("%Y%m%dT%H%MZ")
    where = f"/gl/visits/new?procedure=volante&channel=video&starts={starts}"
    page.goto(counter.at("sobreira", where))
    page.locator("#phone").fill(number)
    page.locator("#who-send").click()
    page.locator("#code").wait_for()
    code = message_on_the_phone(counter, telephone, "sobreira", r"#(\d{6})")
    page.locator("#code").fill(code)
    page.locator("#code-confirm").click()
    page.wait_for_url("**?done=1")
    return page.url.split("/visits/")[1].split("?")[0]


def be(counter: Counter, page: Page, name: str) -> None:
    page.goto(counter.at("sobreira", "/demo/"))
    page.get_by_role("button", name=name).click()
    page.wait_for_url("**/desk/")


def ask(counter: Counter, question: str, *values: str) -> list[tuple[str, ...]]:
    register = sqlite3.connect(counter.folder / "ventanilla.db")
    found = register.execute(question, values).fetchall()
    register.close()
    return found


def test_every_screen_of_the_back_office(counter: Counter, a_page):
    wrong: list[str] = []
    page = a_page(390, bypass_csp=True)
    be(counter, page, "Carme")
    for path in SCREENS:
        page.goto(counter.at("sobreira", f"/office/{path}"))
        wrong += look(page)
    page.goto(counter.at("sobreira", "/office/hours"))
    page.get_by_role("link", name="Brais").click()
    here = page.url.split("?")[0]
    of_brais = [here, *(f"{here}/{path}/new" for path in ("shifts", "days", "absences"))]
    of_brais += [
        here.replace("/hours/", "/people/"),
        here.replace("/hours/", "/people/") + "/skills",
    ]
    for address in of_brais:
        page.goto(address)
        wrong += look(page)
    page.set_viewport_size({"width": 1280, "height": 900})
    for path in ("", "hours", "procedures/volante", "waits"):
        page.goto(counter.at("sobreira", f"/office/{path}"))
        wrong += look(page)
    page.goto(here)
    wrong += look(page)

    assert wrong == []


def a_day_of_marisol(counter: Counter) -> date:
    """A Monday, Wednesday or Friday on which the town is open: she attends in the morning."""
    own = {row[0] for row in ask(counter, "SELECT day FROM closure")}
    day = datetime.now(ZONE).date() + timedelta(days=3)
    while (
        day.weekday() not in (0, 2, 4) or day.isoformat() in own or closed_days("GA", [], day, day)
    ):
        day += timedelta(days=1)
    return day


def test_an_absence_over_two_visits(counter: Counter, a_page):
    telephone, citizen = a_page(), a_page()
    page = a_page(390, bypass_csp=True)
    wrong: list[str] = []
    day = a_day_of_marisol(counter)
    first, second = (
        book(counter, citizen, telephone, number, datetime.combine(day, time(hour), ZONE))
        for number, hour in (("612 00 01 01", 10), ("612 00 01 02", 11))
    )
    be(counter, page, "Carme")

    press_on(page, "#nav-office-hours")
    page.wait_for_url("**/office/hours")
    page.get_by_role("link", name="Marisol").focus()
    page.keyboard.press("Enter")
    page.locator("#absence-new").wait_for()
    press_on(page, "#absence-new")
    page.locator("#save").wait_for()
    page.locator("#day").fill("")  # forgotten
    press_on(page, "#save")
    expect(page.locator("#error-summary")).to_be_focused()
    wrong += look(page)
    page.locator("#day").fill(day.isoformat())
    page.locator("#last_day").fill(day.isoformat())
    page.locator("#reason").focus()
    page.keyboard.type("Vacacións")
    page.keyboard.press("Enter")
    page.locator("#decide-form").wait_for()
    wrong += look(page)
    page.set_viewport_size({"width": 1280, "height": 900})
    wrong += look(page)
    expect(page.locator(f"#visit-{first}-give")).to_be_checked()
    press_on(page, f"#visit-{second}-give", "ArrowDown")
    expect(page.locator(f"#visit-{second}-move")).to_be_checked()
    press_on(page, "#decide-yes")
    expect(page.locator("#said")).to_be_visible()
    wrong += look(page)

    found = ask(
        counter,
        "SELECT visit.code, resource.name, visit.version FROM visit"
        " JOIN resource ON resource.id = visit.clerk_id WHERE visit.code IN (?, ?)",
        first,
        second,
    )
    clerks = {code: (name.split()[0], version) for code, name, version in found}
    assert clerks[first] == ("Uxía", 1)
    assert clerks[second][1] == 2
    told = message_on_the_phone(
        counter, telephone, "sobreira", rf"(Tivemos que cambiar a súa cita[^\n]*{second})"
    )
    assert re.search(r"\d{1,2}:\d{2}", told)
    messages = telephone.locator("#messages").inner_text()
    assert not re.search(rf"Tivemos que cambiar[^\n]*{first}", messages)
    page.goto(counter.at("sobreira", "/office/promises"))
    expect(page.locator("#promises-look")).to_have_count(0)

    assert wrong == []
