"""The last token of a file, byte by byte: what nobody has signed in it must be what it has to be.

A signature covers what it signs and itself. Around it stand certificates that a reader may take or
leave, copies of the names of algorithms, and padding: one bit more or less there changes no
verdict of a library. Here it does.
"""

import hashlib
from typing import Any

from asn1crypto import cms, tsp  # noqa: F401 - tsp teaches cms what a stamp says
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

DIGESTS: dict[str, Any] = {
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}


class Unvouched(Exception):
    """Nobody stands for a part of the token."""


def look_at(
    padded: bytes, covered: bytes, roots: list[asn1.Certificate], *, is_stamp: bool
) -> None:
    """The token, with the zeros behind it, is one over `covered`, and every byte is accounted for.

    `is_stamp`: it must be a time stamp; a seal may stand last only while it waits for one.
    """
    try:
        _look_at(padded, covered, roots, is_stamp)
    except Unvouched:
        raise
    except (InvalidSignature, UnsupportedAlgorithm) as error:
        raise Unvouched("a signature in the last token does not hold") from error
    except Exception as error:  # strangers' bytes: whatever its readers stumble on means this
        raise Unvouched("the last token cannot be read") from error


def _look_at(padded: bytes, covered: bytes, roots: list[asn1.Certificate], is_stamp: bool) -> None:
    token = _without_zeros(padded)
    content = cms.ContentInfo.load(token, strict=True)
    signed = content["content"]
    _must(content["content_type"].native == "signed_data", "it is not a signature")
    _must(len(signed["signer_infos"]) == 1, "not one signer")
    info = signed["signer_infos"][0]
    kind = signed["encap_content_info"]["content_type"].native
    if kind == "tst_info":
        said = signed["encap_content_info"]["content"]
        stamp: Any = said.parsed
        imprint = stamp["message_imprint"]
        _must(imprint["hash_algorithm"]["algorithm"].native == "sha256", "another digest")
        _must(imprint["hashed_message"].native == covered, "the stamp is of something else")
        inner = hashlib.new(info["digest_algorithm"]["algorithm"].native, bytes(said)).digest()
    else:
        _must(not is_stamp and kind == "data", "no stamp closes it")
        inner = covered
    certificates = [one.chosen for one in signed["certificates"]]
    own = _who_signed(info, inner, certificates)
    _vouch_for_certificates(certificates, roots, own)
    _nothing_else(signed, info, kind)
    _must(_again(token) == token, "it is not written as it has to be")


def _without_zeros(padded: bytes) -> bytes:
    """By its own length: what follows may only be zeros."""
    _must(len(padded) > 4 and padded[:2] == b"\x30\x82", "it does not begin like a token")
    length = 4 + int.from_bytes(padded[2:4], "big")
    _must(length <= len(padded), "it is cut")
    _must(not any(padded[length:]), "something stands behind it")
    return padded[:length]


def _who_signed(info: Any, inner: bytes, certificates: list[asn1.Certificate]) -> asn1.Certificate:
    """The certificate whose key signed it, and which the signed part names by its digest."""
    attributes = {one["type"].native: one["values"] for one in info["signed_attrs"]}
    _must(attributes["message_digest"][0].native == inner, "it is about something else")
    named = attributes["signing_certificate_v2"][0]["certs"][0]
    algorithm = named["hash_algorithm"]["algorithm"].native
    own = next(
        one
        for one in certificates
        if hashlib.new(algorithm, one.dump()).digest() == named["cert_hash"].native
    )
    _must(info["sid"].name == "issuer_and_serial_number", "its signer has another name")
    sid = info["sid"].chosen
    _must(
        sid["issuer"].dump() == own.issuer.dump()
        and sid["serial_number"].native == own.serial_number,
        "its signer has another name",
    )
    signed = info["signed_attrs"].untag().dump()
    digest = info["digest_algorithm"]["algorithm"].native
    _verify(own, info["signature"].native, signed, digest)
    return own


def _vouch_for_certificates(
    certificates: list[asn1.Certificate], roots: list[asn1.Certificate], own: asn1.Certificate
) -> None:
    """Each is signed by another that is here or believed; none belongs to nothing."""
    known = {one.dump(): one for one in [*certificates, *roots]}
    by_name: dict[bytes, list[asn1.Certificate]] = {}
    for one in known.values():
        by_name.setdefault(one.subject.dump(), []).append(one)
    trusted = {root.dump() for root in roots}
    for one in certificates:
        if one.dump() in trusted:
            continue
        issuers = by_name.get(one.issuer.dump(), [])
        _must(any(_issued(one, issuer) for issuer in issuers), "nobody issued a certificate in it")
    # From the signer upwards, somebody must be believed.
    one, steps = own, 0
    while one.dump() not in trusted:
        issuer = next(
            (found for found in by_name.get(one.issuer.dump(), []) if _issued(one, found)), None
        )
        steps += 1
        _must(issuer is not None and steps < 8, "nobody here believes its signer")
        one = issuer


def _issued(one: asn1.Certificate, issuer: asn1.Certificate) -> bool:
    inner = one["tbs_certificate"]["signature"].dump()
    if inner != one["signature_algorithm"].dump():
        return False
    try:
        x509.load_der_x509_certificate(one.dump()).verify_directly_issued_by(
            x509.load_der_x509_certificate(issuer.dump())
        )
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _verify(own: asn1.Certificate, signature: bytes, message: bytes, digest: str) -> None:
    key: Any = x509.load_der_x509_certificate(own.dump()).public_key()
    if isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, message, ec.ECDSA(DIGESTS[digest]()))
    elif isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, message, padding.PKCS1v15(), DIGESTS[digest]())
    else:
        raise Unvouched("a kind of key that nobody expects")


def _nothing_else(signed: Any, info: Any, kind: str) -> None:
    """What is outside of the signature and says nothing must say exactly that."""
    _must(signed["version"].native == ("v3" if kind == "tst_info" else "v1"), "another version")
    _must(info["version"].native == "v1", "another version")
    algorithms = {one.dump() for one in signed["digest_algorithms"]}
    _must(algorithms == {info["digest_algorithm"].dump()}, "another digest is named")
    _must(not signed["crls"], "it carries lists")
    if kind == "tst_info":
        _must(not info["unsigned_attrs"], "it carries what nobody signed")
    mechanism = info["signature_algorithm"]
    digest = info["digest_algorithm"]["algorithm"].native
    _must(mechanism.signature_algo in ("ecdsa", "rsassa_pkcs1v15"), "another way to sign")
    named = mechanism["algorithm"].native
    _must(named in ("rsassa_pkcs1v15", "rsaes_pkcs1v15") or digest in named, "another way to sign")


def _again(token: bytes) -> bytes:
    """The same, written once more by the rules of DER."""
    content = cms.ContentInfo.load(token, strict=True)
    return bytes(content.copy().dump(force=True))


def _must(holds: bool, else_: str) -> None:
    if not holds:
        raise Unvouched(else_)
