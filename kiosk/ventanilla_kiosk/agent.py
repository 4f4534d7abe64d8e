"""What goes on all day: a browser for each person, a heartbeat, and what the house asks for."""

import logging
import os
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from ventanilla_kiosk import browser, facts, pages, paper, settings, sound
from ventanilla_kiosk.house import House, Refused, Unreachable
from ventanilla_kiosk.settings import Settings

log = logging.getLogger("kiosk")

LOOK_EVERY = 0.5
TEST_HOUR = 8  # before the library opens
SHORT_LIFE = 5.0  # a browser that ends sooner fell
FALLS_AT_ONCE = 3
LONGEST_REST = 30.0
NOBODYS = (401, 403)  # the key opens nothing: this device was removed


class Agent:
    """One thread decides; others only wake it, and scan or print while people wait."""

    def __init__(self, own: Settings) -> None:
        self.own = own
        self.house = House(own.town, settings.read_key(own), own.connect_to)
        self.pages = pages.Pages(own.local_port)
        self.wake = threading.Event()
        self.browser: browser.Browser | None = None
        self.is_offline = False
        self.answered_at = time.monotonic()
        self.beat_at = 0.0
        self.every = own.heartbeat
        self.wiped: dict[str, Any] | None = None
        self.test: dict[str, Any] | None = None
        self.tested_on = ""
        self.known: dict[str, Any] = {}  # what was last found out about this device
        self.taken: dict[str, str] = {}  # errands by their code, and how they went
        self.is_closing = False
        self.opened_at = self.rests_until = 0.0
        self.falls = 0

    def run(self) -> None:
        browser.sweep(self.own)
        threading.Thread(target=self.listen, daemon=True).start()
        threading.Thread(target=self.look_around, daemon=True).start()
        notify("READY=1")
        while not self.is_closing:
            self.step()
            self.wake.wait(LOOK_EVERY)
        self.close()

    def step(self) -> None:
        """One look around: is it let in, is the browser there, is it time to say something."""
        notify("WATCHDOG=1")
        if not self.house.key:
            self.ask_to_be_let_in()
            return
        was_woken = self.wake.is_set()
        self.wake.clear()
        if was_woken or time.monotonic() - self.beat_at >= self.every:
            self.beat()
        if self.is_offline or not self.house.key:
            return
        if self.browser is None or not self.browser.is_running:
            if self.browser is not None:
                self.note_a_fall()
            if time.monotonic() >= self.rests_until:
                self.renew()

    def note_a_fall(self) -> None:
        """A browser that ends as soon as it begins, again and again, is not opened at once."""
        self.close_browser()
        lived = time.monotonic() - self.opened_at
        self.falls = self.falls + 1 if lived < SHORT_LIFE else 0
        if self.falls > FALLS_AT_ONCE:
            self.rests_until = time.monotonic() + min(2.0**self.falls, LONGEST_REST)

    # --- the house ----------------------------------------------------------------------------

    def ask_to_be_let_in(self) -> None:
        """Show the code until somebody has typed it; then there is a key."""
        try:
            asked = self.house.post("/kiosk/device/enrol", {"version": facts.version()})
        except (Unreachable, Refused):
            self.show_locally(pages.offline(b""))
            self.wake.wait(self.own.heartbeat)
            return
        self.show_locally(pages.enrolment(asked["user_code"], asked["verification_uri"]))
        deadline = time.monotonic() + float(asked["expires_in"])
        while time.monotonic() < deadline and not self.is_closing:
            notify("WATCHDOG=1")
            self.wake.wait(float(asked["interval"]))
            try:
                given = self.house.post("/kiosk/device/key", {"device_code": asked["device_code"]})
            except Refused as refusal:
                if refusal.status == 428:
                    continue
                return
            except Unreachable:
                continue
            settings.keep_key(self.own, given["key"])
            self.house.key = given["key"]
            self.close_browser()
            self.wake.set()
            return

    def beat(self) -> None:
        """Say how it is, hear what to do. Silence of a minute is said on the screen."""
        self.beat_at = time.monotonic()
        try:
            answer = self.house.post("/kiosk/device/heartbeat", self.report())
        except Refused as refusal:
            self.refused(refusal)
            return
        except Unreachable as why:
            log.warning("the town hall does not answer: %s", why)
            silent = time.monotonic() - self.answered_at
            if silent > self.own.offline_after and not self.is_offline:
                self.go_offline()
            return
        self.answered_at = time.monotonic()
        self.wiped = self.test = None
        self.every = float(answer.get("every", self.every))
        if self.is_offline:
            self.is_offline = False
            self.renew()
        for errand in answer.get("orders", ()):
            self.carry_out(errand)
        if not self.own.offline_file.exists():
            self.keep_the_offline_page()
        self.test_in_the_morning()

    def report(self) -> dict[str, Any]:
        told = {**self.known, "clock": time.time()}
        told["browser"] = self.browser is not None and self.browser.is_running
        told["profile"] = self.browser.profile.name if self.browser else ""
        if self.wiped:
            told["wiped"] = self.wiped
        if self.test:
            told["test"] = self.test
        return told

    def look_around(self) -> None:
        """Printers and scanners answer slowly: nobody waits for them."""
        while not self.is_closing:
            self.known = facts.facts(self.own)
            time.sleep(self.every / 2)

    def refused(self, refusal: Refused) -> None:
        """A key that opens nothing is thrown away: this device asks to be let in again."""
        log.warning("%s", refusal)
        if refusal.status in NOBODYS:
            settings.forget_key(self.own)
            self.house.key = ""
            self.close_browser()

    def listen(self) -> None:
        """Wake up when the house has something; it says what in the answer to a heartbeat."""
        while not self.is_closing:
            try:
                if self.house.key:
                    for name in self.house.news():
                        if name == "orders":
                            self.wake.set()
            except (Unreachable, Refused, ValueError):
                pass
            time.sleep(1.0)

    # --- the browser --------------------------------------------------------------------------

    def renew(self) -> None:
        """Nothing of the last person, then a clean start for the next one."""
        self.close_browser()
        told = {"wiped": self.wiped} if self.wiped else {}
        try:
            given = self.house.post("/kiosk/device/stay", self.report() | told)
        except Refused as refusal:
            self.refused(refusal)
            return
        except Unreachable:
            self.beat_at = 0.0
            return
        self.answered_at, self.beat_at = time.monotonic(), time.monotonic()
        self.wiped = None
        self.opened_at = time.monotonic()
        self.browser = browser.open_browser(self.own, given["url"], given["stay"])

    def close_browser(self) -> None:
        if self.browser is None:
            return
        proof = browser.wipe(self.browser)
        self.browser = None
        log.info("wiped in %s s, %s left", proof["seconds"], proof["left"])
        if proof["stay"]:
            self.wiped = proof

    def show_locally(self, body: bytes) -> None:
        self.pages.show(body)
        if self.browser is None or not self.browser.is_running or self.browser.stay:
            self.close_browser()
            self.browser = browser.open_browser(self.own, self.pages.url)

    def go_offline(self) -> None:
        """Whoever is there reads which number to call; nothing of theirs stays on the screen."""
        self.is_offline = True
        kept = self.own.offline_file
        self.show_locally(pages.offline(kept.read_bytes() if kept.exists() else b""))

    # --- errands ------------------------------------------------------------------------------

    def carry_out(self, errand: dict[str, Any]) -> None:
        """Once: an errand that is asked for again is answered as the first time."""
        code, kind = str(errand["code"]), str(errand["kind"])
        if code in self.taken:
            if self.taken[code]:
                self.report_on(code, self.taken[code])
            return
        self.taken[code] = ""
        if kind == "wipe":
            if self.browser is not None and self.browser.stay == errand.get("stay"):
                self.renew()
            self.finish(code, "done")
        elif kind == "restart":
            self.renew()
            self.finish(code, "done")
        elif kind == "reboot":
            self.finish(code, "done" if self.reboot() else "failed")
        else:
            threading.Thread(target=self.work, args=(errand,), daemon=True).start()

    def work(self, errand: dict[str, Any]) -> None:
        """What takes its time, beside the one that decides."""
        code, kind = str(errand["code"]), str(errand["kind"])
        try:
            outcome = self.outcome_of(kind, errand)
        except paper.PaperTrouble as trouble:
            outcome = trouble.outcome
        except Refused:
            outcome = "too_late"
        except (Unreachable, OSError, subprocess.SubprocessError) as error:
            log.warning("%s: %s", kind, error)
            outcome = "failed"
        self.finish(code, outcome)

    def outcome_of(self, kind: str, errand: dict[str, Any]) -> str:
        here = f"/kiosk/device/orders/{errand['code']}"
        if kind == "scan":
            self.house.send(f"{here}/scan", paper.scan(self.own), "image/jpeg")
            return "done"
        if kind == "print":
            self.print_out(self.house.get(f"{here}/paper"))
            return "done"
        if kind == "sound":
            private = bool(errand.get("private"))
            is_heard = sound.set_sound(self.own, int(errand["volume"]), private=private)
            return "done" if is_heard else "no_sound"
        if kind == "chime":
            return "done" if sound.chime(self.own) else "no_sound"
        if kind == "test":
            self.test = facts.test(self.own, self.house)
            self.beat_at = 0.0
            return "done"
        return "failed"

    def print_out(self, sheet: bytes) -> None:
        """On paper, and nowhere else: the file is in memory and gone at once."""
        scratch = Path(self.own.scratch)
        scratch.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=scratch, prefix="sheet-", suffix=".pdf") as file:
            file.write(sheet)
            file.flush()
            paper.print_file(self.own, Path(file.name))

    def finish(self, code: str, outcome: str) -> None:
        self.taken[code] = outcome
        while len(self.taken) > 200:
            self.taken.pop(next(iter(self.taken)))
        self.report_on(code, outcome)

    def report_on(self, code: str, outcome: str) -> None:
        try:
            self.house.post(f"/kiosk/device/orders/{code}", {"outcome": outcome})
        except (Unreachable, Refused) as error:
            log.warning("the outcome of an errand was not heard: %s", error)

    def reboot(self) -> bool:
        return subprocess.run(["systemctl", "reboot"], check=False).returncode == 0

    def test_in_the_morning(self) -> None:
        """Once a day, before anybody comes; and what to show when the line is gone."""
        today = time.strftime("%Y-%m-%d")
        if self.tested_on == today or time.localtime().tm_hour < TEST_HOUR:
            return
        self.tested_on = today
        threading.Thread(target=self.prepare_the_day, daemon=True).start()

    def prepare_the_day(self) -> None:
        self.test = facts.test(self.own, self.house)
        self.keep_the_offline_page()
        self.beat_at = 0.0

    def keep_the_offline_page(self) -> None:
        try:
            body = self.house.get("/kiosk/device/offline")
        except (Unreachable, Refused):
            return
        self.own.offline_file.parent.mkdir(parents=True, exist_ok=True)
        self.own.offline_file.write_bytes(body)

    def close(self) -> None:
        self.close_browser()
        self.pages.close()


def notify(word: str) -> None:
    """Tell systemd that it is alive, where systemd asks."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        try:
            line.sendto(word.encode(), address.replace("@", "\0", 1))
        except OSError:
            return
