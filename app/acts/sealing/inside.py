"""What a sealed file carries with it."""

from io import BytesIO
from typing import Any

from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader

from app.acts.sealing.strict import Altered


def manifest_in(content: bytes) -> bytes:
    """The manifest, as it is attached."""
    return attachments_in(content)["manifest.json"]


def attachments_in(content: bytes) -> dict[str, bytes]:
    try:
        names = PdfFileReader(BytesIO(content)).root["/Names"]["/EmbeddedFiles"]
        return dict(_files(names))
    except (PdfError, KeyError, TypeError, ValueError) as error:
        raise Altered("it carries no manifest") from error


def _files(node: Any) -> Any:
    for kid in node.get("/Kids", []):
        yield from _files(kid.get_object())
    pairs = list(node.get("/Names", []))
    for name, spec in zip(pairs[::2], pairs[1::2], strict=True):
        yield str(name), spec.get_object()["/EF"]["/F"].data
