"""Sample alert bodies in the documented shapes, ours, with their times moved to the present."""

from __future__ import annotations

import json
from datetime import datetime
from importlib.resources import files
from typing import Any


def load(name: str, starts_at: datetime) -> dict[str, Any]:
    """The body of a sample whose alerts begin at ``starts_at``."""
    body: dict[str, Any] = json.loads((files(__name__) / f"{name}.json").read_text(encoding="utf-8"))
    for alert in body["alerts"]:
        alert["startsAt"] = starts_at.isoformat()
    return body
