"""The call: how soon there is a picture, what a poor line leaves of it, and how soon it is back.

`make bench-call` runs all of it; `--only` bytes, join, good, poor, restart or renew runs a part.
Without root, or without `/dev/net/tun`, the poor line is not measured, and the table says so.
"""

import argparse
import functools
import itertools
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import calls
import pages
from bad_line import ELSEWHERE, HOME, TOWN, BadLine, NoNamespaces, bad_line, door
from browsers import CHROMIUM, FLAGS, browsers, somebody
from counter import Counter, descendants, opened, processor_seconds_of
from figures import Figure, alone, progress, quantile, table
from playwright.sync_api import Browser, Page, sync_playwright
from run import attempt
from visitor import Visitor, a_waiting_room

PLACE = "vilaclara"
POOR = {"delay": 0.05, "loss": 0.01, "rate": 1_000_000.0}  # 100 ms there and back
LETTERS = 60
LONG = 60_000

WATCH = """
    (() => {
        const Real = window.RTCPeerConnection
        const made = window.made = []
        window.RTCPeerConnection = class extends Real {
            constructor(...words) { super(...words); made.push(this) }
        }
        window.seen = []
        setInterval(async () => {
            let frames = 0, packets = 0, height = 0, width = 0
            for (const connection of made) {
                if (connection.connectionState === 'closed') continue
                for (const report of (await connection.getStats()).values()) {
                    if (report.type !== 'inbound-rtp') continue
                    packets += report.packetsReceived
                    if (report.kind !== 'video' || !report.framesDecoded) continue
                    frames += report.framesDecoded
                    width = report.frameWidth
                    height = report.frameHeight
                }
            }
            window.seen.push({ at: Date.now(), frames, packets, width, height })
            if (window.seen.length > 4000) window.seen.splice(0, 2000)
        }, 50)
    })()
"""
LISTEN = """
    () => {
        window.letters = []
        const place = document.querySelector('[data-part=writing]')
        new MutationObserver(() => {
            const words = place.textContent.split(': ').at(-1)
            window.letters.push([words.length, Date.now()])
        }).observe(place, { childList: true, subtree: true, characterData: true })
    }
"""


def measure(wanted: argparse.Namespace) -> list[Figure]:
    """What breaks does not take the others with it, and is tried once more: a browser may fall."""
    found: list[Figure] = []
    with opened() as counter:
        for name in wanted.only:
            part = functools.partial(PARTS[name], counter, wanted)
            figures = attempt(name, part)
            if [(figure.name, figure.value) for figure in figures] == [(name, None)]:
                figures = attempt(name, part)
            progress(table(figures))  # whoever is stopped half-way keeps the parts that were done
            found += figures
    return found


def of_joining(counter: Counter, wanted: argparse.Namespace) -> list[Figure]:
    return calls.of_calls(counter, max(20, wanted.calls))


def of_a_line_of_ours(counter: Counter, wanted: argparse.Namespace) -> list[Figure]:
    try:
        with bad_line() as line, door(line, counter.port):
            return of_a_poor_line(counter, line)
    except NoNamespaces as trouble:
        return [Figure("poor line", None, samples=0, note=str(trouble)[:80])]


def of_the_page(counter: Counter, wanted: argparse.Namespace) -> list[Figure]:
    progress("call: bytes of the page")
    with browsers(1) as (browser,):
        wire = pages.load(somebody(browser).new_page(), counter, _a_waiting_room(counter))
    note = wire.by_kind()
    return [
        Figure("call page, all bytes", wire.kilobytes(), "kB", *pages.CALL_KILOBYTES, note=note)
    ]


def of_a_good_line(counter: Counter, wanted: argparse.Namespace) -> list[Figure]:
    """Letters from one side to the other, and what a call costs this machine."""
    with _two_in_a_call(counter) as (citizen, clerk, pids):
        progress("call: letters")
        taken = _letters(citizen, clerk)
        citizen.wait_for_timeout(3_000)
        progress("call: processor")
        share = _share_of_a_core(citizen, pids())
        frames = _frames_each_second(citizen)
    return [
        Figure(
            "letter typed to seen, p95",
            quantile(taken, 0.95),
            "ms",
            500,
            150,
            samples=len(taken),
            note=f"p50 {quantile(taken, 0.5):.0f} ms",
        ),
        Figure("good line, frames a second", frames, "", 20, 30, "≥"),
        Figure("processor of one side", share, "cores", note="browser, picture and sound"),
    ]


