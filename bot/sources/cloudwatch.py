"""Amazon CloudWatch alarms as SNS delivers them, raw or in its envelope, and as EventBridge words them; other messages of a topic by title.

INSUFFICIENT_DATA neither fires nor recovers: nobody knows. Coming from ALARM it becomes a note on the alert, which stays open.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from bot.domain.alert import Alert, AlertStatus, Note, Reading
from bot.domain.routing import Carrier, Channel, SourceKind
from bot.errors import Malformed
from bot.sources.aws_events import read_event
from bot.sources.fields import at, filled, fingerprint_of, key_of, list_of, moment_of, object_of, status_of, text_of, title_of
from bot.sources.labels import canonical, pairs_of
from bot.sources.nested import parsed
from bot.sources.readings import guarded, joined
from bot.sources.sns import subscribe_url
from bot.sources.source import Delivery, Form, Source

STATES = {"alarm": AlertStatus.FIRING, "ok": AlertStatus.RESOLVED}
_UNKNOWN = "insufficient_data"
_CONSOLES = {"aws": "console.aws.amazon.com", "aws-cn": "console.amazonaws.cn", "aws-us-gov": "console.amazonaws-us-gov.com"}


def read(delivery: Delivery) -> Reading:
    """The alarms of one message; raises Malformed when a confirmation leads anywhere but to SNS."""
    payload = object_of(delivery.payload, "the body")
    if "Records" in payload and "Type" not in payload:
        records = list_of(payload["Records"], "Records")
        return joined(_message(delivery.source, at(record, "Sns"), f"Records[{number}].Sns") for number, record in enumerate(records))
    return _message(delivery.source, payload, "body")


def _message(source: str, envelope: Any, place: str) -> Reading:
    if at(envelope, "Type") == "SubscriptionConfirmation":
        topic = text_of(at(envelope, "TopicArn"), 200)
        return Reading(ignored=(f"SNS asks to confirm the subscription of {topic}.",), confirm=subscribe_url(envelope))
    if at(envelope, "Type") == "UnsubscribeConfirmation":
        return Reading(ignored=("A subscription of SNS has ended; nothing is subscribed again by itself.",))
    return guarded(source, place, envelope, lambda: _notification(source, object_of(envelope, place), place))


def _notification(source: str, envelope: Mapping[str, Any], place: str) -> Reading:
    said = _inner(envelope["Message"]) if "Message" in envelope else envelope
    alarm = _alarm_of(said)
    if alarm is not None:
        return _alarm(source, alarm, place)
    return read_event(source, envelope, said, place)


def _inner(message: Any) -> Any:
    """The object that a message's text is, or the text."""
    said = parsed(message)
    return said if isinstance(said, Mapping) else message


def _alarm_of(said: Any) -> Mapping[str, Any] | None:
    """The alarm of a message in CloudWatch's own words, also when EventBridge speaks; None when it is about something else."""
    if at(said, "AlarmName") is not None or at(said, "NewStateValue") is not None:
        return object_of(said, "Message")
    if isinstance(at(said, "alarmData"), Mapping):
        said = {**said, "account": said.get("accountId"), "resources": [said.get("alarmArn")], "detail": said["alarmData"]}
    if at(said, "detail", "alarmName") is None or at(said, "detail", "operation") is not None:
        return None
    metric = at(said, "detail", "configuration", "metrics", 0, "metricStat", "metric")
    dimensions = at(metric, "dimensions")
    return {
        "AlarmName": at(said, "detail", "alarmName"),
        "AlarmDescription": at(said, "detail", "configuration", "description"),
        "AlarmArn": at(said, "resources", 0),
        "AWSAccountId": at(said, "account"),
        "Region": at(said, "region"),
        "NewStateValue": at(said, "detail", "state", "value"),
        "NewStateReason": at(said, "detail", "state", "reason"),
        "StateChangeTime": at(said, "detail", "state", "timestamp"),
        "OldStateValue": at(said, "detail", "previousState", "value"),
        "Trigger": {
            "MetricName": at(metric, "name"),
            "Namespace": at(metric, "namespace"),
            "Dimensions": [{"name": name, "value": value} for name, value in dimensions.items()] if isinstance(dimensions, Mapping) else [],
        },
    }


