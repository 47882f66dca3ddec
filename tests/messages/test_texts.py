"""Text of others: cleaned, cut, escaped once."""

from __future__ import annotations

import html
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages import texts

from .rows import NASTY


@given(st.text())
def test_nothing_shown_holds_a_control_character_of_slack(text: str) -> None:
    shown = texts.shown(text, 100)
    assert "<" not in shown and ">" not in shown and "\n" not in shown
    assert len(shown) <= 100


@given(st.text(max_size=300))
def test_cleaned_text_has_nothing_invisible_and_cleaning_twice_changes_nothing(text: str) -> None:
    cleaned = texts.clean(text, 200)
    assert texts.clean(cleaned, 200) == cleaned
    assert not [c for c in cleaned if unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t"]
    assert not set(cleaned) & set("\u200b\u200d\u202a\u202e\u2066\u2069\ufeff")


@given(st.text(alphabet="a&<>\u00e9", max_size=400), st.integers(10, 200))
def test_an_escape_is_never_cut_in_two(text: str, limit: int) -> None:
    fitted = texts.fit(text, limit)
    assert len(fitted) <= limit
    back = html.unescape(fitted)
    assert text == back or (back.endswith("…") and text.startswith(back[:-1]))


def test_text_is_escaped_once() -> None:
    assert texts.escape("a < b && <!here>") == "a &lt; b &amp;&amp; &lt;!here&gt;"


def test_a_long_text_ends_in_an_ellipsis_within_its_limit() -> None:
    assert texts.clean("word " * 10, 12) == "word word w…"


@pytest.mark.parametrize("end", ["\r\n", "\r", "\u2028", "\x85"])
def test_every_kind_of_line_end_becomes_a_newline(end: str) -> None:
    assert texts.clean(f"a{end}b", 10) == "a\nb"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)", "slack://x", "tel:+1", "https://bank.example@evil.example/", "https://",
        "//evil.example", "https://a.example/ b", "https://a.example/\u202ecod", "data:text/html,x", "", None,
        "https://[::1", NASTY,
        "https://a.example/" + "x" * 2000,
    ],
)  # fmt: skip
def test_an_address_that_is_not_plain_http_is_no_link(url: str | None) -> None:
    assert texts.safe_link(url) is None
    assert texts.link(url) is None


def test_a_link_shows_the_host_it_leads_to() -> None:
    assert texts.link("https://ci.example.com/x|y>z?a=1&b=2") == "<https://ci.example.com/x%7Cy%3Ez?a=1&b=2|ci.example.com>"


def test_a_host_that_only_looks_like_another_is_shown_in_its_ascii_form() -> None:
    assert texts.link("https://b\u0430nk.example/") == "<https://b\u0430nk.example/|xn--bnk-6cd.example>"


@given(st.text(max_size=80))
def test_a_link_is_one_link_whatever_the_address(rest: str) -> None:
    shown = texts.link(f"https://a.example/{rest}")
    assert shown is None or (shown.count("<"), shown.count(">"), shown.count("|")) == (1, 1, 1)


def test_only_an_id_becomes_a_mention() -> None:
    assert texts.mention("U0ANA") == "<@U0ANA>"
    assert texts.channel_link("C0LIVE") == "<#C0LIVE>"
    assert texts.mention("U0ANA> <!channel") == texts.mention("!channel") == texts.mention(None) == ""
