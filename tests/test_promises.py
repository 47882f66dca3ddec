"""The page of promises tells the truth: every promise has a test that carries its mark, and the page is made from the marks."""

from __future__ import annotations

from tests import promises


def test_every_promise_of_the_page_has_a_test() -> None:
    kept = promises.kept()
    assert [promise for promise in promises.SAID if promise not in kept] == []


def test_every_mark_names_a_promise_of_the_page() -> None:
    assert sorted(set(promises.kept()) - set(promises.SAID)) == []


def test_the_page_is_made_from_the_marks() -> None:
    """``python -m tests.promises`` writes it anew."""
    assert promises.PAGE.read_text(encoding="utf-8") == promises.page()
