"""One file per monitor: a pure function from a payload to alerts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from bot.domain.alert import Alert
from bot.domain.routing import SourceKind
from bot.sources import alertmanager, generic

Parse = Callable[[str, Mapping[str, Any], datetime], list[Alert]]

PARSERS: Mapping[SourceKind, Parse] = {
    SourceKind.ALERTMANAGER: alertmanager.parse,
    SourceKind.GENERIC: generic.parse,
}
