"""Checkly's webhook, by its variables: the recommended template, or any other that names the alert type, in a sentence if need be.

A delivery that failed is tried again up to five times, so that a recovery may overtake its failure: both say when their run began.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.domain.alert import Alert, AlertStatus, Reading
from bot.domain.routing import Carrier, Channel, SourceKind
from bot.errors import Malformed
from bot.sources.checks import UNFILLED, called, check_of, labels_of
from bot.sources.fields import filled, fingerprint_of, key_of, link_of, moment_of, stamp_of, status_of, text_of, word_of
from bot.sources.readings import single
from bot.sources.source import Delivery, Form, Hmac, Source
from bot.sources.templates import untouched

STATES = {
    "alert_failure": AlertStatus.FIRING,
    "alert_fail": AlertStatus.FIRING,
    "alert_failure_remain": AlertStatus.FIRING,
    "alert_degraded": AlertStatus.FIRING,
    "alert_degraded_remain": AlertStatus.FIRING,
    "alert_degraded_failure": AlertStatus.FIRING,
    "alert_failure_degraded": AlertStatus.FIRING,
    "alert_ssl": AlertStatus.FIRING,
    "alert_recovery": AlertStatus.RESOLVED,
    "alert_degraded_recovery": AlertStatus.RESOLVED,
}
_SEVERITIES = {"alert_degraded": "degraded", "alert_degraded_remain": "degraded", "alert_failure_degraded": "degraded", "alert_ssl": "ssl"}
_SIGNATURE = Hmac("x-checkly-signature")
_WORDS = ("event", "alerttitle", "title", "message", "summary", "description", "text", "content", "body")
_TYPE = re.compile(r"\bALERT_[A-Z]+(?:_[A-Z]+)*\b")
_TITLE = re.compile(r"(?:Check )?\"?(?P<name>.+?)\"? (?:has|is)(?: still)? (?:failed|failing|recovered|degraded)\b.*", re.DOTALL)


def read(delivery: Delivery) -> Reading:
    """The alert of a check; NO_ALERT is none."""
    fields = check_of(delivery)
    if why := untouched(delivery, UNFILLED, "Checkly"):
        return Reading(ignored=(why,))
    if _type(fields) == "no_alert":
        return Reading(ignored=(f"Checkly says that there is no alert of {_name(fields)!r}.",))
    return single(delivery.source, fields, lambda: _alert(delivery.source, fields))


def _type(check: Mapping[str, Any]) -> str:
    """The alert type; where a template has no field of its own for it, as it stands in one of its sentences."""
    found = (_TYPE.search(text_of(check.get(name))) for name in _WORDS)
    return word_of(check.get("alerttype")) or next((match[0].lower() for match in found if match), "")


def _name(check: Mapping[str, Any]) -> str:
    return called(check.get("checkname"), _titled(check), check.get("checkid"))


def _titled(check: Mapping[str, Any]) -> str:
    """The name of the check in Checkly's own title of the alert."""
    found = (_TITLE.fullmatch(text_of(check.get(name))) for name in _WORDS)
    return next((match["name"] for match in found if match), "")


def _alert(source: str, check: Mapping[str, Any]) -> Alert:
    kind = _type(check)
    status = status_of(kind, STATES, "alert_type")
    began = check.get("startedat") or check.get("timestamp")
    word = {AlertStatus.FIRING: "failed", AlertStatus.RESOLVED: "recovered"}[status]
    return Alert(
        source=source,
        fingerprint=_fingerprint(check),
        status=status,
        title=called(check.get("event"), check.get("alerttitle"), check.get("title"), f"{_name(check)} has {word}"),
        starts_at=None,
        ends_at=moment_of(began) if status is AlertStatus.RESOLVED else None,
        labels=_labels(check, kind),
        annotations=filled(
            error=check.get("checkerrormessage") or _response(check, kind),
            location=check.get("runlocation"),
            latest_seen=stamp_of(began),
        ),
        url=link_of(check.get("link")) or link_of(check.get("resultlink")),
    )


def _response(check: Mapping[str, Any], kind: str) -> str:
    code = text_of(check.get("apicheckresponsestatuscode"), 20)
    failed = code and STATES[kind] is AlertStatus.FIRING and kind not in _SEVERITIES
    return f"HTTP {code} {text_of(check.get('apicheckresponsestatustext'), 200)}".strip() if failed else ""


def _fingerprint(check: Mapping[str, Any]) -> str:
    """The check; its certificate is another matter, which a recovery of the check does not end."""
    identity, name = text_of(check.get("checkid") or check.get("alias")), text_of(check.get("checkname")) or _titled(check)
    if not identity and not name:
        raise Malformed("check_id: expected the id or the name of the check.")
    return key_of((identity or fingerprint_of(name, check.get("groupname"))) + (":ssl" if _type(check) == "alert_ssl" else ""))


def _labels(check: Mapping[str, Any], kind: str) -> dict[str, str]:
    named = filled(
        severity=_SEVERITIES.get(kind, "failure") if STATES[kind] is AlertStatus.FIRING else "",
        monitor=called(check["checkname"]) if check.get("checkname") else "",
        check_id=check.get("checkid"),
        check_type=check.get("checktype"),
        group=check.get("groupname"),
        region=check.get("region"),
        service=check.get("service"),
        environment=check.get("environment"),
    )
    return labels_of(named, check.get("sslcheckdomain"), check.get("tags"))


SOURCE = Source(
    kind=SourceKind.CHECKLY,
    name="Checkly",
    channel=Channel.SYNTHETIC,
    documentation="https://www.checklyhq.com/docs/integrations/alerts/webhooks/",
    setup=(
        "In Checkly, add a webhook alert channel: POST to {url} with the webhook secret {secret}, and as its body JSON that gives\n"
        "alert_type, check_id, check_name, event, started_at and link by {{{{ALERT_TYPE}}}}, {{{{CHECK_ID}}}} … {{{{RESULT_LINK}}}}."
    ),
    states=dict.fromkeys((state.upper() for state, status in STATES.items() if status is AlertStatus.FIRING), "fires")
    | {"ALERT_RECOVERY": "recovers", "ALERT_DEGRADED_RECOVERY": "recovers", "NO_ALERT": "ignored"},
    carried_by=(Carrier.SIGNATURE, Carrier.BEARER, Carrier.BASIC, Carrier.PATH, Carrier.QUERY),
    methods=frozenset({"POST", "PUT", "GET"}),
    forms=frozenset({Form.JSON, Form.QUERY, Form.TEXT}),
    keeps=("x-checkly-signature",),
    verify=_SIGNATURE.verify,
    sign=_SIGNATURE.sign,
    read=read,
)
