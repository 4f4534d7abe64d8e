"""Two browsers record a part of their call, with a pause and a reload; the file says what was.

Of the first one an act is made, and everybody who has it can check it: on the site, and without us.
"""

import base64
import json
import math
import re
import struct
import subprocess
import wave
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from playwright.sync_api import Page, expect

from tests.counter import Counter
from tests.journeys.test_everybody import look
from tests.journeys.test_the_call import a_call, hang_up

pytestmark = pytest.mark.journey

LONG = 60_000
PLACE = "sobreira"  # where people speak Galician
CITIZEN, CLERK, NOBODY = 500, 1300, 2900  # each has a voice of so many hertz
RATE = 48_000


def a_voice(path: Path, hertz: int) -> str:
    """Somebody who says short words of one note, as a microphone would hear it. The flag for it."""
    word = [
        round(16_000 * math.sin(2 * math.pi * hertz * at / RATE) * math.sin(math.pi * at / 9_600))
        for at in range(9_600)
    ]
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(struct.pack(f"<{24_000}h", *word, *[0] * 14_400) * 20)
    return f"--use-file-for-fake-audio-capture={path}"


@pytest.fixture
def talking(counter: Counter, a_page, tmp_path) -> tuple[Page, Page, str]:
    """A citizen and a clerk in a call that may be recorded, each with a voice of their own."""
    counter.flask("recordings", "rule", PLACE, "volante", "may", "--spoken")
    voices = [a_voice(tmp_path / f"{hertz}.wav", hertz) for hertz in (CITIZEN, CLERK)]
    citizen = a_page(flags=(voices[0],), bypass_csp=True, locale="gl-ES")
    clerk = a_page(1280, flags=(voices[1],), bypass_csp=True, locale="gl-ES")
    return citizen, clerk, a_call(counter, citizen, clerk, PLACE)


def ffmpeg(film: bytes, *words: str) -> str:
    done = subprocess.run(
        ["ffmpeg", "-hide_banner", "-nostdin", "-i", "-", *words], input=film, capture_output=True
    )
    return done.stdout.decode() + done.stderr.decode()


def probe(film: bytes) -> dict:
    command = ["ffprobe", "-v", "error", "-of", "json", "-show_entries"]
    command += ["format=duration:stream=codec_type,codec_name", "-"]
    return json.loads(subprocess.run(command, input=film, check=True, capture_output=True).stdout)


def loudness(film: bytes, begin: float, end: float) -> float:
    """In decibels, of that stretch."""
    said = ffmpeg(  # "-inf" would be no noise at all
        film, "-af", f"atrim={begin}:{end},volumedetect", "-f", "null", "-"
    )
    return float(re.search(r"max_volume: (-?[\d.]+|-inf) dB", said)[1])


def voice(film: bytes, hertz: int, begin: float, end: float) -> float:
    """How loud that note is there, in decibels; what is beside it hardly counts."""
    narrow = f"bandpass=f={hertz}:width_type=h:w=80"
    said = ffmpeg(
        film,
        *("-af", f"atrim={begin}:{end},{narrow},{narrow},volumedetect"),
        *("-f", "null", "-"),
    )
    return float(re.search(r"max_volume: (-?[\d.]+|-inf) dB", said)[1])


def silences(film: bytes) -> list[tuple[float, float]]:
    """The stretches of two seconds and more in which nothing is heard."""
    said = ffmpeg(film, "-af", "silencedetect=noise=-60dB:d=2", "-f", "null", "-")
    begun, ended = (re.findall(rf"silence_{word}: ([\d.]+)", said) for word in ("start", "end"))
    return [(float(one), float(other)) for one, other in zip(begun, ended, strict=True)]


def badge(page: Page, state: str) -> None:
    expect(page.locator("#beside-call .recording__badge")).to_have_attribute(
        "data-state", state, timeout=LONG
    )


def begin(citizen: Page, clerk: Page) -> None:
    """The clerk asks, the citizen agrees, and it runs."""
    clerk.locator("#recorder-ask").click()
    citizen.locator("#recording-yes").click(timeout=LONG)
    clerk.locator("#recorder-start").click(timeout=LONG)
    for page in (citizen, clerk):
        badge(page, "recording")
    expect(clerk.locator("#beside-call")).to_have_attribute(
        "data-take", re.compile("."), timeout=LONG
    )


