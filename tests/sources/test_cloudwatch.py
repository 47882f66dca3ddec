"""Amazon CloudWatch: exact states out of SNS's envelope, out of Lambda's, raw, and from EventBridge."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.domain.alert import AlertStatus
from bot.errors import Malformed
from bot.sources.cloudwatch import SOURCE
from tests.sources.deliveries import delivery, only, payload_of, read

ARN = "arn:aws:cloudwatch:eu-central-1:210987654321:alarm:orders-queue-age"


def wrapped(**changes: Any) -> dict[str, Any]:
    """The alarm's notification, with fields of the alarm changed."""
    envelope: dict[str, Any] = payload_of("cloudwatch", "alarm")
    return envelope | {"Message": json.dumps(json.loads(envelope["Message"]) | changes)}


def test_an_alarm_fires_with_what_a_person_needs() -> None:
    alert = only(SOURCE, "alarm", content_type="text/plain; charset=UTF-8")
    assert (alert.status, alert.title, alert.fingerprint, alert.starts_at) == (AlertStatus.FIRING, "orders-queue-age", ARN, None)
    assert alert.labels["region"] == "eu-central-1"
    assert alert.labels["QueueName"] == "orders"
    assert alert.labels["namespace"] == "AWS/SQS"
    assert alert.annotations["description"] == "Orders wait longer than five minutes"
    assert alert.annotations["error"].startswith("Threshold Crossed: 2 datapoints")
    assert alert.url == "https://console.aws.amazon.com/cloudwatch/home?region=eu-central-1#alarmsV2:alarm/orders-queue-age"


def test_ok_ends_the_same_alarm() -> None:
    ended = only(SOURCE, "ok")
    assert (ended.status, ended.fingerprint) == (AlertStatus.RESOLVED, only(SOURCE, "alarm").fingerprint)
    assert ended.ends_at is not None
    assert ended.ends_at.isoformat() == "2026-11-20T22:03:12.093000+00:00"


def test_no_data_after_an_alarm_is_noted_and_ends_nothing() -> None:
    reading = read(SOURCE, "insufficient_data")
    assert reading.alerts == ()
    assert [(note.fingerprint, "has no data" in note.text) for note in reading.notes] == [(ARN, True)]
    assert "neither fires nor recovers" in reading.ignored[0]


def test_no_data_after_ok_is_ignored_visibly() -> None:
    reading = read(SOURCE, wrapped(NewStateValue="INSUFFICIENT_DATA", OldStateValue="OK"))
    assert (reading.alerts, reading.notes, len(reading.ignored)) == ((), (), 1)


@pytest.mark.parametrize("word", ["Alarm!", "RESOLVED", "", None, 7])
def test_a_state_nobody_documented_is_unreadable(word: Any) -> None:
    alert = only(SOURCE, wrapped(NewStateValue=word))
    assert alert.status is AlertStatus.FIRING
    assert "NewStateValue: expected one of alarm, ok" in str(alert.unreadable)


@pytest.mark.parametrize("name", ["raw", "eventbridge"])
def test_raw_delivery_and_eventbridge_say_the_same_alarm(name: str) -> None:
    one, other = only(SOURCE, name), only(SOURCE, "alarm")
    assert (one.status, one.title, one.fingerprint) == (other.status, other.title, other.fingerprint)
    assert one.labels["QueueName"] == "orders"


def test_an_alarm_without_its_arn_is_told_by_account_region_and_name() -> None:
    first, again = only(SOURCE, wrapped(AlarmArn=None)), only(SOURCE, wrapped(AlarmArn=None, NewStateValue="OK"))
    assert first.fingerprint == again.fingerprint
    assert first.fingerprint != only(SOURCE, wrapped(AlarmArn=None, Region="EU (Ireland)")).fingerprint
    assert first.url is None


def test_a_composite_alarm_fires_without_a_metric() -> None:
    alert = only(SOURCE, "composite")
    assert alert.title == "shop-is-broken"
    assert alert.annotations["rule"] == "ALARM(orders-queue-age) AND ALARM(payments-5xx)"