def _alarm(source: str, alarm: Mapping[str, Any], place: str) -> Reading:
    name, fingerprint = title_of(alarm.get("AlarmName")), _fingerprint(alarm)
    if text_of(alarm.get("NewStateValue")).casefold() == _UNKNOWN:
        text = f"CloudWatch has no data for {name} any more: {title_of(alarm.get('NewStateReason'))}"
        notes = (Note(fingerprint, text),) if text_of(alarm.get("OldStateValue")).casefold() == "alarm" else ()
        return Reading(notes=notes, ignored=(f"INSUFFICIENT_DATA neither fires nor recovers: {text}",))
    status = status_of(alarm.get("NewStateValue"), STATES, f"{place}.NewStateValue")
    alert = Alert(
        source=source,
        fingerprint=fingerprint,
        status=status,
        title=name,
        starts_at=None,
        ends_at=moment_of(alarm.get("StateChangeTime")) if status is AlertStatus.RESOLVED else None,
        labels=_labels(alarm),
        annotations=filled(
            description=alarm.get("AlarmDescription"),
            error=alarm.get("NewStateReason"),
            rule=alarm.get("AlarmRule"),
            triggered_by=_children(alarm.get("TriggeringChildren")),
        ),
        url=_console(alarm),
    )
    return Reading(alerts=(alert,))


def _children(children: Any) -> str:
    """The names of the alarms that made a composite alarm change, by commas."""
    arns = [text_of(at(child, "Arn"), 500) for child in children] if isinstance(children, list) else []
    return ", ".join(arn.rpartition(":")[2] for arn in arns if arn)


def _fingerprint(alarm: Mapping[str, Any]) -> str:
    """The alarm's ARN, or what it would be made of."""
    if arn := text_of(alarm.get("AlarmArn")):
        return key_of(arn)
    if not text_of(alarm.get("AlarmName")):
        raise Malformed("AlarmName: expected the name of the alarm.")
    return fingerprint_of(alarm.get("AWSAccountId"), alarm.get("Region"), alarm.get("AlarmName"))


def _labels(alarm: Mapping[str, Any]) -> dict[str, str]:
    metric = at(alarm, "Trigger", "Metrics", -1, "MetricStat", "Metric")
    trigger = metric if isinstance(metric, Mapping) else at(alarm, "Trigger")
    labels = {
        "alarm": alarm.get("AlarmName"),
        "account": alarm.get("AWSAccountId"),
        "region": _arn(alarm)[3] or alarm.get("Region"),
        "metric": at(trigger, "MetricName"),
        "namespace": at(trigger, "Namespace"),
    }
    dimensions = pairs_of(at(trigger, "Dimensions"), "name", "value")
    service = next((dimensions[name] for name in ("ServiceName", "Service", "FunctionName") if name in dimensions), "")
    return canonical(dimensions | labels | {"service": service})


def _arn(alarm: Mapping[str, Any]) -> list[str]:
    """The seven parts of the alarm's ARN, empty ones without it."""
    parts = text_of(alarm.get("AlarmArn")).split(":", 6)
    return parts if len(parts) == 7 else [""] * 7


def _console(alarm: Mapping[str, Any]) -> str | None:
    """The alarm's page in the console of its partition, from its ARN."""
    _, partition, _, region, _, _, name = _arn(alarm)
    if partition not in _CONSOLES or not region.replace("-", "").isalnum():
        return None
    return f"https://{_CONSOLES[partition]}/cloudwatch/home?region={region}#alarmsV2:alarm/{quote(name, safe='')}"


def _delivery_id(delivery: Delivery) -> str | None:
    return text_of(at(delivery.payload, "MessageId"), 200) or delivery.headers.get("x-amz-sns-message-id")


SOURCE = Source(
    kind=SourceKind.CLOUDWATCH,
    name="Amazon CloudWatch (through SNS)",
    channel=Channel.METRICS,
    documentation="https://docs.aws.amazon.com/sns/latest/dg/sns-http-https-endpoint-as-subscriber.html",
    setup=(
        "Subscribe {url} to the topic (protocol HTTPS, raw message delivery off) and name its ARN under topics of the source;\n"
        "run aws sns set-topic-attributes --topic-arn ARN --attribute-name SignatureVersion --attribute-value 2."
    ),
    states={"ALARM": "fires", "OK": "recovers", "INSUFFICIENT_DATA": "is noted"},
    read=read,
    carried_by=(Carrier.SIGNATURE,),
    forms=frozenset({Form.JSON, Form.TEXT}),
    keeps=("x-amz-sns-message-id",),
    delivery_id=_delivery_id,
)