def the_film(counter: Counter, clerk: Page, code: str) -> bytes:
    """As somebody who says why sees it."""
    look = counter.at(PLACE, f"/desk/visits/{code}/recordings")
    clerk.goto(look)
    for _ in range(60):
        if clerk.locator("button[id^=look-]").count():
            break
        clerk.wait_for_timeout(500)
        clerk.goto(look)
    clerk.locator("#reason").fill("To see whether it was recorded well")
    clerk.locator("button[id^=look-]").first.click()
    clerk.locator("#film").wait_for()
    clerk.wait_for_function("film.readyState >= 1", timeout=LONG)
    clerk.evaluate("film.currentTime = film.duration / 2")  # it seeks
    clerk.wait_for_function("!film.seeking && film.readyState >= 2", timeout=LONG)
    return taken(clerk, clerk.evaluate("film.src"))


def taken(page: Page, address: str) -> bytes:
    """What that page gets from there."""
    content = page.evaluate(
        "(address) => fetch(address).then((answer) => answer.arrayBuffer())"
        ".then((content) => [...new Uint8Array(content)])",
        address,
    )
    return bytes(content)


def watch_the_recorder(clerk: Page) -> None:
    """It records as long as its place names a take."""
    clerk.evaluate(
        """() => {
            const place = document.getElementById('beside-call')
            const watch = new MutationObserver(() => {
                if (place.dataset.take) window.recordedFrom ??= performance.now()
                else if (window.recordedFrom) window.recordedUntil ??= performance.now()
            })
            watch.observe(place, { attributes: true, attributeFilter: ['data-take'] })
        }"""
    )


def recorded_for(clerk: Page) -> float:
    """In seconds, by the clock of the browser that recorded."""
    clerk.wait_for_function("() => window.recordedUntil", timeout=LONG)
    return float(clerk.evaluate("(window.recordedUntil - window.recordedFrom) / 1000"))


def gaps_in(page: Page) -> str:
    return page.locator("#parts").inner_text()


def the_proof(counter: Counter, citizen: Page, code: str) -> dict[str, bytes]:
    """What the citizen takes home, once it is sealed."""
    own = counter.at(PLACE, f"/gl/visits/{code}/act")
    citizen.goto(own)
    citizen.locator("#own-pdf").wait_for(timeout=2 * LONG)
    assert look(citizen) == []
    with ZipFile(BytesIO(taken(citizen, own.removesuffix("act") + "proof.zip"))) as opened:
        proof = {name: opened.read(name) for name in opened.namelist()}
    assert taken(citizen, f"{own}.pdf") == proof["act.pdf"]
    return proof


def dropped(page: Page, content: bytes, name: str) -> None:
    """A file that somebody drags onto the page."""
    files = page.evaluate_handle(
        """([content, name]) => {
            const bytes = Uint8Array.from(atob(content), (sign) => sign.charCodeAt(0))
            const dragged = new DataTransfer()
            dragged.items.add(new File([bytes], name))
            return dragged
        }""",
        [base64.b64encode(content).decode(), name],
    )
    page.locator('[data-part="drop"]').dispatch_event("drop", {"dataTransfer": files})


def altered(content: bytes) -> bytes:
    half = len(content) // 2
    return content[:half] + bytes([content[half] ^ 1]) + content[half + 1 :]


def checked_on_the_site(counter: Counter, page: Page, act: bytes, film: bytes) -> None:
    """By its code, and by dropping act and film into the page: what is changed is found."""
    csv = page.locator("#own .code").inner_text()
    check = counter.at(PLACE, "/gl/check")
    page.goto(check)
    assert look(page) == []
    page.locator("#csv").fill(csv.lower().replace("-", " "))
    page.locator("#check-code").click()
    page.locator("#act").wait_for()
    assert look(page) == []
    state = page.locator('[data-part="state"]')
    for content, expected in ((act, "same"), (film, "same"), (altered(film), "other")):
        dropped(page, content, "file")
        expect(state).to_have_attribute("data-state", expected)
    for content, expected in ((act, "found"), (film, "found"), (altered(act), "unknown")):
        page.goto(check)
        dropped(page, content, "file")
        page.locator(f"#check-{expected}").wait_for()
        assert look(page) == []


def checked_without_us(proof: dict[str, bytes], film: bytes, folder: Path) -> None:
    """With the program in the package, with poppler and with openssl."""
    assert proof["recording/segment-1.webm"] == film
    for name, content in proof.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)

    def told_by(*words: str) -> str:
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    films = [name for name in proof if name.startswith("recording/")]
    beside = ("--manifest", "manifest.json", "--ledger", "ledger.jsonl")
    verified = told_by("sh", "verify.sh", "--roots", "roots.pem", *beside, "act.pdf", *films)
    assert "AS IT WAS SEALED." in verified
    assert verified.count("is the one that it names") == len(films)
    assert "Signature is Valid" in told_by("pdfsig", "act.pdf")
    for name in (name for name in proof if name.endswith(".tsr")):
        stamped = name.replace(".tsr", ".txt")
        believed = ("-data", stamped, "-CAfile", "roots.pem")
        told_by("openssl", "ts", "-verify", "-in", name, *believed)
    said = json.loads(proof["manifest.json"])
    (segment,) = said["recording"]["segments"]
    assert [gap["reason"] for gap in segment["gaps"]] == ["identity_card"]


