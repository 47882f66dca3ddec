"""An SNS of our own: a key made for the test, its certificate, and messages signed with it as Amazon signs."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from bot.sources.sns import signed_text
from tests.house import NOON

TOPIC = "arn:aws:sns:eu-west-1:123456789012:alarms"
HOST = "https://sns.eu-west-1.amazonaws.com"
CERTIFICATE_URL = f"{HOST}/SimpleNotificationService-0123456789abcdef.pem"
SUBSCRIBE_URL = f"{HOST}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=2336412f37fb687f5d51e6e2425dacbbab89b31a"
_NAME = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "sns.amazonaws.com")])


@cache
def key(number: int = 1) -> rsa.RSAPrivateKey:
    """A key of 2048 bits, the same for the same number while the tests run."""
    return rsa.generate_private_key(65537, 2048)


def certificate(number: int = 1, begins_at: datetime = NOON - timedelta(days=30), ends_at: datetime = NOON + timedelta(days=300)) -> bytes:
    """The certificate of a key, signed by itself, as PEM."""
    builder = x509.CertificateBuilder(_NAME, _NAME, key(number).public_key(), x509.random_serial_number(), begins_at, ends_at)
    return builder.sign(key(number), SHA256()).public_bytes(Encoding.PEM)


def notification(message: str, number: int = 1, version: str = "2", **changes: Any) -> dict[str, Any]:
    """A notification of the topic with a signature over it; ``changes`` are made before it is signed."""
    return signed({"Type": "Notification", "Subject": "ALARM", "Message": message} | changes, number, version)


def confirmation(number: int = 1, **changes: Any) -> dict[str, Any]:
    """What a topic asks of a new subscriber."""
    asked = {"Type": "SubscriptionConfirmation", "Token": "2336412f37fb", "Message": "Visit the URL.", "SubscribeURL": SUBSCRIBE_URL}
    return signed(asked | changes, number, "2")


def signed(fields: dict[str, Any], number: int, version: str) -> dict[str, Any]:
    message = {
        "MessageId": "dc1e94d9-56c5-5e96-808d-cc7f68faa162",
        "TopicArn": TOPIC,
        "Timestamp": NOON.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "SignatureVersion": version,
        "SigningCertURL": CERTIFICATE_URL,
    } | fields
    digest = SHA1() if version == "1" else SHA256()
    signature = key(number).sign(signed_text(message).encode(), padding.PKCS1v15(), digest)
    return message | {"Signature": base64.b64encode(signature).decode()}


@dataclass
class Amazon:
    """What stands in for every host of SNS: it hands out one certificate and counts what it is asked for."""

    pem: bytes = field(default_factory=certificate)
    status: int = 200
    asked: list[str] = field(default_factory=list)
    url: str = ""

    async def serve(self, request: web.Request) -> web.Response:
        self.asked.append(request.path_qs)
        headers = {"Location": "http://127.0.0.1:9/"} if 300 <= self.status < 400 else {}
        return web.Response(status=self.status, body=self.pem, headers=headers)


@asynccontextmanager
async def open_amazon() -> AsyncIterator[Amazon]:
    """An SNS that listens on this machine."""
    amazon, app = Amazon(), web.Application()
    app.router.add_route("*", "/{path:.*}", amazon.serve)
    async with TestServer(app) as server:
        amazon.url = str(server.make_url("/"))
        yield amazon
