"""The bodies of monitors whose webhooks are written by hand, ready to be pasted: the names are ours, the variables the monitor's."""

from __future__ import annotations

import json
from collections.abc import Mapping

from bot.domain.routing import SourceKind

PAYLOADS: Mapping[SourceKind, Mapping[str, str]] = {
    SourceKind.DATADOG: {
        "alert_id": "$ALERT_ID",
        "alert_scope": "$ALERT_SCOPE",
        "alert_title": "$ALERT_TITLE",
        "alert_transition": "$ALERT_TRANSITION",
        "alert_priority": "$ALERT_PRIORITY",
        "alert_type": "$ALERT_TYPE",
        "alert_status": "$ALERT_STATUS",
        "alert_metric": "$ALERT_METRIC",
        "alert_query": "$ALERT_QUERY",
        "text_only_msg": "$TEXT_ONLY_MSG",
        "tags": "$TAGS",
        "hostname": "$HOSTNAME",
        "link": "$LINK",
        "snapshot": "$SNAPSHOT",
        "date": "$DATE",
    },
    SourceKind.ZABBIX: {
        "event_value": "{EVENT.VALUE}",
        "event_update_status": "{EVENT.UPDATE.STATUS}",
        "trigger_id": "{TRIGGER.ID}",
        "event_id": "{EVENT.ID}",
        "event_name": "{EVENT.NAME}",
        "event_nseverity": "{EVENT.NSEVERITY}",
        "event_opdata": "{EVENT.OPDATA}",
        "event_tags": "{EVENT.TAGSJSON}",
        "host": "{HOST.NAME}",
        "zabbix_url": "{$ZABBIX.URL}",
    },
    SourceKind.ELASTIC: {
        "rule_id": "{{rule.id}}",
        "rule_name": "{{rule.name}}",
        "alert_id": "{{alert.id}}",
        "action_group": "{{alert.actionGroup}}",
        "reason": "{{context.reason}}",
        "tags": "{{rule.tags}}",
        "date": "{{date}}",
        "url": "{{rule.url}}",
        "kibana": "{{kibanaBaseUrl}}",
    },
    SourceKind.CHECKLY: {
        "alert_type": "{{ALERT_TYPE}}",
        "check_id": "{{CHECK_ID}}",
        "check_name": "{{CHECK_NAME}}",
        "event": "{{ALERT_TITLE}}",
        "check_error_message": "{{CHECK_ERROR_MESSAGE}}",
        "group_name": "{{GROUP_NAME}}",
        "run_location": "{{RUN_LOCATION}}",
        "tags": "{{TAGS}}",
        "started_at": "{{STARTED_AT}}",
        "link": "{{RESULT_LINK}}",
    },
}


def payload(kind: SourceKind) -> str:
    """The body as JSON over several lines; nothing for a monitor that has one of its own."""
    return json.dumps(PAYLOADS[kind], indent=2) if kind in PAYLOADS else ""
