"""Passkeys and sessions in a real browser, with an authenticator of its own."""

import re

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.counter import Counter, close_counter, open_counter
from tests.journeys.conftest import message_on_the_phone
from tests.journeys.test_everybody import look

pytestmark = pytest.mark.journey

OPTIONS = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


class Device:
    """The browser's own authenticator."""

    def __init__(self, page: Page, **options: object) -> None:
        self.session: CDPSession = page.context.new_cdp_session(page)
        self.session.send("WebAuthn.enable")
        self.id = self.add(**options)

    def add(self, **options: object) -> str:
        made = self.session.send(
            "WebAuthn.addVirtualAuthenticator", {"options": {**OPTIONS, **options}}
        )
        return str(made["authenticatorId"])

    def tell(self, command: str, device: str = "", **words: object) -> dict[str, list[object]]:
        words = {"authenticatorId": device or self.id, **words}
        return self.session.send(f"WebAuthn.{command}", words)

    def count(self, device: str = "") -> int:
        return len(self.tell("getCredentials", device)["credentials"])


def press_on(page: Page, selector: str, key: str = "Enter") -> None:
    """Walk there with Tab, and press."""
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.evaluate("(s) => document.activeElement.matches(s)", selector):
            page.keyboard.press(key)
            return
    raise AssertionError(f"{selector} cannot be reached with Tab on {page.url}")


def come_in_by_code(counter: Counter, page: Page, town: str, lang: str, phone: str) -> None:
    page.goto(counter.at(town, f"/{lang}/me/sign-in"))
    page.locator("#phone").fill(phone)
    press_on(page, "#phone-send")
    page.locator("#code").wait_for()
    telephone = page.context.new_page()
    code = message_on_the_phone(counter, telephone, town, r"#(\d{6})")
    telephone.close()
    page.locator("#code").fill(code)
    page.keyboard.press("Enter")
    page.locator("#own-sign-out").wait_for()


def test_a_citizen_enrols_comes_in_by_the_field_renames_and_removes(counter: Counter, a_page):
    """In Galician, on a telephone, with the keyboard alone."""
    page = a_page(390, bypass_csp=True)
    device, wrong = Device(page), []
    page.goto(counter.at("sobreira", "/gl/me"))
    wrong += look(page)
    come_in_by_code(counter, page, "sobreira", "gl", "612 34 56 01")
    wrong += look(page)

    press_on(page, "#me-add-passkey")
    page.wait_for_url("**/passkeys/new")
    wrong += look(page)
    press_on(page, "#passkey-go")
    page.wait_for_url("**/me/passkeys")
    assert device.count() == 1
    wrong += look(page)
    press_on(page, "#own-sessions")
    page.wait_for_url("**/me/sessions")
    wrong += look(page)
    press_on(page, "#own-sign-out")
    page.wait_for_url("**/gl/")

    page.goto(counter.at("sobreira", "/gl/me/sign-in"))  # nothing is pressed: the field offers it
    page.locator("#own-sign-out").wait_for()
    press_on(page, "#own-passkeys")
    page.wait_for_url("**/me/passkeys")
    press_on(page, "[id^=rename-]")
    page.locator("#name").fill("O meu teléfono")
    wrong += look(page)
    page.keyboard.press("Enter")
    expect(page.locator(".own-list__name")).to_contain_text("O meu teléfono")
    press_on(page, "[id^=remove-]")
    page.locator("#remove-yes").wait_for()
    wrong += look(page)
    press_on(page, "#remove-yes")
    page.wait_for_url("**/me/passkeys")
    expect(page.locator(".empty-state")).to_be_visible()
    for _ in range(40):  # the device hears that the house takes none any more
        if device.count() == 0:
            break
        page.wait_for_timeout(100)

    assert device.count() == 0
    assert wrong == []


def test_without_a_check_of_the_person_a_passkey_is_refused_with_a_sentence(
    counter: Counter, a_page
):
    page = a_page(390)
    device = Device(page)
    come_in_by_code(counter, page, "sobreira", "gl", "612 34 56 02")
    page.goto(counter.at("sobreira", "/gl/me/passkeys/new"))
    device.tell("setUserVerified", isUserVerified=False)
    page.locator("#passkey-go").click()
    expect(page.locator("[data-part=problem]")).not_to_be_empty()
    assert device.count() == 0
    device.tell("setUserVerified", isUserVerified=True)
    page.locator("#passkey-go").click()
    page.wait_for_url("**/me/passkeys")
    page.locator("#own-sign-out").click()
    page.wait_for_url("**/gl/")

    device.tell("setUserVerified", isUserVerified=False)
    page.goto(counter.at("sobreira", "/gl/me/sign-in"))
    page.locator("#passkey-go").click()

    expect(page.locator("[data-part=problem]")).to_contain_text("Prema o botón")
    assert "/me/sign-in" in page.url


