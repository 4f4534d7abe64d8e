"""Papers: ten megabytes over a poor line that breaks, and what bombs take of the memory.

The line is measured with a browser in a network of its own, which needs root and `/dev/net/tun`.
"""

import argparse
import io
import sys
import time
import zlib
from pathlib import Path
from tempfile import TemporaryDirectory

from bad_line import TOWN, BadLine, NoNamespaces, bad_line, door
from browsers import CHROMIUM, FLAGS
from counter import Counter, opened
from figures import Figure, alone, progress
from PIL import Image
from playwright.sync_api import Page, sync_playwright
from pypdf import PdfWriter
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    StreamObject,
)
from run import attempt

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from app.papers import sandbox  # noqa: E402 - found once the root is on the path
from app.papers.reader import MEMORY  # noqa: E402

PLACE = "vilaclara"
MEGABYTE = 1024 * 1024
SIZE = 10_000_000
RATE = 1_000_000.0
CUT_SECONDS = 10
LONG = 400_000


def measure(wanted: argparse.Namespace) -> list[Figure]:
    found = attempt("bombs", of_bombs)
    found += attempt("ordinary papers", of_ordinary_papers)
    with opened() as counter:
        found += attempt("poor line", lambda: of_a_poor_line(counter))
    return found


# --- what is read -----------------------------------------------------------------------------


def of_bombs() -> list[Figure]:
    """The most memory of all of them, and the longest time."""
    read = [(name, *_read(kind, content)) for name, kind, content in bombs()]
    for name, seconds, told in read:
        progress(f"papers: {name}: {told.refused or 'read'} in {seconds:.1f} s")
    heaviest = max(read, key=lambda one: one[2].peak_kilobytes)
    longest = max(read, key=lambda one: one[1])
    limit = MEMORY / MEGABYTE
    return [
        Figure(
            "bombs: memory of the reader",
            heaviest[2].peak_kilobytes / 1024,
            "MB",
            limit,
            limit / 2,
            samples=len(read),
            note=f"most: {heaviest[0]}",
        ),
        Figure("bombs: time", longest[1], "s", 50, 10, samples=len(read), note=longest[0]),
    ]


def of_ordinary_papers() -> list[Figure]:
    """How soon a paper can be read once it has come."""
    scanned = io.BytesIO()
    pages = [Image.effect_noise((1240, 1754), 40) for _ in range(10)]
    pages[0].save(scanned, "PDF", save_all=True, append_images=pages[1:])
    taken = io.BytesIO()
    Image.effect_noise((4000, 3000), 60).convert("RGB").save(taken, "JPEG", quality=85)
    found = []
    for name, kind, content in (
        ("PDF of ten scanned pages", "pdf", scanned.getvalue()),
        ("photograph of 12 megapixels", "jpeg", taken.getvalue()),
    ):
        seconds, told = _read(kind, content)
        note = f"{len(content) / 1e6:.1f} MB, {told.peak_kilobytes / 1024:.0f} MB of memory"
        found.append(Figure(f"{name}: read", seconds, "s", 10, 3, note=note))
    return found


def _read(kind: str, content: bytes) -> tuple[float, sandbox.Reading]:
    with TemporaryDirectory() as name:
        original = Path(name) / "original"
        original.write_bytes(content)
        begun = time.perf_counter()
        told = sandbox.read(original, kind, most_pages=60)
        return time.perf_counter() - begun, told


def bombs() -> list[tuple[str, str, bytes]]:
    return [
        ("PNG of 400 megapixels", "png", _image("PNG", "1", 20_000)),
        ("PNG of 144 megapixels", "png", _image("PNG", "1", 12_000)),
        ("JPEG of 144 megapixels", "jpeg", _image("JPEG", "L", 12_000)),
        ("PNG of 40 megapixels with alpha", "png", _image("PNG", "RGBA", 6_300)),
        ("PDF that unpacks to 512 MB", "pdf", _pdf(_unpacks)),
        ("PDF with forms within forms", "pdf", _pdf(_forms_within_forms)),
        ("PDF with a picture of 400 megapixels", "pdf", _pdf(_huge_picture)),
        ("PDF whose pages go round", "pdf", _pdf(_goes_round)),
        ("PDF of 200,000 objects", "pdf", _pdf(_many_objects)),
    ]


def _image(kind: str, mode: str, side: int) -> bytes:
    into = io.BytesIO()
    Image.new(mode, (side, side)).save(into, kind)
    return into.getvalue()


def _pdf(change: object) -> bytes:
    writer = PdfWriter()
    writer.add_blank_page(595, 842)
    change(writer)  # type: ignore[operator]
    into = io.BytesIO()
    writer.write(into)
    return into.getvalue()