def test_metric_math_in_lambdas_envelope_names_the_function_as_the_service() -> None:
    alert = only(SOURCE, "metric_math")
    assert (alert.labels["service"], alert.labels["metric"]) == ("orders", "Errors")


def test_a_subscription_is_to_be_confirmed_at_sns_alone() -> None:
    reading = read(SOURCE, "subscription")
    assert reading.alerts == ()
    assert str(reading.confirm).startswith("https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription")
    with pytest.raises(Malformed, match="SubscribeURL"):
        read(SOURCE, payload_of("cloudwatch", "subscription", SubscribeURL="https://evil.example/"))


def test_the_end_of_a_subscription_is_ignored_visibly() -> None:
    reading = read(SOURCE, payload_of("cloudwatch", "subscription", Type="UnsubscribeConfirmation"))
    assert (reading.alerts, reading.confirm) == ((), None)
    assert "has ended" in reading.ignored[0]


def test_another_event_of_a_topic_is_a_plain_alert() -> None:
    alert = only(SOURCE, "database_event")
    assert (alert.status, alert.title) == (AlertStatus.FIRING, "RDS Notification Message")
    assert "DB instance restarted" in alert.annotations["description"]


def test_a_marked_subject_of_another_program_ends_its_own_alert() -> None:
    firing = payload_of("cloudwatch", "alarm", Subject="[FIRING:1] OrdersWait", Message="Orders wait")
    fired, ended = only(SOURCE, firing), only(SOURCE, firing | {"Subject": "[RESOLVED] OrdersWait", "Message": "fine"})
    assert (fired.status, ended.status) == (AlertStatus.FIRING, AlertStatus.RESOLVED)
    assert (fired.title, fired.fingerprint) == (ended.title, ended.fingerprint)


def test_an_empty_message_is_unreadable_and_says_so() -> None:
    assert "got nothing" in str(only(SOURCE, payload_of("cloudwatch", "alarm", Message="")).unreadable)


def test_one_odd_record_costs_no_other() -> None:
    records = payload_of("cloudwatch", "metric_math")["Records"]
    alerts = read(SOURCE, {"Records": [None, *records, {"Sns": 7}]}).alerts
    assert [alert.unreadable is None for alert in alerts] == [False, True, False]


def test_a_message_counts_once_by_the_id_that_sns_gave_it() -> None:
    assert SOURCE.delivery_id is not None
    assert SOURCE.delivery_id(delivery("cloudwatch", "alarm")) == "0e6f2a51-90b4-5c3d-8f1a-77d2c1b4a001"
    raw = delivery("cloudwatch", "raw", headers={"x-amz-sns-message-id": "77aa"})
    assert SOURCE.delivery_id(raw) == "77aa"


def test_what_is_put_beside_a_signed_message_says_nothing() -> None:
    strange = {"Sns": {"Type": "SubscriptionConfirmation", "TopicArn": "arn", "SubscribeURL": "https://sns.us-east-1.amazonaws.com/?x=1"}}
    forged = {"Sns": wrapped(AlarmArn="arn:aws:cloudwatch:eu-central-1:210987654321:alarm:forged")}
    reading = read(SOURCE, wrapped() | {"Records": [strange, forged]})
    assert ([alert.fingerprint for alert in reading.alerts], reading.confirm) == ([ARN], None)


def test_a_health_event_is_one_alert_until_it_is_closed() -> None:
    event = payload_of("cloudwatch", "health_event")
    alert = only(SOURCE, event)
    assert (alert.status, alert.title) == (AlertStatus.FIRING, "AWS Health Event: AWS_RDS_OPERATIONAL_ISSUE")
    assert alert.labels.items() >= {"service": "RDS", "region": "eu-central-1", "account": "210987654321"}.items()
    assert alert.annotations["description"] == "Connections to some databases fail."
    closed = only(SOURCE, event | {"id": "9", "detail": event["detail"] | {"statusCode": "closed"}})
    assert (closed.status, closed.fingerprint) == (AlertStatus.RESOLVED, alert.fingerprint)


