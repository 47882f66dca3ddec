"""What calls say: they can be spoken, they are well-formed, and only a key answers."""

from __future__ import annotations

from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages import voice

WORDS = voice.page("INC-42", "P0", "Checkout returns 500")


def said(document: str) -> list[str]:
    return [element.text or "" for element in read(document).iter("Say")]


def read(document: str) -> Element:
    root = fromstring(document.encode())
    assert root.tag == "Response"
    return root


def test_a_call_says_severity_reference_and_title() -> None:
    assert WORDS == "P0. Incident 42. Checkout returns 500."


def test_it_is_asked_twice_for_one_key_and_posts_silence_too() -> None:
    root = read(voice.ask(WORDS, "https://bot.example.com/twilio/voice/p/key?asked=0&x=1"))
    [gather] = root
    assert gather.tag == "Gather"
    assert gather.attrib == {
        "input": "dtmf", "numDigits": "1", "timeout": "8", "actionOnEmptyResult": "true", "method": "POST",
        "action": "https://bot.example.com/twilio/voice/p/key?asked=0&x=1",
    }  # fmt: skip
    assert [child.tag for child in gather] == ["Say", "Pause", "Say"]
    assert [child.text for child in gather if child.tag == "Say"] == [f"{WORDS} Press 1 to acknowledge. Press 2 to escalate."] * 2


def test_after_a_key_it_says_what_happened_and_hangs_up() -> None:
    assert [element.tag for element in read(voice.tell("Done."))] == ["Say", "Hangup"]
    assert said(voice.tell("Done.")) == ["Done."]


def test_where_no_key_can_reach_us_it_says_how_to_answer_and_asks_for_none() -> None:
    document = voice.without_keys(WORDS)
    assert "Gather" not in document
    assert "Press" not in document
    assert len(said(document)) == 2
    assert all(text.startswith(WORDS) and "reply by SMS with the word: ack" in text for text in said(document))


def test_a_machine_is_told_nothing() -> None:
    assert [element.tag for element in read(voice.hang_up())] == ["Hangup"]


@pytest.mark.parametrize(
    ("title", "spoken"),
    [
        ("Verify at https://evil.example/x?y now", "Verify at link now."),
        ("Call +1 (900) 555-0100 now", "Call number now."),
        ("Log in at evil.example now", "Log in at evil dot example now."),
        ("[api] {db} <slow> | *again* `x_y`", "api db slow again 'x y'."),
        ("Zahlung für Kürbis – 5 € & mehr", "Zahlung für Kürbis 5 & mehr."),
        ("決済が失敗", "see Slack."),
    ],
)
def test_signs_and_addresses_are_not_read_out(title: str, spoken: str) -> None:
    assert voice.page("INC-7", "P0", title) == f"P0. Incident 7. {spoken}"


@given(st.text(max_size=40), st.text(max_size=500))
def test_whatever_an_alert_says_the_call_is_well_formed_and_ends_in_the_keys(severity: str, title: str) -> None:
    words = voice.page("INC-42", severity, title)
    assert ". Incident 42. " in words
    assert len(words) < 300
    for text in said(voice.ask(words, "https://bot.example.com/k")):
        assert text == f"{words} {voice.KEYS}"
    assert said(voice.tell(words)) == [words]


@given(st.text(max_size=500))
def test_an_answer_is_spoken_without_signs(sentence: str) -> None:
    spoken = voice.speakable(f"INC-42 {sentence}")
    assert spoken.startswith("incident 42")
    assert not set(spoken) & set("[]{}<>|_*`~^\\\n")


def test_who_did_not_press_and_who_pressed_wrong_are_asked_again() -> None:
    assert voice.again(WORDS, pressed=False).startswith("No key was pressed. P0. Incident 42.")
    assert voice.again(WORDS, pressed=True).startswith("That key means nothing here. P0. Incident 42.")
    assert "Nothing is acknowledged" in voice.goodbye()
