"""Inbound mail in the shape of every mail service, and reports by form: the same report is the same alert."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pytest

from bot.domain.alert import AlertStatus
from bot.domain.routing import Channel
from bot.errors import Malformed
from bot.sources.mail import SOURCE, verify
from tests.sources.deliveries import RECEIVED_AT, delivery, only, payload_of, read

SERVICES = ["postmark", "mailgun", "sendgrid", "ses", "brevo", "cloudmailin", "sparkpost", "oncall"]
SERVICES += ["mailjet", "sendgrid-raw", "improvmx", "forwardemail", "envelope-of-data"]
REPORT = {"subject": "Nobody can order", "message": "The last step says 500.", "from": "Robin Miller <robin@example.com>"}
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("service", SERVICES)
def test_a_mail_is_the_same_alert_through_every_service(service: str) -> None:
    alert = only(SOURCE, service)
    assert (alert.status, alert.title) == (AlertStatus.FIRING, "Nobody can order")
    assert alert.labels["sender"] == "robin@example.com"
    assert alert.annotations["description"].startswith("The last step says 500")
    assert alert.fingerprint == only(SOURCE, REPORT, content_type=FORM).fingerprint


def test_html_is_read_without_tags_scripts_and_styles() -> None:
    assert only(SOURCE, "sendgrid").annotations["description"] == "The last step says 500 & stops."


def test_the_readers_own_words_come_before_what_they_quote() -> None:
    assert only(SOURCE, "postmark").annotations["description"] == "The last step says 500."


def test_a_form_in_parts_is_read_as_well() -> None:
    lines = [f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in REPORT.items()]
    body = ("".join(lines) + "--b--\r\n").encode()
    alert = only(SOURCE, {}, body=body, content_type="multipart/form-data; boundary=b")
    assert (alert.title, alert.annotations["reporter"]) == ("Nobody can order", "Robin Miller")


def test_a_report_by_form_says_service_environment_and_severity() -> None:
    said = REPORT | {"service": "orders", "environment": "production", "severity": "Critical", "url": "https://orders.example.com/cart"}
    alert = only(SOURCE, said, content_type=FORM)
    assert (alert.labels["service"], alert.labels["environment"], alert.labels["severity"]) == ("orders", "production", "critical")
    assert alert.url == "https://orders.example.com/cart"
    assert SOURCE.channel is Channel.PEOPLE


def test_two_people_who_write_the_same_subject_make_two_alerts() -> None:
    other = only(SOURCE, REPORT | {"from": "kim@example.com"}, content_type=FORM)
    assert other.fingerprint != only(SOURCE, REPORT, content_type=FORM).fingerprint


@pytest.mark.parametrize(
    "subject", ["Re: Nobody can order", "FWD: Re: Nobody can order", "AW: Nobody can order", "Re[2]: Nobody can order"]
)
def test_a_reply_belongs_to_what_it_answers(subject: str) -> None:
    assert only(SOURCE, REPORT | {"subject": subject}).fingerprint == only(SOURCE, REPORT).fingerprint


def test_a_monitor_that_can_only_mail_fires_and_recovers() -> None:
    fired, ended = (only(SOURCE, REPORT | {"subject": f'{word}: "orders-age" in EU (Frankfurt)'}) for word in ("ALARM", "OK"))
    assert (fired.status, ended.status) == (AlertStatus.FIRING, AlertStatus.RESOLVED)
    assert fired.fingerprint == ended.fingerprint


@pytest.mark.parametrize("subject", ["Resolved it myself", "OK", "is it resolved?"])
def test_what_people_write_ends_nothing(subject: str) -> None:
    assert only(SOURCE, REPORT | {"subject": subject}).status is AlertStatus.FIRING


@pytest.mark.parametrize(
    "mail", [{"subject": "Automatic reply: Incident"}, {"subject": "Out of office"}, {"Auto-Submitted": "auto-replied"}]
)
def test_an_automatic_reply_is_ignored_visibly(mail: dict[str, str]) -> None:
    reading = read(SOURCE, REPORT | mail)
    assert (reading.alerts, len(reading.ignored)) == ((), 1)


def test_a_mail_without_a_subject_is_called_by_its_first_line() -> None:
    assert only(SOURCE, {"text": "Orders are broken\nsince ten", "from": "kim@example.com"}).title == "Orders are broken"


def test_several_mails_of_one_delivery_are_several_alerts() -> None:
    (item,) = payload_of("mail", "brevo")["items"]
    assert len(read(SOURCE, {"items": [item, item | {"Subject": "Search is slow"}]}).alerts) == 2


@pytest.mark.parametrize("body", [{}, {"to": "incidents@example.com"}, [], "text", {"items": []}])
def test_a_body_without_a_mail_cannot_be_understood(body: Any) -> None:
    with pytest.raises(Malformed, match="holds no mail"):
        SOURCE.read(delivery("mail", REPORT)._replace(payload=body))


def test_a_subscription_of_sns_is_never_an_alert() -> None:
    reading = read(SOURCE, payload_of("cloudwatch", "subscription"))
    assert (reading.alerts, reading.confirm, len(reading.ignored)) == ((), None, 1)


def test_a_mail_counts_once_by_its_message_id() -> None:
    assert SOURCE.delivery_id is not None
    ids = {SOURCE.delivery_id(delivery("mail", service)) for service in ("mailgun", "cloudmailin")}
    assert ids == {"<77aa@mail.example.com>"}
    assert SOURCE.delivery_id(delivery("mail", "oncall")) is None


def test_the_hidden_field_of_a_form_is_the_secret() -> None:
    form = REPORT | {"secret": "s3cret"}
    assert verify(b"s3cret", delivery("mail", form, content_type=FORM))
    assert not verify(b"other", delivery("mail", form, content_type=FORM))
    assert not verify(b"", delivery("mail", REPORT | {"secret": ""}))
    assert "s3cret" not in repr(read(SOURCE, form, content_type=FORM))


@pytest.mark.parametrize(("age", "key", "genuine"), [(60, b"key", True), (7200, b"key", False), (60, b"other", False)])
def test_mailguns_signature_is_genuine_with_its_key_and_within_an_hour(age: int, key: bytes, genuine: bool) -> None:
    stamp = str(int(RECEIVED_AT.timestamp()) - age)
    signature = hmac.new(b"key", f"{stamp}b1c2d3".encode(), hashlib.sha256).hexdigest()
    mail = payload_of("mail", "mailgun", timestamp=stamp, token="b1c2d3", signature=signature)
    assert verify(key, delivery("mail", mail, content_type=FORM)) is genuine


@pytest.mark.parametrize("sign", [",", ":", "(", "<"])
def test_a_sender_made_of_signs_alone_costs_nobody_the_mail(sign: str) -> None:
    alert = only(SOURCE, {**REPORT, "from": sign * 50_000})
    assert (alert.title, alert.unreadable) == ("Nobody can order", None)


@pytest.mark.parametrize(
    "head",
    [
        "Content-Type: text/plain; x=" + "(" * 3000,
        "Content-Type: text/plain; a*" + "9" * 5000 + "=1",
        'Content-Type: text/plain; =?utf-8?q?" *=',
        "Content-Type: message/rfc822\n\n" * 3000,
        "".join(f"Content-Type: multipart/mixed; boundary=b{number}\n\n--b{number}\n" for number in range(2000)),
    ],
)
def test_a_mail_that_cannot_be_taken_apart_is_still_an_alert_by_its_subject(head: str) -> None:
    mail = {"mail": {"commonHeaders": {"subject": "Nobody can order", "from": ["robin@example.com"]}}, "content": f"{head}\n\nIt says 500."}
    alert = only(SOURCE, mail)
    assert (alert.title, alert.labels["sender"], alert.unreadable) == ("Nobody can order", "robin@example.com", None)


@pytest.mark.parametrize(
    "headers",
    [
        {"Headers": [{"Name": "Auto-Submitted", "Value": "auto-replied"}]},
        {"message-headers": '[["X-Spam", "no"], ["Auto-Submitted", "auto-replied"]]'},
        {"Headers": {"X-Mailer": "pine", "Auto-Submitted": "auto-replied"}},
        {"headers": "Received: by mx\nAuto-Submitted: auto-replied (vacation)\n"},
    ],
)
def test_an_automatic_reply_is_known_however_its_headers_are_listed(headers: dict[str, Any]) -> None:
    reading = read(SOURCE, REPORT | headers)
    assert (reading.alerts, len(reading.ignored)) == ((), 1)
    assert len(read(SOURCE, REPORT | {"headers": "Auto-Submitted: no\n\nbody"}).alerts) == 1


@pytest.mark.parametrize(
    "report",
    [
        {"RecordType": "Bounce", "Subject": "Nobody can order", "Description": "no such mailbox"},
        {"type": "email.delivered", "data": {"subject": "Nobody can order"}},
        {"notificationType": "Complaint", "mail": {"commonHeaders": {"subject": "Nobody can order"}}},
    ],
)
def test_what_a_service_reports_of_a_mail_that_it_sent_is_no_alert(report: dict[str, Any]) -> None:
    reading = read(SOURCE, report)
    assert reading.alerts == () and "none arrived" in reading.ignored[0]


@pytest.mark.parametrize("kind", [{"RecordType": "Incident"}, {"type": "email.alert"}, {"mail": {}, "eventType": "Outage"}])
def test_a_kind_that_is_no_report_of_a_mail_service_leaves_a_mail_what_it_is(kind: dict[str, Any]) -> None:
    assert only(SOURCE, {"subject": "Nobody can order", "text": "500"} | kind).title == "Nobody can order"


@pytest.mark.parametrize("inside", [{"data": {"subject": "A form"}}, {"events": [{"subject": "A form"}]}, {"items": [7]}])
def test_what_lies_in_a_mail_does_not_take_its_place(inside: dict[str, Any]) -> None:
    assert only(SOURCE, {"subject": "Nobody can order"} | inside).title == "Nobody can order"