def test_a_part_is_recorded_with_a_pause_plays_and_is_certified(counter, talking, tmp_path):
    citizen, clerk, code = talking
    watch_the_recorder(clerk)
    begin(citizen, clerk)
    citizen.locator("#call-write").click()
    citizen.locator("#call-pen").fill("Visc al carrer Nou\n")
    clerk.wait_for_timeout(6_000)
    clerk.locator("#recorder-card").click()
    for page in (citizen, clerk):
        badge(page, "paused")
    clerk.wait_for_timeout(4_000)
    clerk.locator("#recorder-on").click()
    badge(clerk, "recording")
    clerk.wait_for_timeout(10_000)
    clerk.locator("#recorder-stop").click()
    badge(citizen, "closing")
    recorded = recorded_for(clerk)
    expect(clerk.locator("#recorder")).to_have_attribute("data-state", "kept", timeout=LONG)
    hang_up(clerk)

    film = the_film(counter, clerk, code)

    told = probe(film)
    assert abs(float(told["format"]["duration"]) - recorded) < 0.5
    assert abs(float(told["format"]["duration"]) - clerk.evaluate("film.duration")) < 0.5
    assert [one["codec_name"] for one in told["streams"]] == ["vp8", "opus", "webvtt"]
    text = ffmpeg(film, "-map", "0:s", "-f", "webvtt", "-")
    assert "Visc al carrer Nou" in text
    [(paused, went_on)] = silences(film)  # nobody is heard in the pause, and only there
    for begins, ends in ((0, paused), (went_on, went_on + 6)):
        assert loudness(film, begins, ends) > -35
        nobody = voice(film, NOBODY, begins, ends)
        assert voice(film, CITIZEN, begins, ends) > nobody + 20
        assert voice(film, CLERK, begins, ends) > nobody + 20
    assert "0:" in gaps_in(clerk)
    counter.flask("recordings", "check")  # fails when a line is not as it was written

    clerk.goto(counter.at(PLACE, f"/desk/visits/{code}"))
    clerk.locator("#outcome").fill("Xa está no padrón.")
    clerk.locator("#outcome-save").click()
    clerk.wait_for_url("**/desk/")
    proof = the_proof(counter, citizen, code)
    checked_on_the_site(counter, citizen, proof["act.pdf"], film)
    checked_without_us(proof, film, tmp_path)


def test_withdrawing_stops_it_and_the_call_goes_on(counter, talking):
    citizen, clerk, code = talking
    begin(citizen, clerk)
    clerk.wait_for_timeout(3_000)

    citizen.locator("#recording-withdraw").click()
    expect(clerk.locator("#beside-call")).not_to_have_attribute("data-take", re.compile("."))
    expect(citizen.locator("#call")).to_have_attribute("data-state", "talking")
    expect(clerk.locator("#recorder-ask")).to_be_visible(timeout=LONG)


def test_a_page_loaded_again_goes_on_and_says_what_is_missing(counter, talking):
    citizen, clerk, code = talking
    begin(citizen, clerk)
    clerk.wait_for_timeout(5_000)

    clerk.reload()

    expect(clerk.locator("#beside-call")).to_have_attribute(
        "data-take", re.compile("."), timeout=LONG
    )
    badge(citizen, "recording")
    clerk.wait_for_timeout(5_000)
    clerk.locator("#recorder-stop").click()
    expect(clerk.locator("#recorder")).to_have_attribute("data-state", "kept", timeout=LONG)
    film = the_film(counter, clerk, code)

    assert float(probe(film)["format"]["duration"]) > 10
    assert clerk.locator("#parts li li").count() == 1


def test_everybody_sees_at_once_that_nothing_arrives(counter, talking):
    citizen, clerk, code = talking
    begin(citizen, clerk)
    clerk.wait_for_timeout(3_000)

    clerk.context.route("**/pieces/**", lambda route: route.abort())
    for page in (clerk, citizen):
        badge(page, "unsafe")
    clerk.context.unroute("**/pieces/**")

    for page in (clerk, citizen):
        badge(page, "recording")
    clerk.locator("#recorder-stop").click()
    badge(citizen, "closing")
    film = the_film(counter, clerk, code)  # whoever leaves at once leaves nothing behind

    assert float(probe(film)["format"]["duration"]) > 6
