"""The agent of the device, against the programs that it will meet: browsers, SANE and CUPS."""

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path

import pytest
import typst
from pypdf import PdfReader

KIT = Path(__file__).parents[2] / "kiosk"
sys.path.insert(0, str(KIT))

from ventanilla_kiosk import browser, facts, pages, paper, settings, sound  # noqa: E402
from ventanilla_kiosk.agent import Agent  # noqa: E402
from ventanilla_kiosk.house import House, Refused, Unreachable  # noqa: E402

from tests.kiosks.printers import a_print_service  # noqa: E402 - after the path of the kit

# A browser that starts children, writes everywhere it may, and does not want to go.
STUBBORN = """#!/bin/sh
trap '' TERM
profile=${1#--user-data-dir=}
mkdir -p "$profile" "$HOME/.cache" "$TMPDIR/more"
echo secret > "$profile/Cookies"; echo secret > "$HOME/.cache/x"; echo secret > "$TMPDIR/more/y"
setsid sh -c "trap '' TERM; while :; do sleep 1; done" "$profile" &
while :; do sleep 1; done
"""


@pytest.fixture
def own(tmp_path) -> settings.Settings:
    program = tmp_path / "browser"
    program.write_text(STUBBORN)
    program.chmod(0o755)
    return settings.Settings(
        town="http://vilaclara.localhost:1",
        connect_to="127.0.0.1",
        browser=str(program),
        scratch=str(tmp_path / "scratch"),
        state=str(tmp_path / "state"),
        local_port=0,
    )


@pytest.fixture(scope="module")
def printing():
    if os.geteuid() != 0:
        pytest.skip("ONLY ROOT STARTS A PRINT SERVICE: printing was NOT tried")
    with a_print_service() as service:
        yield service


