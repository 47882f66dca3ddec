"""Silences: read from a line, never of everything, each with an end; maintenance by the clock on the wall."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from bot.domain.silences import Maintenance, Silence, Silences, checked, parse_wish
from bot.errors import Malformed

NOW = datetime(2026, 11, 20, 22, 5, tzinfo=UTC)
CHECKOUT = {"service": "checkout", "env": "prod", "source": "prometheus", "title": "Checkout returns 500"}


def silence(**changes: object) -> Silence:
    values: dict[str, object] = {
        "id": "s1",
        "number": 3,
        "match": {"service": ["check*"], "env": ["prod", "staging"]},
        "starts_at": NOW,
        "ends_at": NOW + timedelta(hours=2),
        "author_id": None,
        "author": "Ana",
        "comment": "the new gateway goes live",
        "created_at": NOW,
        "ended_at": None,
        "ended_by": None,
    }
    return Silence(**{**values, **changes})  # type: ignore[arg-type]


def test_a_line_says_for_how_long_which_alerts_and_why() -> None:
    wish = parse_wish("1h30m service=checkout,cart the new env=prod gateway goes live")
    assert wish.span == timedelta(minutes=90)
    assert wish.match == {"service": ("checkout", "cart"), "env": ("prod",)}
    assert wish.comment == "the new gateway goes live"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("", "Say for how long"),
        ("service=checkout why", "Say for how long"),
        ("2h", "Name the alerts"),
        ("2h because", "Name the alerts"),
        ("2h service=, because", "Name the alerts"),
        ("2h service=* because", "silence everything"),
        ("2h service=checkout,* because", "silence everything"),
        ("2h service=?*,x env=** because", "silence everything"),
        ("2h " + "".join(f"l{number}=x " for number in range(21)) + "because", "at most 20 labels"),
        ("2h service=" + "x," * 51 + "x because", "each with at most 50 values"),
        ("2h service=checkout", "Say why"),
        ("5s service=checkout why", "between a minute and 30 days"),
        ("31d service=checkout why", "between a minute and 30 days"),
    ],
)
def test_a_wish_that_cannot_be_granted_says_what_to_say_instead(line: str, sentence: str) -> None:
    with pytest.raises(Malformed, match=sentence):
        parse_wish(line)


def test_a_silence_holds_for_all_its_labels_from_its_start_to_its_end() -> None:
    said = silence()
    assert said.reason_for(CHECKOUT, NOW) == "silence 3 of Ana: the new gateway goes live"
    assert said.reason_for(CHECKOUT | {"env": "dev"}, NOW) is None
    assert said.reason_for({"service": "checkout"}, NOW) is None
    assert said.reason_for(CHECKOUT, NOW - timedelta(seconds=1)) is None
    assert said.reason_for(CHECKOUT, NOW + timedelta(hours=2)) is None


def test_a_silence_that_was_ended_holds_nothing_any_more() -> None:
    assert silence(ended_at=NOW, ended_by="Ben").reason_for(CHECKOUT, NOW) is None


def test_the_weekly_maintenance_holds_by_the_clock_on_the_wall() -> None:
    night = {"zone": "Europe/Berlin", "days": ["fri"], "from": "23:00", "to": "02:00"}
    planned = Maintenance.model_validate({"name": "backups", "match": {"service": "check*"}, "author": "Platform", "during": night})
    held = Silences(planned=(planned,))
    assert held.reason_for(CHECKOUT, NOW) == "maintenance “backups” (Platform)"
    assert held.reason_for(CHECKOUT, NOW + timedelta(hours=2)) is not None
    assert held.reason_for(CHECKOUT, NOW + timedelta(hours=3)) is None
    assert held.reason_for(CHECKOUT, NOW + timedelta(days=1)) is None


def test_a_single_maintenance_has_a_beginning_and_an_end() -> None:
    once = {"from": NOW.isoformat(), "until": (NOW + timedelta(hours=1)).isoformat()}
    planned = Maintenance.model_validate({"name": "move", "match": {"env": "prod"}, "author": "Ana", **once})
    assert planned.reason_for(CHECKOUT, NOW) == "maintenance “move” (Ana)"
    assert planned.reason_for(CHECKOUT, NOW + timedelta(hours=1)) is None
    assert planned.reason_for({"env": "dev"}, NOW) is None


@pytest.mark.parametrize(
    "when",
    [
        {},
        {"from": NOW.isoformat()},
        {"until": NOW.isoformat()},
        {"from": NOW.isoformat(), "until": NOW.isoformat()},
        {"from": "2026-11-20T22:05:00", "until": "2026-11-20T23:05:00"},
        {"during": {"days": "fri"}, "from": NOW.isoformat(), "until": (NOW + timedelta(hours=1)).isoformat()},
        {"during": {"days": "fri"}, "from": NOW.isoformat()},
    ],
)
def test_a_maintenance_without_one_clear_time_is_refused(when: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Maintenance.model_validate({"name": "move", "match": {"env": "prod"}, "author": "Ana", **when})


def test_what_people_said_comes_before_what_the_policy_plans() -> None:
    planned = Maintenance.model_validate({"name": "all", "match": {"env": "prod"}, "author": "Ana", "during": {}})
    assert str(Silences((silence(),), (planned,)).reason_for(CHECKOUT, NOW)).startswith("silence 3")
    assert Silences().reason_for(CHECKOUT, NOW) is None


def test_one_label_may_be_anything_while_another_says_which_alerts() -> None:
    assert parse_wish("2h service=* env=staging because").match == {"service": ("*",), "env": ("staging",)}


@pytest.mark.parametrize("match", [{"n" * 201: ["x"]}, {"service": ["x" * 201]}])
def test_a_silence_has_no_names_and_values_without_end(match: dict[str, list[str]]) -> None:
    with pytest.raises(Malformed, match="of 200 characters"):
        checked(timedelta(hours=1), match, "because")
