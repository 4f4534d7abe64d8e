"""Reads one paper, page by page, and writes it anew. A program by itself: nothing of ours is here.

It runs in a process of its own with little memory, little time, no network and no files but those
it is given, because what it reads was made by strangers. It gets a folder with `original`, leaves
there `clean.pdf`, `clean.jpeg` or `clean.png` and `sheet-1.webp`…, and says in one line of JSON
what it found.
"""

import contextlib
import ctypes
import json
import os
import re
import resource
import runpy
import subprocess
import sys
import unicodedata
import warnings
from pathlib import Path
from typing import Any

MEGABYTE = 1024 * 1024
# Addresses, not pages in use: an interpreter alone takes a tenth of it.
MEMORY = 768 * MEGABYTE
PROCESSOR_SECONDS = 40
LARGEST_FILE = 64 * MEGABYTE
OPEN_FILES = 64

MOST_PIXELS = 40_000_000
LONGEST_SIDE = 3_500  # of an image that is kept
SHEET_SIDE = 2_000  # of a page that is looked at: small letters of A4 can be read
THUMB_SIDE = 320
MOST_OBJECTS = 60_000
LARGEST_STREAM = 32 * MEGABYTE  # of what is drawn on a page, unpacked
MOST_UNPACKED = 200 * MEGABYTE
MOST_TEXT = 20_000  # signs of one page

# What a camera writes about how it was held, and how that is put right.
TURNS = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}

# What programs are made of: the interpreter, libraries, poppler, fonts. And what is nothing.
PROGRAMS = (
    *(Path(sys.prefix), Path(sys.base_prefix)),
    *map(Path, ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache")),
    *map(Path, ("/etc/fonts", "/var/cache/fontconfig", "/proc/self/status")),
)
PLACES_TO_SPEAK = (Path(os.devnull),)

NEW_USER, NEW_NETWORK = 0x10000000, 0x40000000
NO_NEW_PRIVILEGES = 38

# What only somebody who means harm puts into a paper.
REFUSED_ACTIONS = {"/Launch", "/ImportData", "/GoToE", "/SubmitForm", "/RichMediaExecute"}
# What serious forms carry, and nobody needs for reading: it is not in what we write anew.
TAKEN_OUT = {"/JS": "scripts", "/EF": "files", "/XFA": "form", "/RichMedia": "media"}


class Refused(Exception):
    """The reason, in one word that the house has a sentence for."""


def confine(folder: Path) -> bool:
    """From here on: so much, that folder, and no more, for us and for what we start.

    Returns whether this kernel could take the other files away.
    """
    limits = {
        resource.RLIMIT_AS: MEMORY,
        resource.RLIMIT_CPU: PROCESSOR_SECONDS,
        resource.RLIMIT_FSIZE: LARGEST_FILE,
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_CORE: 0,
    }
    for kind, most in limits.items():
        resource.setrlimit(kind, (most, most))
    system = ctypes.CDLL(None, use_errno=True)
    system.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    # A network of its own is an empty one. A machine that forbids it has the other locks.
    if system.unshare(NEW_NETWORK) != 0:
        system.unshare(NEW_USER | NEW_NETWORK)
    locks = runpy.run_path(str(Path(__file__).with_name("locks.py")))
    locks["open_no_sockets"]()

    def keep() -> bool:
        return bool(locks["keep_to"](folder, PROGRAMS, PLACES_TO_SPEAK))

    return locks["survives"](keep) and keep()


def read_pdf(folder: Path, most_pages: int) -> dict[str, Any]:
    taken_out = inspect(folder / "original", most_pages)
    clean = folder / "clean.pdf"
    # Drawn anew: what is not drawn (scripts, actions, attached files) has nowhere to be.
    run("pdftocairo", "-pdf", "original", "clean.pdf", folder=folder)
    if inspect(clean, most_pages):
        raise Refused("odd")
    texts = run("pdftotext", "-enc", "UTF-8", "clean.pdf", "-", folder=folder).split(b"\f")
    sheets = []
    for number in range(1, pages_of(clean) + 1):
        place = ("-f", str(number), "-l", str(number), "-singlefile", "clean.pdf", "drawn")
        run("pdftoppm", "-scale-to", str(SHEET_SIDE), *place, folder=folder)
        text = texts[number - 1] if number <= len(texts) else b""
        sheets.append(draw(folder / "drawn.ppm", folder, number, readable(text)))
        (folder / "drawn.ppm").unlink()
    return {"clean": "clean.pdf", "sheets": sheets, "taken_out": taken_out}


def pages_of(file: Path) -> int:
    from pypdf import PdfReader

    return len(PdfReader(file).pages)


def inspect(file: Path, most_pages: int) -> list[str]:
    """Look at every object. What must not be there is refused; what will be left out is named."""
    from pypdf import PdfReader, overwrite_configuration
    from pypdf.errors import LimitReachedError, PyPdfError

    overwrite_configuration(zlib_maximum_output_length=LARGEST_STREAM)
    found: set[str] = set()
    try:
        reader = PdfReader(file)
        if reader.is_encrypted and not reader.decrypt(""):
            raise Refused("locked")
        if not reader.pages:
            raise Refused("empty")
        if len(reader.pages) > most_pages:
            raise Refused("pages")
        numbers = {number for rows in reader.xref.values() for number in rows}
        numbers |= set(reader.xref_objStm)
        if len(numbers) > MOST_OBJECTS:
            raise Refused("bomb")
        unpacked = 0
        for number in numbers:
            thing = reader.get_object(number)
            look_into(thing, found)
            unpacked += unpack(thing)
            if unpacked > MOST_UNPACKED:
                raise Refused("bomb")
        look_into(reader.trailer, found)
    except Refused:
        raise
    except MemoryError:
        raise
    except LimitReachedError as error:
        raise Refused("bomb") from error
    except PyPdfError as error:
        raise Refused("broken") from error
    except Exception as error:  # a parser that stumbles has understood nothing
        raise Refused("broken") from error
    return sorted(found)


def look_into(thing: Any, found: set[str], depth: int = 0) -> None:
    """One object with what stands directly in it. What it points to has a turn of its own."""
    if depth > 60:
        raise Refused("bomb")
    if isinstance(thing, dict):
        if thing.get("/NeedsRendering"):
            raise Refused("form")
        if str(thing.get("/S")) in REFUSED_ACTIONS and "/Type" not in thing:
            raise Refused("actions")
        if str(thing.get("/S")) in REFUSED_ACTIONS and str(thing.get("/Type")) == "/Action":
            raise Refused("actions")
        for key, name in TAKEN_OUT.items():
            if key in thing or str(thing.get("/Subtype")) == key:
                found.add(name)
        inside = list(thing.values())
    elif isinstance(thing, list):
        inside = list(thing)
    else:
        return
    for one in inside:
        if isinstance(one, dict | list):
            look_into(one, found, depth + 1)


def unpack(thing: Any) -> int:
    """How many bytes it is without its packing; a small file may hide a very large page."""
    if not isinstance(thing, dict) or not hasattr(thing, "get_data"):
        return 0
    if thing.get("/Subtype") == "/Image":
        if int(thing.get("/Width", 0)) * int(thing.get("/Height", 0)) > MOST_PIXELS:
            raise Refused("pixels")
        return 0
    size = len(thing.get_data())
    thing.decoded_self = None  # type: ignore[attr-defined]  # it would be kept
    return size


def run(*words: str, folder: Path) -> bytes:
    """A program of poppler, under the same limits."""
    done = subprocess.run(words, cwd=folder, capture_output=True, check=False, timeout=60)
    if done.returncode != 0:
        raise Refused("bomb" if done.returncode < 0 or b"memory" in done.stderr else "broken")
    return done.stdout


def read_image(folder: Path, kind: str) -> dict[str, Any]:
    from PIL import Image, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = MOST_PIXELS // 2  # Pillow itself refuses at twice as much
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)
    try:
        with Image.open(folder / "original", formats=(kind.upper(),)) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise Refused("pixels")
            opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # a JPEG is made smaller as it comes
            opened.load()
            turned = opened.getexif().get(0x0112)
            image = on_white(smaller(opened))
    except Image.DecompressionBombError as error:
        raise Refused("pixels") from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError) as error:
        raise Refused("broken") from error
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    if turned in TURNS:
        image = image.transpose(Image.Transpose(TURNS[turned]))
    clean = f"clean.{kind}"
    image.save(folder / clean, kind.upper(), **({"quality": 88} if kind == "jpeg" else {}))
    return {"clean": clean, "sheets": [draw(folder / clean, folder, 1, "")], "taken_out": []}


