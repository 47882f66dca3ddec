"""Bodies that people write themselves: names, and what nobody filled in."""

from __future__ import annotations

import re
from typing import Any

import pytest

from bot.domain.routing import SourceKind
from bot.sources import SOURCES
from bot.sources.templates import MUSTACHE, fields_of, first
from tests.sources.deliveries import only, read

UNFILLED = re.compile(r"\$[A-Z_]+")


@pytest.mark.parametrize("payload", [{"alert_id": 7}, {"ALERT_ID": 7}, {"alertId": 7}, {"alert": {"id": 7}}, {"Alert": {"Id": 7}}])
def test_a_field_is_found_however_it_is_written(payload: dict[str, Any]) -> None:
    assert fields_of(payload, UNFILLED)["alertid"] == 7


@pytest.mark.parametrize("value", ["$ALERT_ID", " $ALERT_ID ", "", None])
def test_what_was_not_filled_in_is_not_there(value: str | None) -> None:
    fields = fields_of({"alert_id": value, "id": "kept"}, UNFILLED)
    assert first(fields, "alertid", "id") == "kept"
    assert first(fields, "nothing") is None


KINDS = [SourceKind.UPTIMEROBOT, SourceKind.STATUSCAKE, SourceKind.CHECKLY, SourceKind.HEALTHCHECKS, SourceKind.DATADOG, SourceKind.ELASTIC]
VARIABLE = {SourceKind.DATADOG: "$ALERT_TITLE"}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.value)
@pytest.mark.parametrize(
    "body",
    [
        {"attachments": [{"text": "Nobody can order"}]},
        {"blocks": [{"a": {"b": {"c": {"text": "Nobody can order"}}}}]},
        {"alerts": [{"number": 7}]},
        {"title": "", "text": None},
    ],
)
def test_a_body_whose_words_lie_deep_waits_in_the_inbox(kind: SourceKind, body: dict[str, Any]) -> None:
    variable = VARIABLE.get(kind, "{{TITLE}}")
    assert only(SOURCES[kind], body).unreadable
    assert not any(body.values()) or only(SOURCES[kind], body | {"name": variable}).unreadable


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.value)
def test_variables_in_lists_were_not_filled_in_either_and_the_secret_of_the_sender_says_nothing(kind: SourceKind) -> None:
    variable = VARIABLE.get(kind, "{{#each NAMES}} {{this}}, {{/each}}")
    reading = read(SOURCES[kind], {"fields": [{"text": variable}, [variable]], "title": ""}, query={"token": "swordfish"})
    assert reading.alerts == () and "filled nothing in" in reading.ignored[0]


@pytest.mark.parametrize(("text", "left"), [("{{A}}", True), ("{{{A}}} {{B}}", True), ("{{A}} is down, see {{B}}", False), ("{A}", False)])
def test_words_between_two_variables_are_words(text: str, left: bool) -> None:
    assert (MUSTACHE.fullmatch(text) is not None) is left