def of_a_poor_line(counter: Counter, line: BadLine) -> list[Figure]:
    with _two_in_a_call(counter, line) as (citizen, clerk, _):
        progress("call: poor line")
        line.be(**POOR)
        citizen.wait_for_timeout(20_000)
        frames, size = _frames_each_second(citizen, 10), _last(citizen)
        letters = _letters(citizen, clerk, 30)
        found = [
            Figure(
                "1 Mbit/s, 100 ms, 1 %: frames a second",
                frames,
                "",
                20,
                30,
                "≥",
                note=f"{size['width']}×{size['height']}",
            ),
            Figure("1 Mbit/s, 100 ms, 1 %: height", float(size["height"]), "px", 240, 360, "≥"),
            Figure("1 Mbit/s, 100 ms, 1 %: letters, p95", quantile(letters, 0.95), "ms", 500, 300),
        ]
        progress("call: 100 kbit/s")
        line.be(delay=0.05, rate=100_000)
        found += _sound_alone(citizen, clerk)
        line.be()
        citizen.wait_for_function("window.seen.at(-1).frames > window.seen.at(-40)?.frames + 10")
        progress("call: ten seconds without network")
        found.append(_recovery("10 s without network: picture back", citizen, lambda: _cut(line)))
        citizen.wait_for_timeout(5_000)
        progress("call: another address")
        found.append(_recovery("another address: picture back", citizen, lambda: line.move_home()))
        citizen.wait_for_timeout(5_000)
        back = lambda: line.move_home(ELSEWHERE, HOME)  # noqa: E731 - as the line above
        found.append(_recovery("another address, once more", citizen, back))
    return found


def of_a_restart(counter: Counter, wanted: argparse.Namespace) -> list[Figure]:
    """Whether pictures go on while the server is away, and how soon its news arrive after."""
    with _two_in_a_call(counter) as (citizen, clerk, _):
        progress("call: server restart")
        before = _last(citizen)["frames"]
        counter.restart()
        citizen.locator("#call-microphone").click()
        begun = time.monotonic()
        clerk.locator('[data-part="silent"]:visible').wait_for(timeout=LONG)
        taken = time.monotonic() - begun
        pictures = _last(citizen)["frames"] - before
    note = f"{pictures} pictures meanwhile"
    return [Figure("server restart: news pass again", taken, "s", 5, 2, note=note)]


def of_other_processes(counter: Counter, wanted: argparse.Namespace) -> list[Figure]:
    """The web processes are replaced while two talk: the longest time without a new picture."""
    with _two_in_a_call(counter) as (citizen, clerk, _):
        pages = (citizen, clerk)
        progress("call: other web processes")
        before = [_last(page) for page in pages]
        connections = [page.evaluate("window.made.length") for page in pages]
        counter.renew()
        citizen.locator("#call-microphone").click()
        clerk.locator('[data-part="silent"]:visible').wait_for(timeout=LONG)
        citizen.wait_for_timeout(5_000)
        gaps = [
            _longest_stillness(page, since["at"]) for page, since in zip(pages, before, strict=True)
        ]
        made = [page.evaluate("window.made.length") for page in pages]
        lasted = (_last(citizen)["at"] - before[0]["at"]) / 1000
    note = f"of {lasted:.0f} s · {sum(made) - sum(connections)} new connections"
    return [Figure("reload of the server: longest still picture", max(gaps), "s", 2, 1, note=note)]


def _longest_stillness(page: Page, since: int) -> float:
    """Seconds between two looks at which there were new pictures."""
    looks = page.evaluate("(since) => window.seen.filter(({ at }) => at >= since)", since)
    moved = [now["at"] for then, now in itertools.pairwise(looks) if now["frames"] > then["frames"]]
    ends = [since, *moved, looks[-1]["at"]]
    return max(after - before for before, after in itertools.pairwise(ends)) / 1000


def _sound_alone(citizen: Page, clerk: Page) -> list[Figure]:
    """Below 150 kbit/s the picture stops, the sound stays, and both sides are told."""
    words = clerk.locator("#call").get_attribute("data-text-line-1")
    begun = time.monotonic()
    try:
        clerk.locator('[data-part="line"][data-bars="1"]').wait_for(timeout=LONG)
    except Exception:
        return [Figure("100 kbit/s: picture rests", None, "s", samples=0, note="it did not")]
    taken = time.monotonic() - begun
    citizen.wait_for_timeout(3_000)
    one = _last(citizen)
    citizen.wait_for_timeout(4_000)
    two = _last(citizen)
    return [
        Figure("100 kbit/s: picture rests after", taken, "s", 20, 10, note=f"says: {words}"),
        Figure(
            "100 kbit/s: packets of sound a second",
            (two["packets"] - one["packets"]) / 4,
            "",
            2,
            10,
            "≥",
        ),
    ]


def _recovery(name: str, page: Page, breaks: Callable[[], None]) -> Figure:
    breaks()
    since = page.evaluate("Date.now()")
    start = _last(page)["frames"]
    try:
        page.wait_for_function(
            "(start) => window.seen.at(-1).frames > start + 3 && window.seen.at(-1).frames >"
            " window.seen.at(-10).frames",
            arg=start,
            timeout=LONG,
        )
    except Exception:
        return Figure(name, None, "s", samples=0, note="it did not come back")
    at = page.evaluate(
        "(start) => window.seen.findLast((look) => look.frames <= start + 3).at", start
    )
    return Figure(name, max(0.0, (at - since) / 1000), "s", 5, 2)


