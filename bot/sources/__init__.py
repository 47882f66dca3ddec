"""One file per monitor, all of one shape: a pure reading of what it sends, and how it is signed, sent and answered."""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain.routing import SourceKind
from bot.sources import alertmanager, generic
from bot.sources.source import Source

_MODULES = (
    alertmanager,
    generic,
)

SOURCES: Mapping[SourceKind, Source] = {module.SOURCE.kind: module.SOURCE for module in _MODULES}