class Town:
    """A town hall of few words: what it answers is written here, what it was told is kept."""

    def __init__(self) -> None:
        self.told: list[tuple[str, bytes]] = []
        self.answers: dict[str, tuple[int, object]] = {}
        town = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                town.told.append((self.path, self.rfile.read(length)))
                status, said = town.answers.get(self.path, (404, {}))
                body = said if isinstance(said, bytes) else json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = answer

            def log_message(self, *words: object) -> None:
                """The test says what is wrong."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://vilaclara.localhost:{self.server.server_port}"

    def heard(self, path: str) -> list[bytes]:
        return [body for asked, body in self.told if asked == path]


@pytest.fixture
def town():
    made = Town()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def agent(own, town):
    """One that has its key, and whose town hall answers."""
    settings.keep_key(own, "the-key")
    values = {**own.__dict__, "town": town.address, "offline_after": 0.0}
    town.answers["/kiosk/device/heartbeat"] = (200, {"every": 30, "orders": []})
    town.answers["/kiosk/device/stay"] = (200, {"stay": "first", "url": "about:blank"})
    town.answers["/kiosk/device/offline"] = (200, b"<p>900 000 011</p>")
    made = Agent(settings.Settings(**values))
    made.tested_on = __import__("time").strftime("%Y-%m-%d")
    yield made
    made.close()


# --- the browser ------------------------------------------------------------------------------


def test_a_browser_that_does_not_want_to_go_is_gone_with_everything(own):
    opened = browser.open_browser(own, "about:blank", "stay")
    for _ in range(100):
        if len(browser.processes_of(opened.profile)) >= 2 and any(opened.profile.rglob("Cookies")):
            break
        threading.Event().wait(0.05)
    assert list(opened.profile.rglob("Cookies"))

    proof = browser.wipe(opened)

    assert (proof["left"], proof["processes"], proof["stay"]) == (0, 0, "stay")
    assert not opened.profile.exists()
    assert list(Path(own.scratch).iterdir()) == []


def test_each_person_has_a_profile_of_their_own(own):
    first = browser.open_browser(own, "about:blank")
    browser.wipe(first)

    second = browser.open_browser(own, "about:blank")
    browser.wipe(second)

    assert first.profile != second.profile


def test_what_a_cut_of_power_left_is_swept(own):
    left = Path(own.scratch) / "profile-old" / "browser"
    left.mkdir(parents=True)
    (left / "Cookies").write_text("secret")

    assert browser.sweep(own) == 1
    assert list(Path(own.scratch).iterdir()) == []


def test_the_key_stands_outside_every_profile_and_is_for_this_user_alone(own):
    settings.keep_key(own, "secret")

    assert settings.read_key(own) == "secret"
    assert own.key_file.stat().st_mode & 0o077 == 0
    assert not own.key_file.is_relative_to(own.scratch)


# --- the agent --------------------------------------------------------------------------------


def test_a_wipe_is_proved_with_the_next_clean_start(agent, town):
    agent.step()
    before = agent.browser.profile
    order = {"code": "bcd", "kind": "wipe", "stay": "first"}
    town.answers["/kiosk/device/heartbeat"] = (200, {"every": 30, "orders": [order]})
    town.answers["/kiosk/device/stay"] = (200, {"stay": "second", "url": "about:blank"})
    agent.wake.set()

    agent.step()

    proof = json.loads(town.heard("/kiosk/device/stay")[-1])["wiped"]
    assert (proof["stay"], proof["left"], proof["processes"]) == ("first", 0, 0)
    assert agent.browser.stay == "second"
    assert agent.browser.profile != before
    assert not before.exists()
    assert json.loads(town.heard("/kiosk/device/orders/bcd")[0]) == {"outcome": "done"}


def test_an_errand_that_is_asked_for_again_is_done_once(agent, town):
    agent.step()
    order = {"code": "bcd", "kind": "wipe", "stay": "first"}
    town.answers["/kiosk/device/heartbeat"] = (200, {"every": 30, "orders": [order]})
    for _ in range(3):
        agent.wake.set()
        agent.step()

    assert len(town.heard("/kiosk/device/stay")) == 2
    assert len(town.heard("/kiosk/device/orders/bcd")) == 3


def test_a_browser_that_was_closed_by_whatever_key_is_a_clean_start(agent, town):
    agent.step()
    agent.browser.process.kill()
    agent.browser.process.wait()

    agent.step()

    assert len(town.heard("/kiosk/device/stay")) == 2
    assert agent.browser.is_running


def test_a_browser_that_falls_again_and_again_does_not_keep_the_town_hall_busy(agent, town):
    agent.own = settings.Settings(**{**agent.own.__dict__, "browser": "/bin/false"})

    for _ in range(40):
        agent.step()
        if agent.browser is not None:
            agent.browser.process.wait()

    assert 2 <= len(town.heard("/kiosk/device/stay")) <= 5
    assert agent.browser is None


def test_without_a_line_the_screen_shows_whom_to_call_and_comes_back_by_itself(agent, town):
    agent.step()
    for _ in range(50):
        if agent.own.offline_file.exists():
            break
        threading.Event().wait(0.05)
    before = agent.browser.profile
    town.answers["/kiosk/device/heartbeat"] = (503, {})
    agent.wake.set()
    agent.step()

    assert agent.is_offline
    assert not before.exists()
    assert b"900 000 011" in agent.pages.body

    town.answers["/kiosk/device/heartbeat"] = (200, {"every": 30, "orders": []})
    agent.wake.set()
    agent.step()
    assert not agent.is_offline
    assert agent.browser.stay == "first"


def test_a_line_that_is_gone_for_a_moment_takes_the_screen_from_nobody(agent, town):
    agent.own = settings.Settings(**{**agent.own.__dict__, "offline_after": 60.0})
    agent.step()
    there = agent.browser
    town.answers["/kiosk/device/heartbeat"] = (503, {})

    agent.wake.set()
    agent.step()

    assert (agent.is_offline, agent.browser) == (False, there)
    assert there.is_running
    agent.answered_at -= 61
    agent.wake.set()
    agent.step()
    assert agent.is_offline
    assert not there.is_running


def test_a_device_that_was_removed_throws_its_key_away_and_asks_again(agent, town):
    agent.step()
    town.answers["/kiosk/device/heartbeat"] = (403, {})
    agent.wake.set()

    agent.step()

    assert agent.house.key == ""
    assert settings.read_key(agent.own) == ""
    assert agent.browser is None


def test_a_new_device_shows_its_code_until_it_is_let_in(agent, town):
    settings.forget_key(agent.own)
    agent.house.key = ""
    asked = {"device_code": "d", "user_code": "BCDF-GHJK", "verification_uri": "http://x/office"}
    town.answers["/kiosk/device/enrol"] = (200, {**asked, "expires_in": 20, "interval": 0.01})
    town.answers["/kiosk/device/key"] = (428, {})
    turned = threading.Timer(
        0.3, lambda: town.answers.update({"/kiosk/device/key": (200, {"key": "new"})})
    )
    turned.start()

    agent.ask_to_be_let_in()

    assert b"BCDF-GHJK" in agent.pages.body
    assert settings.read_key(agent.own) == "new"


@pytest.mark.parametrize("status", [500, 502, 429])
def test_a_town_hall_in_trouble_is_no_refusal(town, status):
    town.answers["/x"] = (status, {})

    with pytest.raises(Unreachable):
        House(town.address, "k", "127.0.0.1").get("/x")


def test_a_town_hall_that_says_no_is_a_refusal(town):
    town.answers["/x"] = (410, {})

    with pytest.raises(Refused):
        House(town.address, "k", "127.0.0.1").get("/x")


def test_the_local_pages_answer_on_this_machine_alone():
    made = pages.Pages(0)
    try:
        made.show(pages.enrolment("BCDF-GHJK", "https://x<script>"))

        assert made.server.server_address[0] == "127.0.0.1"
        assert b"<script>" not in made.body
    finally:
        made.close()


# --- paper ------------------------------------------------------------------------------------


def with_scanner(own, *options: str, name: str = "test:0") -> settings.Settings:
    return settings.Settings(
        **{**own.__dict__, "scanner": name, "scan_dpi": 75, "scan_options": options}
    )


def test_a_sheet_on_the_glass_becomes_a_picture(own):
    assert paper.scan(with_scanner(own)).startswith(b"\xff\xd8\xff")


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("NO_DOCS", "no_paper"), ("DEVICE_BUSY", "busy"), ("JAMMED", "failed")],
)
def test_what_is_wrong_with_the_scanner_is_one_word(own, status, outcome):
    with pytest.raises(paper.PaperTrouble) as trouble:
        paper.scan(with_scanner(own, f"--read-return-value=SANE_STATUS_{status}"))

    assert trouble.value.outcome == outcome


def test_a_scanner_that_was_unplugged_is_none(own):
    with pytest.raises(paper.PaperTrouble) as trouble:
        paper.scan(with_scanner(own, name="nosuch:1"))

    assert trouble.value.outcome == "no_scanner"
    assert paper.scanner_state(with_scanner(own, name="nosuch:1")) == "none"


@pytest.fixture
def sheet(tmp_path) -> Path:
    file = tmp_path / f"sheet-{os.urandom(6).hex()}.pdf"
    file.write_bytes(A_SHEET)
    return file


A_SHEET = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\n"
    b"trailer<</Root 1 0 R>>\n%%EOF\n"
)


def with_printer(own, queue: str) -> settings.Settings:
    return settings.Settings(**{**own.__dict__, "printer": queue})


def test_a_sheet_is_printed_once(own, printing, sheet, monkeypatch):
    monkeypatch.setenv("CUPS_SERVER", printing.address)
    there = with_printer(own, "sheets")
    assert paper.printer_state(there) == "ready"

    paper.print_file(there, sheet)

    assert printing.take(sheet.stem).startswith(b"%PDF")


def test_a_printer_without_paper_says_so_and_keeps_nothing_for_the_next(
    own, printing, sheet, monkeypatch
):
    monkeypatch.setenv("CUPS_SERVER", printing.address)
    there = with_printer(own, "empty")

    with pytest.raises(paper.PaperTrouble) as trouble:
        paper.print_file(there, sheet)

    assert trouble.value.outcome == "no_paper"
    waiting = subprocess.run(["lpstat", "-o", "empty"], capture_output=True, text=True, check=False)
    assert waiting.stdout.strip() == ""
    assert paper.printer_state(there) == "no_paper"


def test_a_printer_that_stops_says_so_and_keeps_nothing_for_the_next(
    own, printing, sheet, monkeypatch
):
    monkeypatch.setenv("CUPS_SERVER", printing.address)
    there = with_printer(own, "jammed")

    outcomes = []
    for _ in range(2):  # in the middle of it, and before it begins
        with pytest.raises(paper.PaperTrouble) as trouble:
            paper.print_file(there, sheet)
        outcomes.append(trouble.value.outcome)

    waiting = subprocess.run(
        ["lpstat", "-o", "jammed"], capture_output=True, text=True, check=False
    )
    assert outcomes == ["stopped", "stopped"]
    assert waiting.stdout.strip() == ""
    assert paper.printer_state(there) == "stopped"


def test_an_errand_to_print_brings_every_page_and_leaves_nothing(
    agent, town, printing, monkeypatch
):
    """A record of three pages, as the town hall sends it, by the agent and a printer of CUPS."""
    monkeypatch.setenv("CUPS_SERVER", printing.address)
    agent.own = with_printer(agent.own, "sheets")
    pages = '#set page(paper: "a4")\nAct\n#pagebreak()\nCSV\n#pagebreak()\nEnd'
    town.answers["/kiosk/device/orders/act/paper"] = (200, bytes(typst.compile(pages.encode())))
    town.answers["/kiosk/device/orders/act"] = (204, b"")
    printed: list[Path] = []
    really = paper.print_file
    monkeypatch.setattr(
        paper, "print_file", lambda own, file: (printed.append(file), really(own, file))
    )

    agent.work({"code": "act", "kind": "print"})

    assert town.heard("/kiosk/device/orders/act") == [b'{"outcome": "done"}']
    sheet = PdfReader(BytesIO(printing.take(printed[0].stem)))
    assert len(sheet.pages) == 3
    assert not any(printed[0].parent.glob("sheet-*"))


@pytest.mark.parametrize(("queue", "outcome"), [("empty", "no_paper"), ("jammed", "stopped")])
def test_what_is_wrong_with_the_printer_reaches_the_town_hall(
    agent, town, printing, monkeypatch, queue, outcome
):
    monkeypatch.setenv("CUPS_SERVER", printing.address)
    agent.own = with_printer(agent.own, queue)
    town.answers["/kiosk/device/orders/one/paper"] = (200, b"%PDF-1.4 a sheet")
    town.answers["/kiosk/device/orders/one"] = (204, b"")

    agent.work({"code": "one", "kind": "print"})

    assert town.heard("/kiosk/device/orders/one") == [json.dumps({"outcome": outcome}).encode()]


def test_a_printer_that_is_not_there_is_none(own, printing, sheet, monkeypatch):
    monkeypatch.setenv("CUPS_SERVER", printing.address)

    with pytest.raises(paper.PaperTrouble) as trouble:
        paper.print_file(with_printer(own, "nothing"), sheet)

    assert trouble.value.outcome == "no_printer"


# --- what it knows ----------------------------------------------------------------------------


def test_facts_are_plain_and_fit_into_a_heartbeat(own):
    told = facts.facts(own)

    assert len(json.dumps(told)) < 2000
    assert told["uptime"] > 0
    assert set(told) >= {"camera", "microphone", "printer", "scanner", "version"}


def test_a_camera_shows_two_faces_and_is_one(tmp_path):
    for number, index, device in ((0, "0", "a"), (1, "1", "a"), (2, "0", "b")):
        entry = tmp_path / f"video{number}"
        entry.mkdir()
        (tmp_path / device).mkdir(exist_ok=True)
        (entry / "index").write_text(index)
        (entry / "device").symlink_to(tmp_path / device)

    assert facts.cameras_found(tmp_path) == 2


def test_tones_are_loud_and_silence_is_not(tmp_path):
    file = tmp_path / "tone.wav"
    sound.write_tones(file, ((750.0, 0.2),))

    assert sound.loud(file.read_bytes()[44:]) > sound.QUIET
    assert sound.loud(b"\0" * 4000) == 0


def test_a_machine_without_sound_says_so(own, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")

    assert sound.set_sound(own, 50, private=False) is False
    assert sound.headphones() is False


# --- the kit ----------------------------------------------------------------------------------


def test_the_policy_names_the_town_alone(tmp_path):
    policy = (KIT / "root/usr/share/ventanilla-kiosk/policy.json").read_text()
    said = json.loads(policy.replace("@ORIGIN@", "https://vilaclara.example.org"))

    assert said["URLBlocklist"] == ["*"]
    for one in said["URLAllowlist"]:
        assert one.startswith(("https://vilaclara.example.org/", "http://127.0.0.1:8089")), one
    assert said["VideoCaptureAllowedUrls"] == ["https://vilaclara.example.org"]
    assert said["DeveloperToolsAvailability"] == 2
    assert said["AllowFileSelectionDialogs"] is False


@pytest.mark.parametrize("kind", ["KEYBOARD", "MOUSE", "JOYSTICK"])
def test_what_is_plugged_in_moves_nothing_on_the_screen(kind):
    rules = (KIT / "root/etc/udev/rules.d/70-ventanilla-kiosk.rules").read_text()
    [rule] = [line for line in rules.splitlines() if f'ENV{{ID_INPUT_{kind}}}=="1"' in line]

    assert rule.endswith('ENV{LIBINPUT_IGNORE_DEVICE}="1"')


def configure(folder: Path, town: str) -> subprocess.CompletedProcess[str]:
    """The script of the kit, in a folder instead of this machine."""
    script = (KIT / "root/usr/lib/ventanilla-kiosk/configure").read_text()
    script = script.replace("/etc/", f"{folder}/etc/").replace(
        "/usr/share", f"{KIT}/root/usr/share"
    )
    words = ["sh", "-c", script, "configure", town]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def test_it_is_configured_for_a_town_and_for_another_without_losing_what_was_set_up(tmp_path):
    assert configure(tmp_path, "https://vilaclara.example.org/").returncode == 0
    kept = tmp_path / "etc/ventanilla-kiosk/kiosk.json"
    assert settings.load(str(kept)).town == "https://vilaclara.example.org"
    kept.write_text(json.dumps({"town": "https://vilaclara.example.org", "printer": "laser"}))

    assert configure(tmp_path, "https://etxalde.example.org:8443").returncode == 0

    own = settings.load(str(kept))
    assert (own.town, own.printer) == ("https://etxalde.example.org:8443", "laser")
    policy = (tmp_path / "etc/chromium/policies/managed/ventanilla.json").read_text()
    assert json.loads(policy)["VideoCaptureAllowedUrls"] == ["https://etxalde.example.org:8443"]
    assert "vilaclara" not in policy


@pytest.mark.parametrize(
    "town",
    [
        *("", "vilaclara.example.org", "file:///etc", "https://a.org/path", "https://a.org?x"),
        *("https://a.org#x", 'https://a.org","*', "https://a b.org", "https://*"),
    ],
)
def test_what_is_no_address_of_a_town_configures_nothing(tmp_path, town):
    assert configure(tmp_path, town).returncode != 0
    assert not list(tmp_path.rglob("*.json"))


@pytest.mark.parametrize("file", sorted((KIT / "root/etc/systemd/system").iterdir()), ids=str)
def test_systemd_understands_every_unit(file):
    told = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(file)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "SYSTEMD_LOG_LEVEL": "warning"},
    )
    about = [line for line in told.stderr.splitlines() if file.name in line]
    wrong = [
        line for line in about if "is not executable" not in line and "kiosk/update" not in line
    ]

    assert wrong == []


def test_a_release_that_somebody_else_signed_is_not_installed(tmp_path, town):
    run = {"check": True, "capture_output": True}
    for name in ("ours", "theirs"):
        key = tmp_path / f"{name}.key"
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", str(key)], **run)
        subprocess.run(
            ["openssl", "pkey", "-in", str(key), "-pubout", "-out", str(tmp_path / f"{name}.pem")],
            **run,
        )
    made = tmp_path / "made"
    subprocess.run([str(KIT / "package"), "9.1", str(tmp_path / "ours.key"), str(made)], **run)
    for name in ("package", "package.sig"):
        town.answers[f"/kiosk/device/{name}"] = (200, (made / name).read_bytes())
    settings_file = tmp_path / "kiosk.json"
    state = tmp_path / "state"
    own = {"town": town.address, "connect_to": "127.0.0.1", "state": str(state)}
    settings_file.write_text(json.dumps(own))
    settings.keep_key(settings.load(str(settings_file)), "the-key")
    (tmp_path / "VERSION").write_text("1.0")

    def update(signer: str) -> subprocess.CompletedProcess[str]:
        script = (KIT / "root/usr/lib/ventanilla-kiosk/update").read_text()
        script = script.replace("state=/var/lib/ventanilla-kiosk", f"state={state}")
        return subprocess.run(
            ["sh", "-c", script],
            capture_output=True,
            text=True,
            check=False,
            env={
                **os.environ,
                "PYTHONPATH": str(KIT),
                "VENTANILLA_KIOSK_SETTINGS": str(settings_file),
                "VENTANILLA_KIOSK_SIGNER": str(tmp_path / f"{signer}.pem"),
                "VENTANILLA_KIOSK_VERSION": str(tmp_path / "VERSION"),
                "VENTANILLA_KIOSK_INSTALL": "dpkg-deb -I",
            },
        )

    assert "Version 9.1 is installed" in update("ours").stdout
    assert update("theirs").returncode == 1
    (tmp_path / "VERSION").write_text("9.2")
    assert "here already" in update("ours").stdout
