"""Action and callback ids, in one place: ``incident.<service verb>``."""

from __future__ import annotations

ACKNOWLEDGE = "incident.acknowledge"
UPDATE = "incident.update"
CHANGE_SEVERITY = "incident.change_severity"
ASSIGN_ROLE = "incident.assign_role"
PAGE = "incident.page"
NOTE = "incident.note"
NOTE_AT = "incident.note_at"
CHANGE_TRIAGE = "incident.change_triage"
RESOLVE = "incident.resolve"
REOPEN = "incident.reopen"
WRITE_REPORT = "incident.write_report"
JOIN = "incident.join"
SHOW = "incident.show"
SHOW_TIMELINE = "incident.show_timeline"
SHOW_LIST = "incident.show_list"
SHOW_ON_CALL = "incident.show_on_call"
DRAFT_POSTMORTEM = "incident.draft_postmortem"
WRITE_POSTMORTEM = "incident.write_postmortem"
HELP = "incident.help"
MORE = "incident.more"
DECLARE = "incident.declare"
DECLARE_ANYWAY = "incident.declare_anyway"
DECLARE_ALERT = "incident.declare_alert"
DISMISS_ALERT = "incident.dismiss_alert"
ATTACH_ALERT = "incident.attach_alert"
DECLARE_FROM = "incident.declare_from"
TICK_STEP = "incident.tick_step"
UNTICK_STEP = "incident.untick_step"
ADD_TO_TIMELINE = "incident.add_to_timeline"

SEPARATOR = "|"
"""Between the action, or an alert, and its incident in the value of a menu's option."""


def choice(action_id: str, incident_id: str) -> str:
    """The value of a menu's option that stands for an action on an incident, or for an alert that is to join it."""
    return f"{action_id}{SEPARATOR}{incident_id}"


def chosen(value: str) -> tuple[str, str]:
    """The action, or the alert, and the incident that such a value stands for; both empty when it is none of ours."""
    action_id, found, incident_id = value.partition(SEPARATOR)
    return (action_id, incident_id) if found else ("", "")
