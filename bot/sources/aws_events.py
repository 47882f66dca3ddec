"""What Amazon's services and people's programs publish to a topic besides alarms: events of EventBridge, notifications, plain texts.

An event is named by what it is about, such as a pipeline, a finding or a health event, and not by the run or the delivery it tells of.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.domain.alert import Alert, AlertStatus, Reading
from bot.errors import Malformed
from bot.sources.fields import at, filled, fingerprint_of, first_text, link_of, text_of, title_of, word_of
from bot.sources.labels import canonical
from bot.sources.titles import read_title

_TESTS = ("autoscaling:test_notification", "s3:testevent")
_CHANGED = "cloudwatch alarm configuration change"
_STATES = {
    **dict.fromkeys(("failed", "failure", "timed_out", "aborted", "open", "upcoming"), AlertStatus.FIRING),
    **dict.fromkeys(("succeeded", "success", "closed"), AlertStatus.RESOLVED),
}
_UNDER_WAY = (
    *("start", "started", "starting", "ready", "running", "in_progress", "resumed", "info"),
    *("pending", "provisioning", "activating", "submitted", "runnable"),
)
_STATE_NAMES = ("state", "status", "statusCode", "build-status", "eventType", "lastStatus")
_ENDED_FINDINGS = ((("Workflow", "Status"), "resolved"), (("RecordState",), "archived"), (("Compliance", "Status"), "passed"))
_ABOUT = ("eventArn", "pipeline", "project-name", "stateMachineArn", "jobName", "group", "application", "DBInstanceIdentifier", "id")
_PARTS = ("stage", "action", "deploymentGroup")
_PLACES = (*_PARTS, "instanceId", "clusterArn")
_TITLES = ("title", "InsightName", "name", "summary", "subject", "message", "Description")
_LINKS = ("Identifier Link", "InsightUrl", "anomalyDetailsLink", "url", "link")
_SEVERITIES = (
    ("detail", "findings", 0, "Severity", "Label"),
    ("detail", "severity"),
    ("InsightSeverity",),
    ("severity",),
)
_DESCRIPTIONS = (
    ("detail", "eventDescription", 0, "latestDescription"),
    ("detail", "findings", 0, "Description"),
    ("detail", "description"),
    ("content", "description"),
    ("Event Message",),
    ("InsightDescription",),
)


def read_event(source: str, envelope: Mapping[str, Any], said: Any, place: str) -> Reading:
    """The alert that a message is, firing unless it says otherwise in a known way; tests and what is under way are ignored."""
    text, kind = text_of(said), word_of(at(said, "detail-type"))
    if not text or text == "{}":
        raise Malformed(f"{place}.Message: expected an alarm or a text, got nothing.")
    if word_of(at(said, "Event")) in _TESTS:
        return Reading(ignored=(f"Amazon's test notification arrived ({text_of(at(said, 'Event'), 60)}); it is no alert.",))
    if kind == _CHANGED:
        return Reading(
            ignored=(f"The configuration of the alarm {title_of(at(said, 'detail', 'alarmName'))!r} was changed; its state was not.",)
        )
    state = word_of(_state(said)) if kind else ""
    if state in _UNDER_WAY:
        return Reading(ignored=(f"{text_of(at(said, 'detail-type'), 100)}: {_about(said) or 'it'} is {state}, which is no alert.",))
    return Reading(alerts=(_alert(source, envelope, said, state),))


def _alert(source: str, envelope: Mapping[str, Any], said: Any, state: str) -> Alert:
    title, topic = read_title(_line(envelope, said)), text_of(envelope.get("TopicArn"), 200)
    about = _about(said)
    group = text_of(at(said, "detail", "group"), 200)
    account, region = first_text(at(said, "account"), at(said, "AccountId")), first_text(at(said, "region"), at(said, "Region"))
    places = (account, region, *(at(said, "detail", name) for name in _PLACES))
    own = {
        "severity": first_text(*(at(said, *path) for path in _SEVERITIES)),
        "service": group.removeprefix("service:") if group.startswith("service:") else at(said, "detail", "service"),
        "topic": topic,
        "account": account,
        "region": region,
        "origin": at(said, "source"),
    }
    return Alert(
        source=source,
        fingerprint=fingerprint_of(topic, title.key, at(said, "Source ID"), about or at(said, "resources"), *places),
        status=title.status or _status(said, state),
        title=title_of(title.text),
        starts_at=None,
        labels=canonical(filled(**own)),
        annotations=filled(
            description=first_text(*(at(said, *path) for path in _DESCRIPTIONS), text_of(said)),
            error=first_text(*(at(said, "detail", name) for name in ("stoppedReason", "errorMessage", "cause", "error"))),
        ),
        url=next(filter(None, (link_of(at(said, name)) for name in _LINKS)), None),
    )


def _status(said: Any, state: str) -> AlertStatus:
    """What an event's state means, firing for a word that ends nothing; findings end together, each by its workflow, record or check."""
    findings = at(said, "detail", "findings")
    if isinstance(findings, list) and findings and all(map(_is_ended, findings)):
        return AlertStatus.RESOLVED
    return _STATES.get(state, AlertStatus.FIRING)


def _is_ended(finding: Any) -> bool:
    return any(word_of(at(finding, *path)) == word for path, word in _ENDED_FINDINGS)


def _state(said: Any) -> Any:
    return next((value for name in _STATE_NAMES if (value := at(said, "detail", name)) is not None), None)


def _about(said: Any) -> str:
    """What an event is about, by the name that stays the same over its states; nothing where only its resources say it."""
    finding = at(said, "detail", "findings", 0, "Id")
    return first_text(finding, *(at(said, "detail", name) for name in _ABOUT), *(at(said, name) for name in ("InsightId", "anomalyId")))


def _line(envelope: Mapping[str, Any], said: Any) -> str:
    """The line that a message is best called by: its subject, a title in it, its kind and what it is about, or its first line."""
    kind = text_of(at(said, "detail-type"), 200)
    titled = (at(said, "detail", "findings", 0, "Title"), at(said, "detail", "title"), at(said, "content", "title"))
    subjects = (at(said, "detail", name) for name in ("pipeline", "project-name", "jobName", "group", "application", "eventTypeCode"))
    parts = (text_of(at(said, "detail", name), 100) for name in _PARTS)
    about = " / ".join(filter(None, (first_text(*subjects), *parts)))
    named = f"{kind}: {about}" if kind and about else kind
    first = text_of(said).splitlines()[0] if isinstance(said, str) else ""
    others = (at(said, name) for name in ("Event Message", *_TITLES))
    topic = text_of(envelope.get("TopicArn"), 200).rpartition(":")[2]
    return title_of(envelope.get("Subject"), *titled, named, *others, first, f"A message of the topic {topic}" if topic else "")
