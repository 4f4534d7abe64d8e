"""Who is there: a clerk identifies somebody in the call, and a real provider says who it is."""

import json

import pytest
from playwright.sync_api import Page, expect

from tests.counter import Counter, a_free_port, close_counter, open_counter
from tests.identity.provider import a_provider
from tests.journeys.conftest import message_on_the_phone
from tests.journeys.test_everybody import look

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A counter that offers a real provider of identities beside the invented one."""
    port = a_free_port()
    with a_provider(f"http://sobreira.localhost:{port}/eid/real/back") as provider:
        opened, process = open_counter(
            tmp_path_factory.mktemp("house"),
            PORT=str(port),
            EID_PROVIDERS=json.dumps([provider.oidc]),
            SMS_CODES_PER_ADDRESS_HOUR="10000",
        )
        yield opened
        assert close_counter(process) == 0


def press_on(page: Page, selector: str, key: str = "Enter") -> None:
    """Walk there with Tab, and press."""
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.evaluate("(s) => document.activeElement.matches(s)", selector):
            page.keyboard.press(key)
            return
    raise AssertionError(f"{selector} cannot be reached with Tab")


def ask_for(house: Counter, page: Page, phone: Page, slug: str, number: str, name: str) -> None:
    """Choose a time in Galician, write number and name, and type the code."""
    page.goto(house.at("sobreira", f"/gl/procedures/{slug}"))
    page.locator("[id^=way-]").first.click()
    page.locator("a.slot").first.click()
    page.locator("#phone").fill(number)
    page.locator("#name").fill(name)
    page.locator("#who-send").click()
    page.locator("#code").wait_for()
    code = message_on_the_phone(house, phone, "sobreira", r"#(\d{6})")
    page.locator("#code").fill(code)
    page.locator("#code-confirm").click()


def be_who_decides(house: Counter, page: Page) -> None:
    """Sign in as somebody whom the rules about identifying people open to."""
    page.goto(house.at("sobreira", "/demo/"))
    for number in range(1, page.locator(".people li").count() + 1):
        page.goto(house.at("sobreira", "/demo/"))
        page.locator(f"#be-{number}").click()
        page.goto(house.at("sobreira", "/office/identification/"))
        if page.locator("#rule-form").count():
            return
    raise AssertionError("these rules open to nobody")


def be_who_can_call(house: Counter, page: Page, code: str) -> None:
    """Sign in as whoever may call that visit, and call it."""
    page.goto(house.at("sobreira", "/demo/"))
    for number in range(1, page.locator(".people li").count() + 1):
        page.goto(house.at("sobreira", "/demo/"))
        page.locator(f"#be-{number}").click()
        page.wait_for_url("**/desk/")
        if page.locator(f"#call-{code}").count():
            page.locator(f"#call-{code}").click()
            page.wait_for_url("**/desk/visits/*")
            return
    raise AssertionError("nobody can call this visit")


def test_a_clerk_identifies_somebody_in_the_call_and_both_see_it(house: Counter, a_page):
    citizen, phone = a_page(390, bypass_csp=True), a_page()
    clerk = a_page(1280, bypass_csp=True)
    wrong: list[str] = []
    ask_for(house, citizen, phone, "padron", "600 71 71 01", "Uxía Rei")
    citizen.wait_for_url("**?done=1")
    citizen.locator("#visit-identify").click()
    wrong += look(citizen)
    citizen.locator("#identify-not-now").click()
    citizen.locator("#visit-enter").click()
    citizen.wait_for_url("**/wait")
    code = citizen.url.split("/visits/")[1].split("/")[0]

    be_who_can_call(house, clerk, code)
    expect(clerk.locator("#identity")).to_have_attribute("data-level", "phone")
    expect(clerk.locator("#identity")).to_contain_text("Anotar a alta no padrón")
    expect(clerk.locator("#identity-act")).to_have_count(0)
    citizen.locator("#call-enter").click()
    expect(citizen.locator("#call")).to_have_attribute("data-state", "talking")
    wrong += look(clerk)
    press_on(clerk, "#identity-ask")
    clerk.locator("#identity-yes").wait_for()
    wrong += look(clerk)

    citizen.locator("#card-yes").wait_for()
    wrong += look(citizen)
    assert citizen.locator("#card-yes").is_visible()
    press_on(citizen, "#card-yes")
    expect(citizen.locator("#card")).to_have_attribute("data-state", "agreed")

    clerk.locator("#identity-finish").wait_for()
    wrong += look(clerk)
    press_on(clerk, "#identity-finish")
    expect(clerk.locator("#error-summary")).to_be_focused()
    wrong += look(clerk)
    press_on(clerk, "#kind-0", "Space")
    press_on(clerk, "#identity #name", "End")
    clerk.keyboard.type(" Castro")
    press_on(clerk, "#number", "End")
    clerk.keyboard.type("00000001R")
    clerk.locator("#expires").fill("2099-05-01")
    press_on(clerk, "#name_matches", "Space")
    press_on(clerk, "#face_matches", "Space")
    press_on(clerk, "#identity-finish")

    expect(clerk.locator("#identity")).to_have_attribute("data-level", "checked")
    expect(clerk.locator("#identity")).to_contain_text("***0000**")
    expect(citizen.locator("#card")).to_have_attribute("data-state", "checked")
    expect(citizen.locator("#call")).to_have_attribute("data-state", "talking")
    wrong += look(clerk) + look(citizen)
    clerk.locator("#identity-act").click()
    expect(clerk.locator("#identity-act")).to_have_count(0)
    copy = citizen.context.new_page()
    copy.goto(house.at("sobreira", f"/gl/visits/{code}/identity"))
    expect(copy.locator("main")).to_contain_text("39/2015")
    wrong += look(copy)

    assert wrong == []


def test_a_real_provider_says_who_it_is_before_the_visit_is_booked(house: Counter, a_page):
    administrator, phone = a_page(1280, bypass_csp=True), a_page()
    citizen = a_page(390, bypass_csp=True)
    wrong: list[str] = []
    be_who_decides(house, administrator)
    wrong += look(administrator)
    administrator.locator('#rule-form label:has-text("Real ID")').click()
    administrator.locator("#rule-save").click()
    administrator.locator(".notice--done").wait_for()
    for path in ("clerks", "procedures/licencia-obra"):
        administrator.goto(house.at("sobreira", f"/office/identification/{path}"))
        wrong += look(administrator)

    ask_for(house, citizen, phone, "licencia-obra", "600 71 71 02", "")
    citizen.wait_for_url("**/identify")
    wrong += look(citizen)
    press_on(citizen, "#eid-real")
    citizen.locator("#turn-back").click()
    citizen.wait_for_url("**/identify?said=cancelled")
    wrong += look(citizen)
    citizen.locator("#eid-real").click()
    citizen.locator("#be-xoan").click()
    citizen.wait_for_url("**/identify")
    expect(citizen.locator("h1 + p")).to_have_text("Xoán Rei Castro")
    wrong += look(citizen)
    press_on(citizen, "#named-yes")
    citizen.wait_for_url("**?done=1")

    code = citizen.url.split("/visits/")[1].split("?")[0]
    citizen.goto(house.at("sobreira", f"/gl/visits/{code}/identity"))
    expect(citizen.locator("main")).to_contain_text("Real ID")
    expect(citizen.locator("main")).to_contain_text("***0000**")
    assert wrong == []


def test_the_invented_provider_is_walked_without_javascript(house: Counter, a_page):
    citizen, phone = a_page(390, java_script_enabled=False), a_page()
    ask_for(house, citizen, phone, "licencia-obra", "600 71 71 03", "")
    citizen.wait_for_url("**/identify")
    citizen.locator("#eid-demo").click()
    citizen.locator("#eid-go").click()
    citizen.locator("#identity-fatou").click()
    citizen.locator("#identity-confirm").click()
    expect(citizen.locator("h1 + p")).to_have_text("Fatou Diop")
    citizen.locator("#named-yes").click()

    citizen.wait_for_url("**?done=1")
