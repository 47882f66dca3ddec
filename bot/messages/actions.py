"""Action and callback ids, in one place: ``incident.<service verb>``."""

from __future__ import annotations

ACKNOWLEDGE = "incident.acknowledge"
UPDATE = "incident.update"
CHANGE_SEVERITY = "incident.change_severity"
RESOLVE = "incident.resolve"
DECLARE = "incident.declare"
