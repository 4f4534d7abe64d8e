"""Everything in one file: the citizen's proof package, and the court's (ASiC-E).

The recording is put in as it is read, piece by piece, so that nothing of it is on a disk.
"""

import asyncio
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from io import BytesIO, RawIOBase
from pathlib import Path
from typing import Any, BinaryIO
from xml.etree import ElementTree as ET

from flask import current_app
from pyhanko.sign.signers.pdf_cms import Signer as Hand

from app.acts import manifest, recorded, sealing, words
from app.acts.errors import Damaged, NotSealedYet
from app.acts.manifest import Facts, digest_of
from app.acts.models import SealedAct
from app.acts.sealing import keys
from app.acts.sealing.stamper import HouseStamps
from app.acts.services.making import read
from app.archive import queries as kept
from app.archive import services as archive
from app.core import clock
from app.core.blocking import sees_blocked
from app.core.i18n import speaking
from app.core.timestamps import NoStamp

ASIC = "application/vnd.etsi.asic-e+zip"
ASIC_XML = "http://uri.etsi.org/02918/v1.2.1#"
DSIG = "http://www.w3.org/2000/09/xmldsig#"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
ENI = "http://administracionelectronica.gob.es/ENI/XSD/v1.0"
INDEX = f"{ENI}/expediente-e/indice-e"
CONTENT = f"{INDEX}/contenido"
SIGNED = f"{ENI}/firma"
PIECE = 256 * 1024


@dataclass(frozen=True)
class Part:
    """One file of a package: small ones in memory, what is long by its place in the archive."""

    name: str
    media_type: str
    sha256: str
    content: bytes = b""
    stored: str = ""  # its code in the archive
    size: int = 0

    def opened(self) -> BinaryIO:
        if self.stored:
            return archive.open_file(kept.file_or_404(self.stored))
        return BytesIO(self.content)


def proof_package(act: SealedAct) -> Iterator[bytes]:
    """What its citizen takes home: the act, what it says as data, and with what to check it.

    Papers are named in it and not put in: who has the link of a visit need not have them again.
    """
    return _zipped([*_parts(act)])


def court_package(act: SealedAct) -> Iterator[bytes]:
    """ASiC-E: the same with the papers, and one signature over all of it beside it (CAdES).

    What is blocked is kept for courts and for nobody else: here it is whole.
    """
    with sees_blocked():
        parts = [*_parts(act, with_papers=True), _index_part(act)]
        listed = _asic_manifest(parts)
        signature = _signed(listed)
        return _zipped(
            [
                *parts,
                _part("META-INF/ASiCManifest001.xml", listed, "text/xml"),
                _part("META-INF/signature001.p7s", signature, "application/pkcs7-signature"),
            ],
            mimetype=ASIC,
        )


def index_of(act: SealedAct) -> bytes:
    """The electronic index of what there is (NTI Expediente, ENI 1.0), with each digest (R9)."""
    with sees_blocked():
        documents = [*_documents(act)]
    root = ET.Element(f"{{{INDEX}}}indice")
    content = ET.SubElement(root, f"{{{INDEX}}}IndiceContenido", Id="CONTENT")
    made = manifest.at_second(clock.now())
    ET.SubElement(content, f"{{{CONTENT}}}FechaIndiceElectronico").text = made
    for number, (name, digest, joined) in enumerate(documents, start=1):
        one = ET.SubElement(content, f"{{{CONTENT}}}DocumentoIndizado", Id=f"DOC{number}")
        for tag, text in (
            ("IdentificadorDocumento", name),
            ("ValorHuella", digest),
            ("FuncionResumen", SHA256),
            ("FechaIncorporacionExpediente", joined),
            ("OrdenDocumentoExpediente", str(number)),
        ):
            ET.SubElement(one, f"{{{CONTENT}}}{tag}").text = text
    hands = ET.SubElement(root, f"{{{SIGNED}}}firmas")
    hand = ET.SubElement(hands, f"{{{SIGNED}}}firma", Id="SIGNATURE1", ref="#CONTENT")
    ET.SubElement(hand, f"{{{SIGNED}}}TipoFirma").text = "TF01"
    said = ET.SubElement(ET.SubElement(hand, f"{{{SIGNED}}}ContenidoFirma"), f"{{{SIGNED}}}CSV")
    ET.SubElement(said, f"{{{SIGNED}}}ValorCSV").text = manifest.shown_csv(act)
    ET.SubElement(said, f"{{{SIGNED}}}RegulacionGeneracionCSV").text = "Ley 40/2015, art. 42"
    for prefix, name in (("indice", INDEX), ("contenido", CONTENT), ("firma", SIGNED)):
        ET.register_namespace(prefix, name)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def name_of(act: SealedAct, ending: str) -> str:
    return f"{act.identifier}.{ending}"


def _documents(act: SealedAct) -> Iterator[tuple[str, str, str]]:
    """Every edition of the act, and what was recorded, in the order in which they came."""
    for edition in act.editions:
        suffix = "" if edition.number == 1 else f"_{edition.number}"
        yield f"{act.identifier}{suffix}", edition.sha256, manifest.at_second(edition.made_at)
    for file in _facts(act)["files"]:
        yield file["name"], file["sha256"], file["at"]


def _facts(act: SealedAct) -> Facts:
    return manifest.read_again(_attached(act)["manifest.json"])


