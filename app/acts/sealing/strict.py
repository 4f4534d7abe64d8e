"""The strict rule. No library's "valid" is the verdict: all of this must hold.

* One seal first and only time stamps after it; each stands in the revision that it closes.
* The last one covers every byte of the file but its own, and what it is written in is plain
  hexadecimal with nothing but zeros behind.
* Every byte of that last token is vouched for by somebody.
* The seal and the chain of stamps are good by the long-term rules of PAdES, and nothing was changed
  that a seal against all changes forbids.

The digest of the whole file, in the register, is looked at by whoever has it.
"""

import asyncio
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

from asn1crypto import x509 as asn1
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.ades.report import AdESPassed
from pyhanko.sign.validation.ades import ades_lta_validation
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.policy_decl import (
    LocalKnowledge,
    PdfSignatureValidationSpec,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy
from pyhanko_certvalidator.registry import SimpleTrustManager

from app.acts.sealing import vouched

MOST_BYTES = 8 * 1024 * 1024
RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d{1,9})\s+(\d{1,9})\s+(\d{1,9})\s+(\d{1,9})\s*\]")
HEX = re.compile(rb"<((?:[0-9a-f]{2})+)>|<((?:[0-9A-F]{2})+)>")


class Altered(Exception):
    """Not as it was sealed, or not sealed by us. The words say what, for whoever looks into it."""


@dataclass(frozen=True)
class Found:
    """A file that follows the rule."""

    sealed_by: str
    is_stamped: bool
    stamped_at: datetime | None
    digest: str


def check(content: bytes, roots: list[asn1.Certificate], *, needs_stamp: bool = True) -> Found:
    """What it is, or `Altered`. Without `needs_stamp` a seal that waits for its stamp will do."""
    if len(content) > MOST_BYTES:
        raise Altered("no act is as long")
    _look_at_the_end(content, roots, needs_stamp=needs_stamp)
    try:
        return asyncio.run(_look_inside(content, roots, needs_stamp))
    except Altered:
        raise
    except (PdfError, ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise Altered(f"it cannot be read: {type(error).__name__}") from error
    except Exception as error:  # strangers' bytes: whatever a reader stumbles on means this
        raise Altered(f"it cannot be checked: {type(error).__name__}") from error


def _look_at_the_end(content: bytes, roots: list[asn1.Certificate], *, needs_stamp: bool) -> None:
    """The cheap half, and the one that finds almost everything: who vouches for all the bytes."""
    begin, first, second, last = _last_range(content)
    if begin != 0 or second + last != len(content) or not first < second:
        raise Altered("something stands outside of what was sealed")
    found = HEX.fullmatch(content[first:second])
    if found is None:
        raise Altered("the last signature is not written plainly")
    token = bytes.fromhex((found[1] or found[2]).decode())
    covered = hashlib.sha256(content[:first])
    covered.update(content[second:])
    try:
        vouched.look_at(token, covered.digest(), roots, is_stamp=needs_stamp)
    except vouched.Unvouched as error:
        raise Altered(str(error)) from error


def _last_range(content: bytes) -> tuple[int, int, int, int]:
    ranges = [tuple(int(part) for part in one) for one in RANGE.findall(content)]
    if not ranges:
        raise Altered("nobody sealed it")
    return max(ranges, key=lambda one: one[2] + one[3])  # type: ignore[return-value]


async def _look_inside(content: bytes, roots: list[asn1.Certificate], needs_stamp: bool) -> Found:
    reader = PdfFileReader(BytesIO(content))
    signatures = reader.embedded_signatures
    kinds = [str(one.sig_object.get("/Type", "/Sig")) for one in signatures]
    if not kinds or kinds[0] != "/Sig" or any(kind != "/DocTimeStamp" for kind in kinds[1:]):
        raise Altered("its signatures are not one seal and then stamps")
    if needs_stamp and len(kinds) == 1:
        raise Altered("no stamp closes it")
    ends = [_end_of(one) for one in signatures]
    if ends != sorted(set(ends)) or ends[-1] != len(content):
        raise Altered("its revisions are not in their order")
    if reader.xrefs.total_revisions != signatures[-1].signed_revision + 1:
        raise Altered("something was added after the last stamp")
    seal = signatures[0]
    seal.compute_integrity_info()
    if len(kinds) == 1:
        return await _only_sealed(seal, content, roots)
    result = await ades_lta_validation(seal, _spec(roots))
    if not isinstance(result.ades_subindic, AdESPassed):
        raise Altered(f"the seal does not hold: {result.ades_subindic}")
    if result.api_status is None or not result.api_status.bottom_line:
        raise Altered("it was changed after it was sealed")
    if result.oldest_evidence_record_timestamp is None:
        raise Altered("its stamps do not hold")
    return Found(
        sealed_by=_name(seal),
        is_stamped=True,
        stamped_at=result.oldest_evidence_record_timestamp,
        digest=hashlib.sha256(content).hexdigest(),
    )


async def _only_sealed(
    seal: EmbeddedPdfSignature, content: bytes, roots: list[asn1.Certificate]
) -> Found:
    """A seal that waits for its stamp: it is whole, and nobody else vouches for the time."""
    from pyhanko.sign.validation.pdf_embedded import async_validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    status = await async_validate_pdf_signature(
        seal, signer_validation_context=ValidationContext(trust_roots=roots)
    )
    if not status.bottom_line:
        raise Altered("the seal does not hold")
    digest = hashlib.sha256(content).hexdigest()
    return Found(_name(seal), is_stamped=False, stamped_at=None, digest=digest)


def _spec(roots: list[asn1.Certificate]) -> PdfSignatureValidationSpec:
    """Nobody is asked: all that is needed must be inside the file."""
    policy = CertValidationPolicySpec(
        trust_manager=SimpleTrustManager.build(trust_roots=roots),
        revinfo_policy=CertRevTrustPolicy(revocation_checking_policy=REQUIRE_REVINFO),
    )
    spec = SignatureValidationSpec(
        cert_validation_policy=policy,
        ts_cert_validation_policy=policy,
        revinfo_gathering_policy=RevocationInfoGatheringSpec(
            online_fetching_rule=RevinfoOnlineFetchingRule.LOCAL_ONLY
        ),
        local_knowledge=LocalKnowledge(),
    )
    return PdfSignatureValidationSpec(spec)


def _end_of(signature: EmbeddedPdfSignature) -> int:
    return int(signature.byte_range[2]) + int(signature.byte_range[3])


def _name(signature: EmbeddedPdfSignature) -> str:
    return str(signature.signer_cert.subject.native.get("common_name", ""))
