"""The words about silences and maintenance windows."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.domain.silences import Maintenance, Silences
from bot.messages import inbox

from .rows import OPENED, ZONES

WEEKLY = {"days": ["sat"], "from": "23:00", "to": "02:00", "zone": "Europe/Berlin"}


def said(now: datetime, **when: object) -> str:
    window = Maintenance.model_validate({"name": "backups", "author": "Platform", "match": {"service": "db"}, **when})
    return str(inbox.silences(Silences(planned=(window,)), ZONES, now)["blocks"])


@pytest.mark.parametrize(
    ("now", "holds"),
    [(datetime(2026, 11, 21, 23, 30, tzinfo=UTC), "holds now"), (OPENED, "does not hold now")],
)
def test_a_weekly_window_says_what_it_matches_when_it_holds_and_whether_it_does(now: datetime, holds: str) -> None:
    assert f"“backups” of the policy: service=db sat 23:00-02:00 Europe/Berlin, {holds}, Platform" in said(now, during=WEEKLY)


def test_a_daily_window_is_called_daily() -> None:
    assert "service=db daily 01:00-02:00 UTC" in said(OPENED, during={"from": "01:00", "to": "02:00"})


def test_a_single_window_says_from_when_until_when() -> None:
    text = said(OPENED, **{"from": "2026-12-05T20:00:00Z", "until": "2026-12-06T04:00:00Z"})
    assert "service=db 2026-12-05 12:00 PT / 20:00 UTC until 2026-12-05 20:00 PT / 2026-12-06 04:00 UTC, does not hold now" in text