def _attached(act: SealedAct) -> dict[str, bytes]:
    if act.edition is None:
        raise NotSealedYet
    try:
        return sealing.attachments_in(read(act.edition))
    except sealing.Altered as error:
        raise Damaged from error


def _parts(act: SealedAct, *, with_papers: bool = False) -> Iterator[Part]:
    if act.edition is None:
        raise NotSealedYet
    attached = _attached(act)
    facts = manifest.read_again(attached["manifest.json"])
    yield _part("act.pdf", read(act.edition), "application/pdf")
    for name, content in attached.items():
        yield _part(name, content, "application/octet-stream")
    stored = {one.sha256: one.id for one in kept.files_of(act.owner)}
    for file in facts["files"]:
        is_paper = file["name"].startswith(manifest.PAPER)
        if is_paper and not with_papers:
            continue
        if file["sha256"] in stored:  # what was destroyed since is named, and no more
            yield Part(
                f"{'papers' if is_paper else 'recording'}/{file['name']}",
                file["media_type"],
                file["sha256"],
                stored=stored[file["sha256"]],
                size=file["bytes"],
            )
    if "meeting" in facts["ledger"]:  # else its lines are those of the town's record
        for name, content in recorded.ledger_files(act.visit, facts["ledger"]["head"]["number"]):
            yield _part(name, content, "application/octet-stream")
    yield _part("roots.pem", keys.roots_in_pem(), "application/x-pem-file")
    yield _part("verify.sh", _verifier(), "text/x-shellscript")
    yield _part("README.txt", _instructions(act), "text/plain")


def _verifier() -> bytes:
    return (Path(current_app.config["ROOT"]) / "tools" / "verify.sh").read_bytes()


def _instructions(act: SealedAct) -> bytes:
    """How to check it, in the citizen's language and in Spanish."""
    slugs = dict.fromkeys((act.language, "es"))
    said = []
    for slug in slugs:
        with speaking(slug):
            said.append("\n".join(words.instructions(act)))
    return ("\n\n---\n\n".join(said) + "\n").encode()


def _part(name: str, content: bytes, media_type: str) -> Part:
    return Part(name, media_type, digest_of(content), content=content, size=len(content))


def _index_part(act: SealedAct) -> Part:
    return _part("index.xml", index_of(act), "application/xml")


def _asic_manifest(parts: list[Part]) -> bytes:
    ET.register_namespace("asic", ASIC_XML)
    ET.register_namespace("ds", DSIG)
    root = ET.Element(f"{{{ASIC_XML}}}ASiCManifest")
    ET.SubElement(
        root,
        f"{{{ASIC_XML}}}SigReference",
        URI="META-INF/signature001.p7s",
        MimeType="application/pkcs7-signature",
    )
    for part in parts:
        one = ET.SubElement(
            root, f"{{{ASIC_XML}}}DataObjectReference", URI=part.name, MimeType=part.media_type
        )
        ET.SubElement(one, f"{{{DSIG}}}DigestMethod", Algorithm=SHA256)
        value = manifest.base64_of(part.sha256)
        ET.SubElement(one, f"{{{DSIG}}}DigestValue").text = value
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _signed(content: bytes) -> bytes:
    """CAdES by the town's seal, detached; with a time stamp when one is to be had."""
    with sealing.in_hand() as sealer:
        for stamper in (HouseStamps().with_example(), None):
            with suppress(NoStamp):
                token = asyncio.run(_sign(sealer.signer, content, stamper))
                return bytes(token.dump())
    raise NotSealedYet


async def _sign(hand: Hand, content: bytes, stamper: HouseStamps | None) -> Any:
    return await hand.async_sign_general_data(
        content, "sha256", detached=True, use_cades=True, timestamper=stamper
    )


# --- a zip that is given away as it is written ---------------------------------------------------


class _Pipe(RawIOBase):
    """What was written and not yet taken. It cannot go back, and zip does not need it to."""

    def __init__(self) -> None:
        self.waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        self.waiting += content
        return len(content)

    def taken(self) -> bytes:
        content = bytes(self.waiting)
        self.waiting.clear()
        return content


def _zipped(parts: list[Part], mimetype: str = "") -> Iterator[bytes]:
    """Stored, not packed tighter: what is long is a film, and a court wants to see the digests.

    All of it is opened now: as the bytes leave, the request is over and nobody knows the register.
    """
    with ExitStack() as stack:
        sources = [stack.enter_context(part.opened()) for part in parts]
        return _as_it_is_read(parts, sources, mimetype, stack.pop_all())


def _as_it_is_read(
    parts: list[Part], sources: list[BinaryIO], mimetype: str, stack: ExitStack
) -> Iterator[bytes]:
    pipe = _Pipe()
    with stack, zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as package:
        if mimetype:
            package.writestr(_entry("mimetype", 0), mimetype)
        for part, source in zip(parts, sources, strict=True):
            with package.open(_entry(part.name, part.size), "w") as into:
                while piece := source.read(PIECE):
                    into.write(piece)
                    yield pipe.taken()
    yield pipe.taken()


def _entry(name: str, size: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, clock.now().timetuple()[:6])
    entry.external_attr = (0o755 if name.endswith(".sh") else 0o644) << 16
    entry.file_size = size
    return entry
