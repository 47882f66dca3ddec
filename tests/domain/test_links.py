"""Links that acknowledge: made by us alone, for one page, for one day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import links

KEY = "k" * 32
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PAGE = "01JD0000000000000000000001"


def test_a_link_leads_to_its_page_until_its_day_is_over() -> None:
    token = links.sign(KEY, PAGE, NOON)
    first, last, over = (links.read(KEY, token, NOON + after) for after in (timedelta(), timedelta(hours=23, minutes=59), links.LIFE))
    assert first is not None and last is not None and over is not None
    assert (first.page_id, first.expires_at) == (PAGE, NOON + timedelta(hours=24))
    assert (first.expired, last.expired, over.expired) == (False, False, True)


def test_a_link_of_another_key_is_nobodys() -> None:
    assert links.read("j" * 32, links.sign(KEY, PAGE, NOON), NOON) is None


@pytest.mark.parametrize("place", range(len(links.sign(KEY, PAGE, NOON))))
def test_a_link_with_one_letter_changed_is_nobodys(place: int) -> None:
    token = links.sign(KEY, PAGE, NOON)
    changed = f"{token[:place]}{'B' if token[place] != 'B' else 'C'}{token[place + 1 :]}"
    assert links.read(KEY, changed, NOON) is None


def test_the_signature_cannot_be_carried_to_another_page_or_a_later_end() -> None:
    version, page, expiry, signature = links.sign(KEY, PAGE, NOON).split(".")
    assert links.read(KEY, f"{version}.{PAGE[:-1]}2.{expiry}.{signature}", NOON) is None
    assert links.read(KEY, f"{version}.{page}.{int(expiry) + 1}.{signature}", NOON) is None
    assert links.read(KEY, f"2.{page}.{expiry}.{signature}", NOON) is None


@given(st.text(max_size=200))
def test_whatever_is_asked_for_is_no_link(token: str) -> None:
    assert links.read(KEY, token, NOON) is None


def test_an_address_carries_it_as_it_is() -> None:
    assert set(links.sign(KEY, PAGE, NOON)) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")
