"""Tables for other programs: values with semicolons, as spreadsheets here open them."""

import csv
import io
import re
from collections.abc import Iterable, Sequence

from flask import Response

# What a spreadsheet would take for something to work out, were it the first sign of a cell.
WORKS_OUT = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
NUMBER = re.compile(r"-?\d+([.,]\d+)?")


def safe(value: object) -> str:
    """A text that stays a text wherever it is opened; numbers stay numbers."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    text = str(value)
    if text.lstrip(" \u00a0\ufeff").startswith(WORKS_OUT) and not NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def written(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    sheet = csv.writer(text, delimiter=";", lineterminator="\r\n")
    sheet.writerow([safe(one) for one in head])
    for row in rows:
        sheet.writerow([safe(one) for one in row])
    return text.getvalue()


def answer(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """A file to keep. The mark at its beginning tells old spreadsheets that it is UTF-8."""
    response = Response("\ufeff" + written(head, rows), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response
