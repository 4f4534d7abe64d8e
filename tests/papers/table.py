"""Pages on a table, as the camera of a telephone sees them: aslant, and half in shadow."""

import io
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFont

FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf"
PAGE = (840, 1188)
SIZE = (960, 1280)
# The corners of each page in the picture, from the top left one the way of the clock; and a table.
LIES = (
    ((150, 120), (820, 170), (880, 1150), (90, 1180)),
    ((200, 180), (860, 110), (830, 1200), (130, 1120)),
    ((110, 150), (790, 130), (860, 1180), (170, 1210)),
)
TABLES = ((92, 40, 30), (28, 80, 40), (34, 44, 110))
HELD = 60  # pictures of each page: two seconds


def a_page(number: int) -> Image.Image:
    page = Image.new("RGB", PAGE, "white")
    drawing = ImageDraw.Draw(page)
    drawing.rectangle((40, 40, 800, 1148), outline="black", width=4)
    drawing.text((90, 110), f"PAGINA {number}", font=ImageFont.truetype(FONT, 90), fill="black")
    for line in range(22):
        words = f"{line + 1:02} el vei de la vila declara {number}"
        drawing.text((90, 300 + 36 * line), words, font=ImageFont.truetype(FONT, 26), fill="black")
    return page


def a_picture(number: int) -> Image.Image:
    """What the camera sees while that page lies there."""
    table = Image.new("RGB", SIZE, TABLES[number - 1])
    way = projection(LIES[number - 1])
    flat = a_page(number).transform(
        SIZE, Image.Transform.PERSPECTIVE, way, Image.Resampling.BICUBIC
    )
    where = Image.new("L", PAGE, 255).transform(SIZE, Image.Transform.PERSPECTIVE, way)
    table.paste(flat, mask=where)
    shadow = Image.linear_gradient("L").resize(SIZE).point(lambda light: 165 + light * 90 // 255)
    return ImageChops.multiply(table, Image.merge("RGB", (shadow,) * 3))


def projection(corners: tuple[tuple[int, int], ...]) -> list[float]:
    """From a place in the picture to its place on the page, as Pillow wants it."""
    wide, high = PAGE
    rows = []
    for (x, y), (u, v) in zip(corners, ((0, 0), (wide, 0), (wide, high), (0, high)), strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y, u])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y, v])
    for step in range(8):
        pivot = max(range(step, 8), key=lambda row, step=step: abs(rows[row][step]))
        rows[step], rows[pivot] = rows[pivot], rows[step]
        for other in range(8):
            if other != step:
                times = rows[other][step] / rows[step][step]
                pairs = zip(rows[other], rows[step], strict=True)
                rows[other] = [mine - times * theirs for mine, theirs in pairs]
    return [rows[step][8] / rows[step][step] for step in range(8)]


def film(file: Path) -> Path:
    """The three pages, one after the other and round again: what Chromium takes for a camera."""
    with file.open("wb") as into:
        for number in (1, 2, 3):
            picture = io.BytesIO()
            a_picture(number).save(picture, "JPEG", quality=88)
            into.write(picture.getvalue() * HELD)
    return file