def _cut(line: BadLine) -> None:
    line.is_cut = True
    time.sleep(10)
    line.is_cut = False


def _letters(citizen: Page, clerk: Page, count: int = LETTERS) -> list[float]:
    """Milliseconds from the key of one to the eye of the other."""
    if citizen.locator("#call-text").is_hidden():
        citizen.locator("#call-write").click()
    pen = citizen.locator("#call-pen")
    pen.press("Enter")
    clerk.evaluate(LISTEN)
    typed = []
    for number in range(count):
        typed.append(citizen.evaluate("Date.now()"))
        pen.press("abcdefghij"[number % 10])
        citizen.wait_for_timeout(90 + 37 * number % 140)
    citizen.wait_for_timeout(1_000)
    seen = clerk.evaluate("window.letters")
    pen.press("Enter")
    return [
        next((at for length, at in seen if length > number), typed[number] + LONG) - typed[number]
        for number in range(count)
    ]


def _last(page: Page) -> dict[str, int]:
    found: dict[str, int] = page.evaluate("window.seen.at(-1)")
    return found


def _frames_each_second(page: Page, seconds: int = 5) -> float:
    before = _last(page)
    page.wait_for_timeout(seconds * 1_000)
    after = _last(page)
    return (after["frames"] - before["frames"]) * 1_000 / (after["at"] - before["at"])


def _share_of_a_core(page: Page, pids: list[int]) -> float:
    before = sum(map(processor_seconds_of, pids))
    page.wait_for_timeout(10_000)
    return (sum(map(processor_seconds_of, pids)) - before) / 10


def _a_waiting_room(counter: Counter) -> str:
    return a_waiting_room(Visitor(counter, PLACE)) + "/wait"


@contextmanager
def _two_in_a_call(
    counter: Counter, line: BadLine | None = None
) -> Iterator[tuple[Page, Page, Callable[[], list[int]]]]:
    """The citizen at home and the clerk in the town, talking; and the processes of the first."""
    with sync_playwright() as running:
        homes = line.wrapper(line.home, CHROMIUM) if line else CHROMIUM
        desks = line.wrapper(line.town, CHROMIUM) if line else CHROMIUM
        flags = [*FLAGS, "--use-fake-device-for-media-stream=fps=30"]
        flags += [f"--host-resolver-rules=MAP *.localhost {TOWN}"] if line else []
        before = set(descendants(os.getpid()))
        one = running.chromium.launch(executable_path=homes, args=flags)
        mine = set(descendants(os.getpid())) - before
        two = running.chromium.launch(executable_path=desks, args=flags)
        try:
            citizen, clerk = _somebody(one, 390), _somebody(two, 1280)
            _begin(counter, citizen, clerk)
            yield citizen, clerk, lambda: [pid for top in mine for pid in (top, *descendants(top))]
            clerk.locator("#call-hang-up").click()
            clerk.locator("#call-leave").click()
            clerk.locator('#call[data-state="over"]').wait_for()
        finally:
            one.close()
            two.close()


def _somebody(browser: Browser, width: int) -> Page:
    height = 844 if width < 800 else 900
    # The questions that we ask of a page are written into it, which its policy forbids.
    context = browser.new_context(
        viewport={"width": width, "height": height},
        permissions=["camera", "microphone"],
        bypass_csp=True,
    )
    context.set_default_timeout(LONG)
    page = context.new_page()
    page.add_init_script(WATCH)
    return page


def _begin(counter: Counter, citizen: Page, clerk: Page) -> None:
    citizen.goto(counter.at(PLACE, "/demo/"))
    citizen.locator("#demo-wait").click()
    citizen.locator('#call[data-state="waiting"][data-seen]').wait_for()
    code = citizen.url.split("/visits/")[1].split("/")[0]
    clerk.goto(counter.at(PLACE, "/demo/"))
    clerk.locator("#be-1").click()
    clerk.wait_for_url("**/desk/")
    clerk.locator(f"#call-{code}").click()
    citizen.locator('#call[data-state="ringing"]').wait_for()
    citizen.locator("#call-enter").click()
    for page in (citizen, clerk):
        page.locator('#call[data-state="talking"]').wait_for(timeout=LONG)
        page.wait_for_function("window.seen.at(-1)?.frames > 20", timeout=LONG)


PARTS: dict[str, Callable[[Counter, argparse.Namespace], list[Figure]]] = {
    "bytes": of_the_page,
    "join": of_joining,
    "good": of_a_good_line,
    "poor": of_a_line_of_ours,
    "restart": of_a_restart,
    "renew": of_other_processes,
}


if __name__ == "__main__":
    alone(measure, __doc__, tuple(PARTS))
