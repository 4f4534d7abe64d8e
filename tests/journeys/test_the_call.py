"""The call in real browsers: writing, five people, a keyboard alone, and what breaks."""

import re
from contextlib import suppress

import pytest
from playwright.sync_api import Browser, Error, Page, expect

from tests.counter import Counter, close_counter, open_counter, renew
from tests.journeys.test_everybody import faults
from tests.journeys.test_the_main_job import RECEIVED, REMEMBER_CONNECTIONS, talks

pytestmark = pytest.mark.journey

LONG = 90_000
# Twenty pictures at once are much for the machine of the tests: cameras that blink less.
SLOW = "--use-fake-device-for-media-stream=fps=5"
BORROWED_SCREEN = """
    navigator.mediaDevices.getDisplayMedia = () => {
        const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 400 })
        const drawing = canvas.getContext('2d')
        setInterval(() => {
            drawing.fillStyle = `hsl(${Date.now() / 20 % 360} 80% 50%)`
            drawing.fillRect(0, 0, 640, 400)
        }, 100)
        return Promise.resolve(canvas.captureStream(10))
    }
"""
# A page says for three seconds that the call is over, and goes on: it is remembered that it did.
REMEMBER_THE_END = """
    () => new MutationObserver(() => {
        const { state } = document.getElementById('call')?.dataset ?? {}
        if (state === 'over') sessionStorage.setItem('over', 'yes')
    }).observe(document, { subtree: true, attributes: true, attributeFilter: ['data-state'] })
"""
SHOWN = """
    () => [...document.querySelectorAll('.call__person video')]
        .filter((video) => video.videoWidth > 0 && !video.paused).length
"""


def state(page: Page, name: str | re.Pattern[str]) -> None:
    expect(page.locator("#call")).to_have_attribute("data-state", name, timeout=LONG)


def a_call(counter: Counter, citizen: Page, clerk: Page, town: str = "vilaclara") -> str:
    """Somebody waits, the first clerk calls them, and they enter. The code of the visit."""
    for page in (citizen, clerk):
        page.add_init_script(REMEMBER_CONNECTIONS)
    code = waiting(counter, citizen, town)
    heading = citizen.locator("#wait-heading")
    before = heading.inner_text()
    called(counter, clerk, code, town)
    state(citizen, "ringing")
    citizen.locator("#call-enter").click()
    for page in (citizen, clerk):
        state(page, "talking")
    expect(heading).not_to_have_text(before)  # the page is called after whom they talk with
    expect(citizen).to_have_title(re.compile(f"^{re.escape(heading.inner_text())} · "))
    return code


def waiting(counter: Counter, citizen: Page, town: str) -> str:
    citizen.goto(counter.at(town, "/demo/"))
    citizen.locator("#demo-wait").click()
    citizen.wait_for_url("**/wait")
    state(citizen, "waiting")
    return citizen.url.split("/visits/")[1].split("/")[0]


def at_the_desk(counter: Counter, clerk: Page, town: str) -> None:
    clerk.goto(counter.at(town, "/demo/"))
    clerk.locator("#be-1").click()
    clerk.wait_for_url("**/desk/")


def called(counter: Counter, clerk: Page, code: str, town: str) -> None:
    at_the_desk(counter, clerk, town)
    clerk.locator(f"#call-{code}").click()
    clerk.wait_for_url("**/desk/visits/*")


def a_guest(browser: Browser, width: int = 390) -> Page:
    height = 844 if width < 800 else 900
    context = browser.new_context(viewport={"width": width, "height": height}, bypass_csp=True)
    context.set_default_timeout(LONG)
    return context.new_page()


