"""The RSA key of an X.509 certificate, and whether it signed something: public parts only, nothing here is secret."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm
from cryptography.x509 import load_pem_x509_certificate

from bot.errors import Malformed

_BITS_AT_LEAST, _BITS_AT_MOST = 2048, 8192
_HASHES: dict[str, HashAlgorithm] = {"sha1": SHA1(), "sha256": SHA256()}  # noqa: S303 - SNS's first version, where a policy allows it
_UNREADABLE = "The signing certificate cannot be read: expected an X.509 certificate with an RSA key in PEM."


@dataclass(frozen=True, slots=True)
class Certificate:
    """The public key of a certificate, and from when until when it holds."""

    key: RSAPublicKey
    begins_at: datetime
    ends_at: datetime


def read_certificate(pem: bytes) -> Certificate:
    """The first certificate of a PEM text; raises Malformed when there is none with an RSA key of a usual size."""
    try:
        certificate = load_pem_x509_certificate(pem)
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Malformed(_UNREADABLE) from error
    if not isinstance(key, RSAPublicKey) or not _BITS_AT_LEAST <= key.key_size <= _BITS_AT_MOST:
        raise Malformed(_UNREADABLE)
    return Certificate(key, certificate.not_valid_before_utc, certificate.not_valid_after_utc)


def is_signed(certificate: Certificate, digest: str, message: bytes, signature: bytes) -> bool:
    """Whether the signature is that key's over the message, RSASSA-PKCS1-v1_5 with ``sha1`` or ``sha256``."""
    try:
        certificate.key.verify(signature, message, PKCS1v15(), _HASHES[digest])
    except InvalidSignature:
        return False
    return True