def test_a_returning_citizen_books_in_basque_with_the_passkey_of_the_phone_field(
    counter: Counter, a_page
):
    page = a_page(390, bypass_csp=True)
    Device(page)
    come_in_by_code(counter, page, "etxalde", "eu", "612 34 56 03")
    page.goto(counter.at("etxalde", "/eu/me/passkeys/new"))
    page.locator("#passkey-go").click()
    page.wait_for_url("**/me/passkeys")
    page.locator("#own-sign-out").click()
    page.wait_for_url("**/eu/")
    page.goto(counter.at("etxalde", "/eu/procedures/volante/times?channel=phone"))
    page.locator("a.slot").first.click()
    page.locator("#phone").wait_for()
    wrong = look(page)

    page.locator("#phone").focus()  # the field offers the passkey, and the number comes with it
    expect(page.locator("#phone")).to_have_value("+34612345603")
    wrong += look(page)
    press_on(page, "#who-send")
    page.wait_for_url("**done=1")
    page.goto(counter.at("etxalde", "/eu/me"))

    expect(page.locator(".own-list__item")).to_have_count(1)
    assert look(page) + wrong == []


def test_a_clerk_adds_a_second_passkey_and_is_let_in_again_by_a_supervisor(
    counter: Counter, a_page
):
    invitation = counter.flask("accounts", "invite", "benimar", "Empar Soler", "--locale", "va")
    page = a_page(1280, bypass_csp=True)
    device = Device(page)
    page.goto(invitation)
    wrong = look(page)
    page.locator("#passkey-go").click()
    page.wait_for_url("**/desk/")
    wrong += look(page)
    page.locator("#add-second-passkey").click()
    page.wait_for_url("**/passkeys/new")
    device.tell("setAutomaticPresenceSimulation", enabled=False)
    second = device.add(transport="usb")
    page.locator("#passkey-go").click()
    page.wait_for_url("**/desk/passkeys")
    expect(page.locator(".own-list__item")).to_have_count(2)
    wrong += look(page)
    page.goto(counter.at("benimar", "/desk/"))
    expect(page.locator("#second-passkey")).to_have_count(0)
    page.goto(counter.at("benimar", "/desk/sessions"))
    wrong += look(page)

    boss = a_page(1280, bypass_csp=True)
    boss.goto(
        counter.flask(
            "accounts", "invite", "benimar", "Vicent Mas", "--role", "supervisor", "--locale", "va"
        )
    )
    Device(boss)
    boss.locator("#passkey-go").click()
    boss.wait_for_url("**/desk/")
    boss.goto(counter.at("benimar", "/office/access/"))
    wrong += look(boss)
    boss.locator(".own-list__item", has_text="Empar Soler").locator("[id^=link-]").click()
    boss.locator("#people-make").wait_for()
    wrong += look(boss)
    boss.locator("#people-make").click()
    link = boss.locator("#people-address").inner_text()
    wrong += look(boss)
    boss.goto(counter.at("benimar", "/office/access/citizens/recover"))
    wrong += look(boss)

    page.goto(counter.at("benimar", "/desk/"))
    page.wait_for_url("**/desk/sign-in**")  # signed out everywhere, at once
    device.tell("removeVirtualAuthenticator")
    device.tell("removeVirtualAuthenticator", second)
    device.id = device.add()
    page.goto(link)
    wrong += look(page)
    page.locator("#passkey-go").click()
    page.wait_for_url("**/desk/")
    page.goto(counter.at("benimar", "/desk/passkeys"))
    expect(page.locator(".own-list__item")).to_have_count(1)

    assert wrong == []


@pytest.fixture
def hasty_counter(tmp_path_factory: pytest.TempPathFactory):
    """Sessions end after nine seconds without anybody, and warn after four."""
    opened, process = open_counter(
        tmp_path_factory.mktemp("hasty"),
        SESSION_STAFF_IDLE_MINUTES="0.15",
        SESSION_WARNING_SECONDS="5",
    )
    yield opened
    assert close_counter(process) == 0


def test_the_warning_gives_more_time_and_what_was_written_is_not_lost(hasty_counter, a_page):
    page = a_page(390, bypass_csp=True)
    page.goto(hasty_counter.at("etxalde", "/demo/"))
    page.locator("[id^=be-]").first.click()
    page.wait_for_url("**/desk/")
    dialog = page.locator("#timeout-dialog")
    page.goto(hasty_counter.at("etxalde", "/office/access/citizens/recover"))
    page.locator("#phone").fill("612 34 56 07")
    expect(dialog).to_be_visible()
    wrong = look(page)
    expect(page.locator("#timeout-more")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()

    page.wait_for_url("**/desk/sign-in**")  # nobody answered
    wrong += look(page)
    kept = re.search(r"next=([^&]+)", page.url)
    assert kept
    page.goto(hasty_counter.at("etxalde", "/demo/"))
    page.locator("[id^=be-]").first.click()
    page.wait_for_url("**/desk/")
    page.goto(hasty_counter.at("etxalde", kept[1].replace("%2F", "/")))
    expect(page.locator("li.written")).to_contain_text("612 34 56 07")
    wrong += look(page)
    page.locator("#kept-send").click()

    expect(page.locator("#error-summary")).to_be_visible()  # sent: how it was checked is missing
    assert page.locator("#phone").input_value() == "612 34 56 07"
    assert wrong == []