def test_a_pipeline_fails_and_succeeds_and_is_ignored_while_it_runs() -> None:
    event = payload_of("cloudwatch", "pipeline_event")
    failed, succeeded, started = (
        read(SOURCE, event | {"detail": event["detail"] | {"state": state, "execution-id": state}})
        for state in ("FAILED", "SUCCEEDED", "STARTED")
    )
    assert [reading.alerts[0].status for reading in (failed, succeeded)] == [AlertStatus.FIRING, AlertStatus.RESOLVED]
    assert failed.alerts[0].fingerprint == succeeded.alerts[0].fingerprint
    assert failed.alerts[0].title == "CodePipeline Pipeline Execution State Change: orders"
    assert (started.alerts, started.ignored) == (
        (),
        ("CodePipeline Pipeline Execution State Change: orders is started, which is no alert.",),
    )


def test_a_finding_says_its_title_and_severity_and_each_is_an_alert_of_its_own() -> None:
    event = {"version": "0", "detail-type": "GuardDuty Finding", "source": "aws.guardduty", "resources": []}
    found = [
        only(SOURCE, event | {"detail": {"id": name, "title": "Odd logins", "severity": 8, "description": "From afar"}}) for name in "ab"
    ]
    assert (found[0].title, found[0].labels["severity"], found[0].annotations["description"]) == ("Odd logins", "8", "From afar")
    assert found[0].fingerprint != found[1].fingerprint


@pytest.mark.parametrize("event", ["autoscaling:TEST_NOTIFICATION", "s3:TestEvent"])
def test_a_test_of_a_topic_is_no_alert(event: str) -> None:
    reading = read(SOURCE, payload_of("cloudwatch", "alarm", Subject="A test", Message=json.dumps({"Service": "Amazon", "Event": event})))
    assert (reading.alerts, reading.ignored) == ((), (f"Amazon's test notification arrived ({event}); it is no alert.",))


def test_a_changed_configuration_of_an_alarm_is_no_change_of_its_state() -> None:
    event = payload_of("cloudwatch", "eventbridge")
    said = json.loads(event["Message"]) if "Message" in event else event
    changed = said | {"detail-type": "CloudWatch Alarm Configuration Change", "detail": said["detail"] | {"operation": "update"}}
    reading = read(SOURCE, changed)
    assert reading.alerts == ()
    assert "its state was not" in reading.ignored[0]


def test_a_message_without_subject_and_title_is_called_by_its_topic_and_links_where_it_can() -> None:
    said = {"anomalyId": "a1", "impact": {"totalImpact": 30}, "anomalyDetailsLink": "https://console.aws.amazon.com/cost-management/a1"}
    alert = only(SOURCE, payload_of("cloudwatch", "alarm", Subject=..., Message=json.dumps(said)))
    assert alert.title.startswith("A message of the topic ")
    assert alert.url == "https://console.aws.amazon.com/cost-management/a1"


def test_a_composite_alarm_names_the_alarms_that_made_it_fire() -> None:
    alarm = payload_of("cloudwatch", "composite")
    said = alarm | {"TriggeringChildren": [{"Arn": "arn:aws:cloudwatch:eu-central-1:2109:alarm:orders-wait"}, 7]}
    assert only(SOURCE, said).annotations["triggered_by"] == "orders-wait"


def changed(kind: str, detail: dict[str, Any], **around: Any) -> dict[str, Any]:
    """An event of EventBridge."""
    return {"version": "0", "detail-type": kind, "account": "210987654321", "region": "eu-central-1", "detail": detail} | around


@pytest.mark.parametrize(
    "other",
    [
        {"detail": {"pipeline": "orders", "stage": "Build", "action": "Push", "state": "SUCCEEDED"}},
        {"detail": {"pipeline": "orders", "stage": "Deploy", "action": "Migrate", "state": "SUCCEEDED"}},
        {"account": "109876543210"},
        {"region": "eu-west-1"},
    ],
)
def test_another_step_account_or_region_of_a_pipeline_is_another_alert(other: dict[str, Any]) -> None:
    detail = {"pipeline": "orders", "stage": "Deploy", "action": "Push", "state": "FAILED"}
    event = changed("CodePipeline Action Execution State Change", detail)
    failed = only(SOURCE, event)
    assert failed.title == "CodePipeline Action Execution State Change: orders / Deploy / Push"
    assert only(SOURCE, event | other).fingerprint != failed.fingerprint
    ended = only(SOURCE, event | {"detail": detail | {"state": "SUCCEEDED", "execution-id": "9"}})
    assert (ended.status, ended.fingerprint) == (AlertStatus.RESOLVED, failed.fingerprint)


