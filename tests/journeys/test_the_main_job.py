"""The main job: book in Basque on a telephone, confirm, wait, and talk by video with a clerk."""

import re
import sqlite3
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.counter import Counter
from tests.journeys.conftest import message_on_the_phone

pytestmark = pytest.mark.journey

# Remembers every connection of the page, so that the test can ask what really arrived.
REMEMBER_CONNECTIONS = """
    const Real = window.RTCPeerConnection
    window.connections = []
    window.RTCPeerConnection = class extends Real {
        constructor(...words) { super(...words); window.connections.push(this) }
    }
"""
RECEIVED = """
    async () => {
        let frames = 0, energy = 0
        for (const connection of window.connections) {
            for (const report of (await connection.getStats()).values()) {
                if (report.type !== 'inbound-rtp') continue
                frames += report.framesDecoded ?? 0
                energy += report.totalAudioEnergy ?? 0
            }
        }
        return { frames, energy }
    }
"""


def talks(page: Page) -> None:
    """More than twenty decoded frames and sound that is not silence have arrived here."""
    for _ in range(100):
        got = page.evaluate(RECEIVED)
        if got["frames"] > 20 and got["energy"] > 0.0001:
            return
        page.wait_for_timeout(200)
    raise AssertionError(f"{page.url} received {got}")


def how_calls_went(counter: Counter) -> list[tuple[str, int]]:
    """Of every call of which a picture was measured: how it ended, and whether it was relayed."""
    register = sqlite3.connect(counter.folder / "ventanilla.db")
    question = "SELECT ending, is_relayed FROM call_figures WHERE picture_ms > 0"
    rows = register.execute(question).fetchall()
    register.close()
    return rows


def sign_in_with_a_new_passkey(counter: Counter, page: Page, invitation: str) -> None:
    """Open the one-time link with an authenticator of the browser's own, and create a passkey."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    page.goto(invitation)
    page.get_by_role("button").filter(has_text="llave").click()
    page.wait_for_url("**/desk/")


def test_book_in_basque_wait_and_talk_with_a_clerk_in_spanish(counter, a_page):
    citizen = a_page(390, locale="eu-ES")
    citizen.add_init_script(REMEMBER_CONNECTIONS)
    citizen.goto(counter.at("etxalde"))
    expect(citizen.locator("html")).to_have_attribute("lang", "eu")
    citizen.locator("#procedure-volante").click()
    citizen.locator("#way-video").click()
    citizen.locator("a.slot").first.click()
    citizen.locator("#phone").fill("0034 600 12 34 56")
    citizen.locator("#name").fill("Miren Agirre")
    citizen.locator("#who-send").click()
    citizen.locator("#code").wait_for()
    telephone = a_page(390)
    code = message_on_the_phone(counter, telephone, "etxalde", r"#(\d{6})")
    citizen.locator("#code").fill(code)
    citizen.locator("#code-confirm").click()
    citizen.wait_for_url("**?done=1")
    page = re.escape(urlsplit(citizen.url).path)  # others get links in Basque as well: reminders
    link = message_on_the_phone(counter, telephone, "etxalde", rf"(http://\S+{page})")
    citizen.goto(link)
    citizen.locator("#visit-enter").click()
    expect(citizen.locator("#call")).to_have_attribute("data-state", "waiting")

    words = ("etxalde", "Ainhoa Zubeldia Iriarte", "--languages", "eu,es,en", "--locale", "es")
    clerk = a_page(1280)
    clerk.add_init_script(REMEMBER_CONNECTIONS)
    sign_in_with_a_new_passkey(counter, clerk, counter.flask("accounts", "invite", *words))
    expect(clerk.locator("html")).to_have_attribute("lang", "es-ES")
    expect(clerk.locator("#agenda")).to_contain_text("Miren Agirre")
    clerk.locator("#next").click()
    clerk.wait_for_url("**/desk/visits/*")
    expect(clerk.locator("h1")).to_have_text("Miren Agirre")

    expect(citizen.locator("#call")).to_have_attribute("data-state", "ringing")
    citizen.locator("#call-enter").click()
    for page in (citizen, clerk):
        expect(page.locator("#call")).to_have_attribute("data-state", "talking")
        talks(page)
    expect(citizen.locator("#call")).to_contain_text("Ainhoa Zubeldia Iriarte")
    expect(clerk.locator("#call")).to_contain_text("Miren Agirre")

    citizen.locator("#call-microphone").click()
    expect(clerk.locator('[data-part="silent"]:visible')).to_have_count(1)
    citizen.locator("#call-microphone").click()

    citizen.locator("#call-hang-up").click()
    citizen.locator("#call-leave").click()
    expect(citizen.locator("#call")).to_have_attribute("data-state", "over")
    clerk.locator("#outcome").fill("Le hemos enviado el volante.")
    clerk.locator("#next_steps").fill("Nada más.")
    clerk.locator("#outcome-save").click()
    clerk.wait_for_url("**/desk/")

    for _ in range(40):  # it leaves as the page says goodbye, and arrives when it can
        if any(ending == "hung_up" for ending, _ in how_calls_went(counter)):
            break
        citizen.wait_for_timeout(250)
    assert ("hung_up", 0) in how_calls_went(counter)

    citizen.goto(link)
    expect(citizen.locator("main")).to_contain_text("Le hemos enviado el volante.")


def test_the_clerk_comes_back_with_the_same_passkey(counter, a_page):
    clerk = a_page(1280)
    link = counter.flask("accounts", "invite", "etxalde", "Nerea Goñi", "--locale", "es")
    sign_in_with_a_new_passkey(counter, clerk, link)
    clerk.locator("#sign-out").click()
    clerk.wait_for_url("**/desk/sign-in*")

    clerk.goto(counter.at("etxalde", "/desk/"))
    clerk.locator("#passkey-go").click()

    clerk.wait_for_url("**/desk/")
    expect(clerk.locator("body")).to_contain_text("Nerea Goñi")
    clerk.goto(link)
    expect(clerk.locator("main")).not_to_contain_text("llave de acceso en este")


def test_the_day_grows_by_itself(counter, a_page):
    """A clerk who only looks sees somebody come in."""
    clerk, citizen = a_page(1280), a_page(390)
    clerk.goto(counter.at("vilaclara", "/demo/"))
    clerk.locator("#be-1").click()
    clerk.wait_for_url("**/desk/")
    before = clerk.locator("#agenda [data-status=waiting]").count()

    citizen.goto(counter.at("vilaclara", "/demo/"))
    citizen.locator("#demo-wait").click()
    citizen.wait_for_url("**/wait")

    expect(clerk.locator("#agenda [data-status=waiting]")).to_have_count(before + 1, timeout=10_000)
    citizen.locator("#wait-leave").click()
    expect(clerk.locator("#agenda [data-status=waiting]")).to_have_count(before, timeout=10_000)