def hang_up(clerk: Page) -> None:
    """It says for three seconds that the call is over: a busy machine may look too late."""
    clerk.locator("#call-hang-up").click()
    clerk.evaluate("sessionStorage.removeItem('over')")
    clerk.evaluate(REMEMBER_THE_END)
    clerk.locator("#call-leave").click()
    for _ in range(LONG // 250):
        with suppress(Error):  # the page goes on meanwhile
            if clerk.evaluate("sessionStorage.getItem('over')") == "yes":
                return
        clerk.wait_for_timeout(250)
    raise AssertionError("the call does not end")


def invited(clerk: Page, part: str, name: str) -> str:
    clerk.locator("#invitations-more").click()
    clerk.locator(f'#invitations input[value="{part}"]').check(force=True)
    clerk.locator("#invitations #name").fill(name)
    clerk.locator("#invite").click()
    expect(clerk.locator("#invitations .notice")).to_contain_text(name)
    return clerk.locator("#invitation-link").input_value()


def knocks(page: Page, link: str) -> None:
    page.add_init_script(REMEMBER_CONNECTIONS)
    page.goto(link)
    page.locator("#invited-go").click()
    state(page, "ringing")
    page.locator("#call-enter").click()


def test_five_people_talk_and_a_sixth_hears_why_not(counter, a_page, a_browser):
    one, two, others = a_browser(SLOW), a_browser(SLOW), a_browser(SLOW)
    citizen, clerk = a_guest(one), a_guest(two, 1280)
    a_call(counter, citizen, clerk)
    guests = []
    for part, name in (("interpreter", "Marta"), ("companion", "Joan"), ("colleague", "Eva")):
        link = invited(clerk, part, name)
        guest = a_guest(others)
        guest.add_init_script(BORROWED_SCREEN)
        knocks(guest, link)
        expect(clerk.locator("#announce")).to_contain_text(name)
        row = clerk.locator("[data-guest]", has_text=name)
        expect(row).to_be_visible(timeout=LONG)
        assert guest.locator(".call__person").count() == 0  # nothing is seen from the door
        row.locator('[data-part="admit"]').click()
        state(guest, "talking")
        guests.append(guest)
    interpreter, _, colleague = guests
    everybody = [citizen, clerk, *guests]
    for page in everybody:
        expect(page.locator(".call__person")).to_have_count(4, timeout=LONG)
        page.wait_for_function(f"({SHOWN})() === 4", timeout=LONG)
    pinned = citizen.locator(".call__person[data-pinned]")
    expect(pinned).to_contain_text("Marta")
    large, small = (
        citizen.locator(selector).first.bounding_box()
        for selector in (".call__person[data-pinned]", ".call__person:not([data-pinned])")
    )
    assert large["width"] * large["height"] > 3 * small["width"] * small["height"]
    expect(citizen.locator('.call__person[data-role="clerk"]')).to_contain_text("Vilaclara")
    expect(citizen.locator('[data-part="speaks"]:visible').first).to_be_visible(timeout=LONG)
    assert interpreter.locator("#call-share").count() == 0

    link = invited(clerk, "companion", "Sixth")
    sixth = others.new_context().new_page()
    knocks(sixth, link)
    state(sixth, "over")
    expect(sixth.locator('[data-part="words"]')).to_contain_text("five people")

    colleague.locator("#call-more").click()
    colleague.locator("#call-share").click()
    shown = citizen.locator('.call__person[data-role="screen"]')
    expect(shown).to_contain_text("Eva", timeout=LONG)
    citizen.wait_for_function(f"({SHOWN})() === 5", timeout=LONG)
    colleague.locator("#call-share").click()
    expect(shown).to_have_count(0, timeout=LONG)
    assert [fault for page in (citizen, clerk) for fault in faults(page)] == []

    clerk.locator('[data-guest] [data-part="remove"]').first.click()
    state(interpreter, "over")
    for page in (citizen, colleague):
        page.evaluate(REMEMBER_THE_END)
    hang_up(clerk)
    for page in (citizen, colleague):
        page.wait_for_function("() => sessionStorage.getItem('over') === 'yes'", timeout=LONG)


def test_a_deaf_person_writes_from_the_waiting_room_to_the_end(counter, a_page):
    citizen, clerk = a_page(390, bypass_csp=True), a_page(1280, bypass_csp=True)
    for page in (citizen, clerk):
        page.add_init_script(REMEMBER_CONNECTIONS)
    code = waiting(counter, citizen, "sobreira")
    citizen.locator("#call-write-early").click()
    citizen.locator("#call-pen").press_sequentially("Son xordo")
    citizen.keyboard.press("Enter")
    citizen.locator("#call-pen").press_sequentially("Escr")
    assert faults(citizen) == []
    called(counter, clerk, code, "sobreira")
    expect(clerk.locator('[data-part="log"]')).to_contain_text("Son xordo", timeout=LONG)
    expect(clerk.locator('[data-part="writing"]')).to_contain_text("Escr")

    citizen.locator("#call-enter").click()
    for page in (citizen, clerk):
        state(page, "talking")
    citizen.locator("#call-camera").click()
    citizen.locator("#call-microphone").click()
    pen = citizen.locator("#call-pen")
    pen.press_sequentially("ibbo")
    for _ in range(3):
        pen.press("Backspace")
    pen.press_sequentially("bo")
    expect(clerk.locator('[data-part="writing"] p')).to_have_text(re.compile(": Escribo$"))
    clerk.locator("#call-pen").fill("Bo día.\nDígame.\n")
    expect(citizen.locator('[data-part="log"] p:not([data-own])')).to_have_count(2)
    expect(citizen.locator('[role="log"]')).to_have_count(1)
    pen.press("Enter")
    expect(clerk.locator('[data-part="log"] p')).to_contain_text(
        ["Son xordo", "Bo", "Dí", "Escribo"]
    )

    with citizen.expect_download() as saved:
        citizen.locator("#call-keep").click()
    kept = saved.value.path().read_text()
    assert "Dígame." in kept
    assert kept.count("\n") == 4
    hang_up(clerk)
    state(citizen, "over")
    citizen.wait_for_timeout(3_500)
    expect(
        citizen.locator("#call-keep")
    ).to_be_visible()  # nobody is sent away from what they wrote


def test_the_call_with_the_keyboard_alone(counter, a_page):
    citizen, clerk = a_page(390, bypass_csp=True), a_page(1280)
    for page in (citizen, clerk):
        page.add_init_script(REMEMBER_CONNECTIONS)

    def press_on(selector: str, key: str = "Enter") -> None:
        for _ in range(60):
            citizen.keyboard.press("Tab")
            if citizen.evaluate("(s) => document.activeElement.matches(s)", selector):
                width = citizen.evaluate(
                    "() => getComputedStyle(document.activeElement).outlineWidth"
                )
                assert float(width.removesuffix("px")) >= 2, f"{selector} shows no focus"
                citizen.keyboard.press(key)
                return
        raise AssertionError(f"{selector} cannot be reached with Tab")

    code = waiting(counter, citizen, "sobreira")
    called(counter, clerk, code, "sobreira")
    expect(citizen.locator("#call-enter")).to_be_focused(timeout=LONG)
    citizen.keyboard.press("Enter")
    state(citizen, "talking")
    press_on("#call-microphone", "Space")
    expect(clerk.locator('[data-part="silent"]:visible')).to_have_count(1)
    press_on("#call-camera", "Space")
    expect(clerk.locator('[data-part="unseen"]:visible')).to_have_count(1)
    press_on("#call-more")
    expect(citizen.locator("#call-options")).to_be_visible()
    assert faults(citizen) == []
    press_on("#call-saving", "Space")
    expect(citizen.locator("#call-saving")).to_be_checked()
    citizen.keyboard.press("Escape")
    expect(citizen.locator("#call-more")).to_be_focused()
    press_on("#call-write")
    expect(citizen.locator("#call-pen")).to_be_focused()
    assert faults(citizen) == []
    press_on("#call-hang-up")
    expect(citizen.locator("#call-stay")).to_be_focused()
    press_on("#call-leave")
    state(citizen, "over")
    hang_up(clerk)


def test_a_call_survives_the_server_a_reload_and_the_clerks_computer(tmp_path, a_page, a_browser):
    counter, process = open_counter(tmp_path)
    try:
        citizen = a_page(390, bypass_csp=True)
        clerk = a_browser().new_context(bypass_csp=True).new_page()
        clerk.set_default_timeout(LONG)
        code = a_call(counter, citizen, clerk)
        talks(citizen)

        made = [page.evaluate("connections.length") for page in (citizen, clerk)]
        before = [page.evaluate(RECEIVED)["frames"] for page in (citizen, clerk)]
        renew(process)
        citizen.locator("#call-microphone").click()
        expect(clerk.locator('[data-part="silent"]:visible')).to_have_count(1, timeout=LONG)
        for page, frames, count in zip((citizen, clerk), before, made, strict=True):
            state(page, "talking")
            page.wait_for_function(f"async () => (await ({RECEIVED})()).frames > {frames}")
            assert page.evaluate("connections.length") == count, "no picture was looked for again"
        citizen.locator("#call-microphone").click()
        expect(clerk.locator('[data-part="silent"]:visible')).to_have_count(0, timeout=LONG)

        assert close_counter(process) == 0
        before = citizen.evaluate(RECEIVED)["frames"]
        citizen.wait_for_timeout(1_500)
        assert citizen.evaluate(RECEIVED)["frames"] > before  # the picture needs no server
        citizen.locator("#call-microphone").click()
        counter, process = open_counter(tmp_path, PORT=str(counter.port))
        expect(clerk.locator('[data-part="silent"]:visible')).to_have_count(1, timeout=LONG)
        state(citizen, "talking")

        citizen.reload()
        for page in (citizen, clerk):
            state(page, "talking")
        talks(citizen)

        clerk.context.browser.close()
        expect(citizen.locator("#call-us")).to_be_visible(timeout=LONG)
        state(citizen, re.compile("lost|connecting"))
        another = a_page(1280)
        at_the_desk(counter, another, "vilaclara")
        another.goto(counter.at("vilaclara", f"/desk/visits/{code}"))
        state(another, "talking")
        state(citizen, re.compile("back|talking"))
        hang_up(another)
    finally:
        close_counter(process)


def test_when_nobody_comes_the_clerk_goes_on_by_telephone(counter, a_page):
    citizen, clerk = a_page(390), a_page(1280)
    code = waiting(counter, citizen, "benimar")
    clerk.clock.install()
    called(counter, clerk, code, "benimar")
    state(clerk, "connecting")
    expect(clerk.locator("#call-telephone")).to_be_hidden()
    clerk.clock.fast_forward(31_000)
    expect(clerk.locator("#call-telephone")).to_be_visible()
    assert clerk.locator("#call-telephone").get_attribute("href").startswith("tel:+34")

    clerk.locator("#call-telephone").click(no_wait_after=True)

    clerk.clock.fast_forward(4_000)
    expect(clerk.locator(".phone-link[href^='tel:']").first).to_be_visible(timeout=LONG)
    expect(citizen.locator("#call")).to_have_count(0, timeout=LONG)


def test_a_second_window_takes_the_call_over(counter, a_page):
    citizen, clerk = a_page(390), a_page(1280)
    a_call(counter, citizen, clerk, "penalta")
    second = a_page(390)

    second.goto(citizen.url)
    second.locator("#call-enter").click()

    state(second, "talking")
    state(citizen, "over")
    expect(citizen.locator("#call-again")).to_be_visible()
    hang_up(clerk)


AN_EAR = """
    window.SpeechRecognition = class extends EventTarget {
        static async available({ processLocally }) {
            return processLocally ? window.earIs : 'unavailable'
        }
        start(track) {
            window.ears = [...(window.ears ?? []), { lang: this.lang, local: this.processLocally }]
            window.hears = (transcript, isFinal) => this.onresult(
                { resultIndex: 0, results: [Object.assign([{ transcript }], { isFinal })] })
        }
        abort() {}
    }
    SpeechRecognition.prototype.processLocally = false
"""


def test_captions_are_offered_where_the_device_writes_them_by_itself(counter, a_page):
    citizen, clerk = a_page(390, bypass_csp=True), a_page(1280, bypass_csp=True)
    citizen.add_init_script(f"{AN_EAR}; window.earIs = 'unavailable'")
    clerk.add_init_script(f"{AN_EAR}; window.earIs = 'available'")
    a_call(counter, citizen, clerk, "penalta")
    for page in (citizen, clerk):
        page.locator("#call-more").click()
        expect(page.locator("#call-options")).to_be_visible()
    expect(citizen.locator("#call-captioning")).to_be_hidden()
    assert clerk.evaluate("window.ears") is None

    clerk.locator("#call-captioning").check()
    clerk.wait_for_function("!!window.hears")
    clerk.evaluate("hears('Bon dia', false)")
    expect(citizen.locator('[data-part="captions"]')).to_contain_text(": Bon dia")
    clerk.evaluate("hears('Bon dia, digueu', true)")
    expect(citizen.locator('[data-part="captions-lines"] p')).to_have_count(1)
    expect(citizen.locator('[data-part="captions"]')).to_contain_text("Bon dia, digueu")
    assert all(ear["local"] is True for ear in clerk.evaluate("window.ears"))
    assert citizen.evaluate("window.ears") is None
    assert [fault for page in (citizen, clerk) for fault in faults(page)] == []
    hang_up(clerk)