def test_a_deployment_fails_and_succeeds_in_its_own_words_and_group() -> None:
    prod = {"application": "orders", "deploymentGroup": "prod", "deploymentId": "d-1"}

    def said(state: str, **more: Any) -> Any:
        return read(SOURCE, changed("CodeDeploy Deployment State-change Notification", prod | {"state": state} | more))

    (failed,), (ended,) = said("FAILURE").alerts, said("SUCCESS", deploymentId="d-2").alerts
    assert (failed.status, failed.title) == (AlertStatus.FIRING, "CodeDeploy Deployment State-change Notification: orders / prod")
    assert (ended.status, ended.fingerprint) == (AlertStatus.RESOLVED, failed.fingerprint)
    assert said("SUCCESS", deploymentGroup="stage").alerts[0].fingerprint != failed.fingerprint
    assert said("SUCCESS", instanceId="i-0aa1").alerts[0].fingerprint != said("FAILURE", instanceId="i-0aa2").alerts[0].fingerprint
    assert said("STOP").alerts[0].status is AlertStatus.FIRING
    for state in ("START", "READY"):
        assert (said(state).alerts, len(said(state).ignored)) == ((), 1)


@pytest.mark.parametrize(
    ("ended", "status"),
    [
        ({"Workflow": {"Status": "RESOLVED"}}, AlertStatus.RESOLVED),
        ({"RecordState": "ARCHIVED"}, AlertStatus.RESOLVED),
        ({"Compliance": {"Status": "PASSED"}}, AlertStatus.RESOLVED),
        ({"Compliance": {"Status": "WARNING"}}, AlertStatus.FIRING),
        ({"Workflow": {"Status": "NOTIFIED"}, "RecordState": "ACTIVE"}, AlertStatus.FIRING),
    ],
)
def test_a_finding_ends_by_its_workflow_its_record_or_its_check(ended: dict[str, Any], status: AlertStatus) -> None:
    finding = {"Id": "f-1", "Title": "A bucket is public", "Workflow": {"Status": "NEW"}, "Compliance": {"Status": "FAILED"}}
    fired, later = (only(SOURCE, changed("Security Hub Findings - Imported", {"findings": [one]})) for one in (finding, finding | ended))
    assert (fired.status, later.status, later.fingerprint) == (AlertStatus.FIRING, status, fired.fingerprint)
    several = changed("Security Hub Findings - Custom Action", {"findings": [finding | ended, finding | {"Id": "f-2"}]})
    assert only(SOURCE, several).status is AlertStatus.FIRING


def test_a_task_that_runs_is_no_alert_and_one_that_stopped_is_one_for_each_cluster() -> None:
    task = {"group": "service:orders", "clusterArn": "arn:aws:ecs:eu-central-1:210987654321:cluster/prod", "stoppedReason": "Out of memory"}
    kind = "ECS Task State Change"
    running = read(SOURCE, changed(kind, task | {"lastStatus": "RUNNING"}))
    assert (running.alerts, running.ignored) == ((), ("ECS Task State Change: service:orders is running, which is no alert.",))
    stopped = only(SOURCE, changed(kind, task | {"lastStatus": "STOPPED"}))
    assert (stopped.status, stopped.annotations["error"]) == (AlertStatus.FIRING, "Out of memory")
    other = only(
        SOURCE, changed(kind, task | {"lastStatus": "STOPPED", "clusterArn": "arn:aws:ecs:eu-central-1:210987654321:cluster/stage"})
    )
    assert other.fingerprint != stopped.fingerprint
