"""Messages of SNS: genuine only with Amazon's certificate, our topic, a fresh timestamp and an untouched text (SECURITY 29, 30)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from bot.errors import Malformed
from bot.sources import sns
from bot.sources.certificates import read_certificate
from tests.sources.deliveries import RECEIVED_AT, body_of

TOPICS = {"arn:aws:sns:eu-central-1:210987654321:alarms"}
PEM = body_of("cloudwatch", "signer.pem")
ALMOST = [
    "https://sns.eu-central-1.amazonaws.com.evil.example/a.pem",
    "http://sns.eu-central-1.amazonaws.com/a.pem",
    "https://sns.eu-central-1.amazonaws.com@evil.example/a.pem",
    "https://evil.example@sns.eu-central-1.amazonaws.com/a.pem",
    "https://sns.eu-central-1.amazonaws.com:8443/a.pem",
    "https://alarms.s3.amazonaws.com/a.pem",
    "https://sns.eu-central-1.amazonaws.com\\@evil.example/a.pem",
    "https://sns.eu.central.amazonaws.com/a.pem",
    "https://SNS.eu-central-1.amazonaws.com/a.pem",
    "https://evil.example/?https://sns.eu-central-1.amazonaws.com/a.pem",
    "https://sns.eu-central-1.amazonaws.com/\r\nHost: evil.example/a.pem",
    "https://[::1/a.pem",
    "file:///etc/passwd.pem",
    "",
]


def message(version: str = "2", **changes: Any) -> dict[str, Any]:
    """A message that OpenSSL signed, changed afterwards."""
    return {**json.loads(body_of("cloudwatch", f"signed_version_{version}.json")), **changes}


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_genuine_message_is_genuine(version: str) -> None:
    assert sns.verify(message(version), PEM, TOPICS, True, RECEIVED_AT) is None


@pytest.mark.parametrize("name", ["Message", "MessageId", "Subject", "TopicArn", "Signature"])
def test_a_message_that_was_touched_is_refused(name: str) -> None:
    touched = message(**{name: "arn:aws:sns:eu-central-1:210987654321:others"})
    refused = sns.verify(touched, PEM, {*TOPICS, touched["TopicArn"]}, False, RECEIVED_AT)
    assert refused == "The signature does not belong to this message."


def test_the_subject_belongs_to_what_is_signed() -> None:
    without = {name: value for name, value in message().items() if name != "Subject"}
    assert sns.verify(without, PEM, TOPICS, False, RECEIVED_AT) == "The signature does not belong to this message."


def test_version_1_is_refused_with_the_way_to_switch() -> None:
    refused = sns.verify(message("1"), PEM, TOPICS, False, RECEIVED_AT)
    assert refused is not None
    assert "--attribute-name SignatureVersion --attribute-value 2" in refused
    assert "signature_version_1: true" in refused


def test_a_version_nobody_knows_is_refused() -> None:
    assert sns.verify(message(SignatureVersion="3"), PEM, TOPICS, True, RECEIVED_AT) == "SignatureVersion: expected 2, got '3'."


def test_a_topic_of_somebody_else_is_refused_by_name() -> None:
    assert "210987654321:alarms' is not in topics" in str(sns.verify(message(), PEM, {"arn:aws:sns:eu-central-1:1:x"}, False, RECEIVED_AT))


@pytest.mark.parametrize("off", [timedelta(hours=1, seconds=30), timedelta(hours=-2)])
def test_a_message_that_is_not_fresh_is_refused(off: timedelta) -> None:
    assert "older than an hour" in str(sns.verify(message(), PEM, TOPICS, False, RECEIVED_AT + off))


def test_a_message_within_the_hour_is_fresh() -> None:
    assert sns.verify(message(), PEM, TOPICS, False, RECEIVED_AT + timedelta(minutes=59)) is None


@pytest.mark.parametrize(
    "changes", [{"Timestamp": None}, {"Timestamp": 7}, {"Type": "Other"}, {"Type": ["Notification"]}, {"Signature": "%%"}]
)
def test_an_odd_message_is_refused_in_a_sentence(changes: dict[str, Any]) -> None:
    assert str(sns.verify(message(**changes), PEM, TOPICS, False, RECEIVED_AT)).endswith((".", "off."))


@pytest.mark.parametrize("body", [[], "text", None, {}])
def test_what_is_no_envelope_is_refused(body: Any) -> None:
    assert "raw message delivery is off" in str(sns.verify(body, PEM, TOPICS, False, RECEIVED_AT))


def test_an_expired_certificate_is_refused() -> None:
    later = RECEIVED_AT.replace(year=2101)
    stale = message(Timestamp=later.replace(year=2100).isoformat())
    assert sns.refusal(stale, TOPICS, False, later) is not None
    early = RECEIVED_AT.replace(year=2025)
    refused = sns.verify(message(Timestamp=early.isoformat()), PEM, TOPICS, False, early)
    assert refused == "The signing certificate has expired or does not hold yet."


@pytest.mark.parametrize(
    "pem", [b"", b"nothing", PEM[:400], PEM.replace(b"MII", b"AAA"), body_of("cloudwatch", "elliptic.pem"), b"\xff" * 99]
)
def test_what_is_no_certificate_with_an_rsa_key_is_refused(pem: bytes) -> None:
    assert "The signing certificate cannot be read" in str(sns.verify(message(), pem, TOPICS, False, RECEIVED_AT))


def test_a_certificate_is_read_as_openssl_wrote_it() -> None:
    certificate = read_certificate(b"bag attributes\n" + PEM)
    assert (certificate.key.public_numbers().e, certificate.key.key_size) == (65537, 2048)
    assert (certificate.begins_at.year, certificate.ends_at.year) == (2026, 2099)


def test_a_certificate_with_a_wrong_letter_is_refused_in_a_sentence_unless_the_letter_says_nothing() -> None:
    places = range(30, len(PEM) - 30, 3)
    said = {sns.verify(message(), PEM[:place] + b"Z" + PEM[place + 1 :], TOPICS, False, RECEIVED_AT) for place in places}
    assert said == {
        None,
        "The signature does not belong to this message.",
        "The signing certificate cannot be read: expected an X.509 certificate with an RSA key in PEM.",
    }


def test_the_certificate_lies_on_sns_itself() -> None:
    assert sns.certificate_url(message()).startswith("https://sns.eu-central-1.amazonaws.com/")
    china = "https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-1.pem"
    assert sns.certificate_url(message(SigningCertURL=china)) == china
    port = "https://sns.eu-central-1.amazonaws.com:443/a.pem"
    assert sns.certificate_url(message(SigningCertURL=port)) == port


@pytest.mark.parametrize("url", ALMOST)
def test_no_other_host_is_asked_for_a_certificate(url: str) -> None:
    with pytest.raises(Malformed, match="nothing else is fetched"):
        sns.certificate_url(message(SigningCertURL=url))


@pytest.mark.parametrize("url", ["https://sns.eu-central-1.amazonaws.com/a.pem?x=1", "https://sns.eu-central-1.amazonaws.com/a.txt"])
def test_only_a_certificate_is_fetched_from_sns(url: str) -> None:
    with pytest.raises(Malformed):
        sns.certificate_url(message(SigningCertURL=url))


@pytest.mark.parametrize("url", ALMOST)
def test_no_other_host_is_asked_to_confirm(url: str) -> None:
    with pytest.raises(Malformed, match="nothing else is fetched"):
        sns.subscribe_url({"SubscribeURL": url})


def test_a_confirmation_is_signed_over_its_token_and_its_address() -> None:
    said = {
        "Type": "SubscriptionConfirmation",
        "Message": "m",
        "MessageId": "i",
        "SubscribeURL": "s",
        "Timestamp": "t",
        "Token": "k",
        "TopicArn": "a",
    }
    names = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    assert sns.signed_text(said) == "".join(f"{name}\n{said[name]}\n" for name in names)
