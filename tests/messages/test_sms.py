"""Words for phones: they fit, they can be read, and nothing in them leads anywhere."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages import sms

from .rows import ZONES, after

ALPHABET = set(
    "@£$¥èéùìòÇ\nØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà^{}\\[~]|€"
)
codes = st.integers(1, 9999)


def fits(text: str) -> bool:
    return set(text) <= ALPHABET and sum(2 if c in "^{}\\[~]|€" else 1 for c in text) <= 306


def test_a_page_says_what_is_broken_and_what_to_reply() -> None:
    assert sms.page("INC-42", 7, "P0", "Checkout returns 500") == (
        "[INC-42 #7] P0 Checkout returns 500. Reply 7 to acknowledge, 7E to escalate."
    )


@given(codes, st.text(max_size=40), st.text(max_size=500))
def test_a_page_always_fits_two_segments_and_keeps_the_reference_and_the_code(code: int, severity: str, title: str) -> None:
    text = sms.page("INC-123456789", code, severity, title)
    assert fits(text)
    assert text.startswith(f"[INC-123456789 #{code}] ")
    assert text.endswith(f". Reply {code} to acknowledge, {code}E to escalate.")


@given(codes, st.text(max_size=40), st.text(max_size=500))
def test_whatsapp_says_the_same_and_fills_its_template(code: int, severity: str, title: str) -> None:
    body, variables = sms.whatsapp("INC-42", code, severity, title)
    assert body == sms.page("INC-42", code, severity, title)
    assert (variables["1"], variables["3"]) == (f"[INC-42 #{code}]", str(code))
    assert all(fits(value) and value.strip() and "\n" not in value and " " * 5 not in value for value in variables.values())


def test_the_template_reads_as_the_text_does() -> None:
    body, variables = sms.whatsapp("INC-42", 7, "P0", "Checkout returns 500.")
    assert f"{variables['1']} {variables['2']}. Reply {variables['3']} to acknowledge, {variables['3']}E to escalate." == body


@given(st.text(alphabet="[]{}|~^\\€a", min_size=100, max_size=400))
def test_letters_that_count_twice_are_counted_twice(title: str) -> None:
    assert fits(sms.page("INC-42", 7, "P0", title))


@pytest.mark.parametrize(
    "title",
    [
        "Verify at https://evil.example/x?y now",
        "Verify at http:/evil.example now",
        "Verify at WWW.evil.example now",
        "Verify at evil.example/login now",
        "Verify at evil.example now",
        "Verify at tel:+19005550100 now sms:+19005550100",
        "Call +1 (900) 555-0100 now",
        "Verify at https\u200b://evil.example now",
    ],
)
def test_no_address_of_an_alert_can_be_tapped(title: str) -> None:
    text = sms.page("INC-42", 7, "P0", title)
    assert not re.search(r"[a-z]\.[a-z]|www\.|[a-z]:/|tel:\+|sms:\+|\+1", text, re.IGNORECASE), text


def test_a_version_number_is_no_address() -> None:
    assert "Deploy of 1.4.2 failed" in sms.page("INC-42", 7, "P0", "Deploy of 1.4.2 failed")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Zahlung für Kürbis über 5€ — „kaputt“…", 'Zahlung für Kürbis über 5€ - "kaputt"...'),
        ("Ça va? señor ê ł œ", "Ça va? señor e l oe"),
        ("e\u0301te\u0301", "été"),
        ("決済が失敗 🔥🔥 now", "? ? now"),
        ("a\nb\tc", "a b c"),
    ],
)
def test_words_are_written_in_the_letters_that_phones_count_once(text: str, expected: str) -> None:
    assert sms.gsm(text) == expected


def test_a_title_without_a_latin_letter_points_to_slack() -> None:
    assert sms.page("INC-42", 7, "P0", "決済が失敗").startswith("[INC-42 #7] P0 see Slack. Reply 7")


@given(st.text(max_size=300))
def test_every_answer_fits(name: str) -> None:
    answers = (
        sms.already("INC-123456789", name, after(2), ZONES), sms.refused(name),
        sms.acknowledged("INC-123456789"),
        sms.escalated("INC-123456789"), sms.ended("INC-123456789"), sms.unclear(), sms.no_such_code(9999),
        sms.nothing_live(), sms.not_paged(),
    )  # fmt: skip
    assert [text for text in answers if not fits(text)] == []


def test_who_was_first_and_when_is_said() -> None:
    assert sms.already("INC-42", "Ana", after(2), ZONES) == (
        "INC-42 was acknowledged by Ana at 14:07 PT / 22:07 UTC. You need not do anything."
    )


def test_several_pages_are_listed_with_their_codes() -> None:
    assert sms.which_one([("INC-42", 7), ("INC-43", 8)]) == "Which one? Reply 7 for INC-42, 8 for INC-43."


@given(st.lists(st.tuples(st.just("INC-123456789"), codes), min_size=1, max_size=60))
def test_a_long_list_of_pages_fits_and_keeps_the_first(choices: list[tuple[str, int]]) -> None:
    text = sms.which_one(choices)
    assert fits(text)
    assert f"Reply {choices[0][1]} for INC-123456789" in text
