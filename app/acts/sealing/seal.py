"""Seal a PDF, and add the stamps that keep a seal good. In memory alone: nothing touches a disk."""

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any

from asn1crypto import cms
from pyhanko.pdf_utils.extensions import DeveloperExtension
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import fields, signers
from pyhanko.sign.general import SigningError, simple_cms_attribute
from pyhanko.sign.signers.pdf_signer import PdfTimeStamper, TimestampDSSContentSettings
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import PathError, ValidationError

from app.acts.sealing.keys import NoKey, Sealer
from app.acts.sealing.stamper import HouseStamps
from app.core import timestamps

FIELD = "Seal"
# A field that nobody sees lies outside the page: so it needs no place in what is read aloud.
UNSEEN = fields.InvisSigSettings(set_print_flag=True, set_hidden_flag=False, box_out_of_bounds=True)
# By default the last revision would stand after the last stamp, and nobody would vouch for it.
BEFORE_THE_STAMP = TimestampDSSContentSettings(include_vri=False, update_before_ts=True)
ROOM = 32 * 1024  # hexadecimal digits, for a stamp that comes later


class OneVersion(IncrementalPdfFileWriter):
    """PDF/A-3 is PDF 1.7, whatever newer names a key of its kind has got since."""

    def ensure_output_version(self, version: tuple[int, int]) -> None:
        super().ensure_output_version(min(version, (1, 7)))

    def register_extension(self, ext: DeveloperExtension) -> None:
        if str(ext.base_version) == "/1.7":
            super().register_extension(ext)

    def _update_meta(self) -> None:
        """What the file says of itself stays as it was drawn.

        Written again by the library, its XMP no longer describes the names that it uses, and the
        file is no PDF/A any more. When it was sealed, the stamps say.
        """


@dataclass(frozen=True)
class Sealed:
    """A sealed file. `problems`: why it has no stamp, when it has none."""

    content: bytes
    is_stamped: bool
    is_qualified: bool
    stamped_by: str = ""
    good_until: datetime | None = None  # when the certificate of its last stamp ends
    problems: str = ""


def seal(pdf: bytes, sealer: Sealer) -> Sealed:
    """With time stamps that last (B-LTA). When none is to be had, the seal alone (B-B)."""
    try:
        return _seal_for_long(pdf, sealer)
    except timestamps.NoStamp as error:
        return _seal_alone(pdf, sealer, str(error))


def add_stamps(content: bytes, sealer: Sealer) -> Sealed:
    """One archive stamp more over everything, with what is needed to believe what is there."""
    stamper = HouseStamps().with_example()
    stream = BytesIO(content)
    if not PdfFileReader(stream).embedded_timestamp_signatures:
        stream = BytesIO(_run(_with_its_own_stamp(content, stamper)))
    _run(_stamped(stream, sealer, stamper))
    return _sealed(stream.getvalue(), sealer, stamper)


def _seal_for_long(pdf: bytes, sealer: Sealer) -> Sealed:
    """Seal and its stamp; then, in a revision of their own, all that is needed and one stamp."""
    stamper = HouseStamps().with_example()
    stream = BytesIO(_sign(pdf, sealer, _settings(validation_context=context(sealer)), stamper))
    _run(_stamped(stream, sealer, stamper))
    return _sealed(stream.getvalue(), sealer, stamper)


def _seal_alone(pdf: bytes, sealer: Sealer, problems: str) -> Sealed:
    settings = _settings(validation_context=context(sealer))
    content = _sign(pdf, sealer, settings, None, room=ROOM)
    return Sealed(content, is_stamped=False, is_qualified=False, problems=problems)


def _settings(**more: Any) -> signers.PdfSignatureMetadata:
    return signers.PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        subfilter=fields.SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=fields.MDPPerm.NO_CHANGES,
        **more,
    )


def _sign(
    pdf: bytes,
    sealer: Sealer,
    settings: signers.PdfSignatureMetadata,
    stamper: HouseStamps | None,
    room: int | None = None,
) -> bytes:
    signer = signers.PdfSigner(
        settings,
        signer=sealer.signer,
        timestamper=stamper,
        new_field_spec=fields.SigFieldSpec(
            FIELD, invis_sig_settings=UNSEEN, readable_field_name=sealer.name
        ),
    )
    stream = BytesIO(pdf)
    _run(signer.async_sign_pdf(OneVersion(stream), in_place=True, bytes_reserved=room))
    return stream.getvalue()


async def _with_its_own_stamp(content: bytes, stamper: HouseStamps) -> bytes:
    """The stamp that the seal waits for, in the place that was kept for it inside the seal."""
    seal = PdfFileReader(BytesIO(content)).embedded_signatures[0]
    _, begin, end, _ = (int(part) for part in seal.byte_range)
    # Read afresh: what was looked into deeply takes minutes to be written again.
    token = cms.ContentInfo.load(bytes.fromhex(content[begin + 1 : end - 1].decode()))
    info = token["content"]["signer_infos"][0]
    if info["unsigned_attrs"]:
        return content  # it has it already
    digest = hashlib.sha256(info["signature"].native).digest()
    stamp = cms.ContentInfo.load((await stamper.async_timestamp(digest, "sha256")).dump())
    attribute = simple_cms_attribute("signature_time_stamp_token", stamp)
    info["unsigned_attrs"] = cms.CMSAttributes([attribute])
    written = token.dump().hex().encode()
    room = end - begin - 2
    if len(written) > room:
        raise NoKey("the seal has no room for its stamp")
    return content[: begin + 1] + written.ljust(room, b"0") + content[end - 1 :]


async def _stamped(stream: BytesIO, sealer: Sealer, stamper: HouseStamps) -> None:
    reader = PdfFileReader(stream)
    last = reader.embedded_signatures[-1]
    validator = CertificateValidator(
        last.signer_cert,
        intermediate_certs=last.other_embedded_certs,
        validation_context=(known := context(sealer)),
    )
    path = await validator.async_validate_usage(set())
    number = len(reader.embedded_timestamp_signatures) + 1
    writer = OneVersion(stream)
    DocumentSecurityStore.supply_dss_in_writer(
        writer, None, paths=(path,), validation_context=known, embed_roots=True
    )
    await PdfTimeStamper(
        stamper, field_name=f"Stamp{number}", invis_settings=UNSEEN
    ).async_timestamp_pdf(writer, "sha256", known, in_place=True, dss_settings=BEFORE_THE_STAMP)


def context(sealer: Sealer) -> ValidationContext:
    """Whom we believe while we seal. What cannot be shown to be good today is not sealed with."""
    return ValidationContext(
        trust_roots=sealer.roots,
        other_certs=sealer.others,
        crls=sealer.revoked,
        allow_fetching=sealer.may_ask,
        revocation_mode="require",
    )


def _sealed(content: bytes, sealer: Sealer, stamper: HouseStamps) -> Sealed:
    last = PdfFileReader(BytesIO(content)).embedded_timestamp_signatures[-1]
    return Sealed(
        content,
        is_stamped=True,
        is_qualified=sealer.is_qualified and all(one.is_qualified for one in stamper.stamps),
        stamped_by=stamper.stamps[-1].authority,
        good_until=last.signer_cert.not_valid_after,
    )


def _run(errand: Any) -> Any:
    try:
        return asyncio.run(errand)
    except (SigningError, PathError, ValidationError) as error:
        raise NoKey(f"the key cannot seal: {error}") from error