def _unpacks(writer: PdfWriter) -> None:
    packing, piece = zlib.compressobj(9), b"q Q " * (256 * 1024)
    packed = b"".join(packing.compress(piece) for _ in range(512)) + packing.flush()
    stream = StreamObject()
    stream._data = zlib.compress(packed, 9)
    stream[NameObject("/Filter")] = ArrayObject([NameObject("/FlateDecode")] * 2)
    writer.pages[0][NameObject("/Contents")] = writer._add_object(stream)


def _forms_within_forms(writer: PdfWriter) -> None:
    """Each draws the next one twenty times: twenty to the power of eight."""
    inner = None
    for _ in range(9):
        form = DecodedStreamObject()
        form.set_data(b"/In Do " * 20 if inner else b"0 0 9 9 re f")
        form[NameObject("/Type")] = NameObject("/XObject")
        form[NameObject("/Subtype")] = NameObject("/Form")
        form[NameObject("/BBox")] = ArrayObject([NumberObject(side) for side in (0, 0, 595, 842)])
        if inner:
            form[NameObject("/Resources")] = _resources("/In", inner)
        inner = writer._add_object(form)
    page = writer.pages[0]
    page[NameObject("/Resources")] = _resources("/In", inner)
    content = DecodedStreamObject()
    content.set_data(b"/In Do " * 20)
    page[NameObject("/Contents")] = writer._add_object(content)


def _resources(name: str, thing: object) -> DictionaryObject:
    named = DictionaryObject({NameObject(name): thing})
    return DictionaryObject({NameObject("/XObject"): named})


def _huge_picture(writer: PdfWriter) -> None:
    stream = StreamObject()
    stream._data = zlib.compress(bytes(400_000_000), 9)
    names = {"/Type": "/XObject", "/Subtype": "/Image", "/ColorSpace": "/DeviceGray"}
    for name, value in {**names, "/Filter": "/FlateDecode"}.items():
        stream[NameObject(name)] = NameObject(value)
    for name, number in {"/Width": 20_000, "/Height": 20_000, "/BitsPerComponent": 8}.items():
        stream[NameObject(name)] = NumberObject(number)
    writer.pages[0][NameObject("/Resources")] = _resources("/Big", writer._add_object(stream))


def _goes_round(writer: PdfWriter) -> None:
    pages = writer._root_object["/Pages"]
    pages[NameObject("/Kids")] = ArrayObject([pages.indirect_reference] * 40)


def _many_objects(writer: PdfWriter) -> None:
    for number in range(200_000):
        writer._add_object(NumberObject(number))


# --- what comes -------------------------------------------------------------------------------


def of_a_poor_line(counter: Counter) -> list[Figure]:
    try:
        with bad_line() as line, door(line, counter.port):
            return _over(counter, line)
    except NoNamespaces as trouble:
        return [Figure("10 MB at 1 Mbit/s", None, samples=0, note=str(trouble)[:80])]


def _over(counter: Counter, line: BadLine) -> list[Figure]:
    """Ten megabytes from a browser at home, with ten seconds without network in the middle."""
    paper = io.BytesIO()
    picture = Image.effect_noise((3400, 3400), 90).convert("RGB")
    picture.save(paper, "JPEG", quality=95, subsampling=0)
    content = paper.getvalue()[:SIZE]
    content += bytes(SIZE - len(content))
    with sync_playwright() as running, TemporaryDirectory() as name:
        file = Path(name) / "foto.jpg"
        file.write_bytes(content)
        flags = [*FLAGS, f"--host-resolver-rules=MAP *.localhost {TOWN}"]
        home = running.chromium.launch(
            executable_path=line.wrapper(line.home, CHROMIUM), args=flags
        )
        # The questions that we ask of a page are written into it, which its policy forbids.
        page = home.new_context(bypass_csp=True).new_page()
        page.set_default_timeout(LONG)
        _at_the_papers(counter, page)
        progress("papers: 10 MB at 1 Mbit/s, with a cut")
        line.be(delay=0.05, rate=RATE)
        begun = time.perf_counter()
        page.locator("#papers-file").set_input_files(file)
        page.locator(".sending__bar").wait_for()
        page.wait_for_function("document.querySelector('.sending__bar').value >= 40")
        line.is_cut = True
        page.wait_for_timeout(CUT_SECONDS * 1000)
        line.is_cut = False
        page.locator('.paper:is([data-state="ready"], [data-state="refused"])').wait_for()
        seconds = time.perf_counter() - begun
        home.close()
    least = SIZE * 8 / RATE
    note = f"{least:.0f} s at least, {CUT_SECONDS} s without network"
    return [
        Figure("10 MB at 1 Mbit/s with a cut: there", seconds, "s", least * 2, 110, note=note),
    ]


def _at_the_papers(counter: Counter, page: Page) -> None:
    page.goto(counter.at(PLACE, "/demo/"))
    page.locator("#demo-wait").click()
    page.wait_for_url("**/wait")
    page.goto(page.url.replace("/wait", "/papers"))
    page.locator(".paper-desk[data-ready]").wait_for()


if __name__ == "__main__":
    alone(measure, __doc__)