def smaller(image: Any) -> Any:
    """Nearly as small as it will be kept, before anything is made of it: copies take memory."""
    times = -(-max(image.size) // LONGEST_SIDE)
    if times < 2 or image.mode not in ("L", "RGB", "RGBA", "CMYK", "LA"):
        return image
    return image.reduce(times)


def on_white(image: Any) -> Any:
    """Only its colours: no layer, no palette, nothing of what was written beside them."""
    from PIL import Image

    if image.mode in ("1", "L"):
        plain = image.convert("L")
    elif image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        above = image.convert("RGBA")
        plain = Image.new("RGB", above.size, "white")
        plain.paste(above, mask=above.getchannel("A"))
    elif image.mode.startswith("I"):
        plain = image.point(lambda value: value / 256).convert("L")
    else:
        plain = image.convert("RGB")
    plain.info = {}
    return plain


def draw(source: Path, folder: Path, number: int, text: str) -> dict[str, Any]:
    """A page as it is looked at; of the first one, a small picture too."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    with Image.open(source) as opened:
        page = opened.convert("RGB")
    page.thumbnail((SHEET_SIDE, SHEET_SIDE))
    page.save(folder / f"sheet-{number}.webp", "WEBP", quality=68, method=2)
    told = {"width": page.width, "height": page.height, "text": text}
    if number == 1:
        page.thumbnail((THUMB_SIDE, THUMB_SIDE))
        page.save(folder / "thumb.webp", "WEBP", quality=60, method=2)
    return told


def readable(text: bytes) -> str:
    """Letters and lines, without signs that turn or hide others."""
    signs = text.decode("utf-8", "replace")[:MOST_TEXT]
    kept = (one for one in signs if one == "\n" or unicodedata.category(one)[0] != "C")
    return "".join(kept).strip()


def answer(folder: Path, kind: str, most_pages: int) -> dict[str, Any]:
    try:
        if kind == "pdf":
            return read_pdf(folder, most_pages)
        return read_image(folder, kind)
    except Refused as refused:
        return {"refused": str(refused)}
    except (MemoryError, RecursionError, subprocess.TimeoutExpired):
        return {"refused": "bomb"}


def main() -> None:
    folder, kind, most_pages = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    is_kept = confine(folder)
    os.chdir(folder)
    with contextlib.redirect_stdout(sys.stderr):
        told = answer(folder, kind, most_pages)
    sys.stdout.write(json.dumps({**told, "is_kept": is_kept, "peak_kilobytes": peak()}))


def peak() -> int:
    """The most memory that we, or what we started, had in use."""
    own = re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())
    return max(int(own[1]) if own else 0, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)


if __name__ == "__main__":
    main()
