"""Pages by e-mail: nothing in them leads anywhere but our own link, and nothing runs in them."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages import mail

LINK = "https://bot.example.com/ack/1.PAGE.1.SIG"
NASTY = '<script>alert(1)</script><img src="https://evil.example/x.png"> https://evil.example/y "\'>&'


class Tags(HTMLParser):
    """The tags of a document with their attributes, and its text."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    @property
    def names(self) -> set[str]:
        return {name for name, _ in self.tags}


def test_a_page_says_what_is_broken_and_where_to_acknowledge() -> None:
    subject, text, html = mail.page("INC-42", 7, "P0", "Checkout returns 500", LINK)
    assert subject == "[INC-42 #7] P0 Checkout returns 500"
    assert "P0 Checkout returns 500" in text
    assert f"\n{LINK}\n" in text
    assert [attrs["href"] for tag, attrs in Tags(html).tags if tag == "a"] == [LINK]


def test_both_parts_say_that_opening_the_link_acknowledges_nothing() -> None:
    page = mail.page("INC-42", 7, "P0", "t", LINK)
    assert all("acknowledges nothing" in part for part in (page.text, page.html))


def test_without_an_address_of_ours_it_says_what_to_type_instead() -> None:
    page = mail.page("INC-42", 7, "P0", "t", None)
    assert all("/incident ack INC-42" in part for part in (page.text, page.html))
    assert "a" not in Tags(page.html).names


@given(st.text(max_size=60), st.text(max_size=800))
def test_the_subject_is_one_short_line_that_begins_with_the_reference(severity: str, title: str) -> None:
    subject = mail.page("INC-42", 7, severity, title, LINK).subject
    assert subject.startswith("[INC-42 #7] ")
    assert len(subject) <= 200
    assert not re.search(r"[\x00-\x1f\x7f\u2028\u2029]", subject)


@pytest.mark.parametrize("title", [NASTY, "x\r\nBcc: all@example.com", "{{7*7}} %s ${x}"])
def test_what_an_alert_says_is_shown_and_never_followed_or_run(title: str) -> None:
    for html in (mail.page("INC-42", 7, "P0", title, LINK).html, mail.ask("INC-42", "P0", title), mail.tell("Gone", title)):
        assert not Tags(html).names & {"script", "img", "iframe", "link", "object", "svg"}
    for shown in (mail.page("INC-42", 7, "P0", title, LINK), ("", "", mail.ask("INC-42", "P0", title))):
        assert "evil.example" not in "".join(shown)


@given(st.text(max_size=300), st.text(max_size=300))
def test_the_page_behind_the_link_has_one_button_whatever_the_title_says(severity: str, title: str) -> None:
    read = Tags(mail.ask("INC-42", severity, title))
    assert [attrs for tag, attrs in read.tags if tag == "form"] == [{"method": "post"}]
    assert [tag for tag, _ in read.tags].count("button") == 1
    assert ("meta", {"name": "robots", "content": "noindex, nofollow"}) in read.tags
    assert all(not name.startswith("on") and name not in ("style", "src", "href") for _, attrs in read.tags for name in attrs)


def test_a_page_that_only_tells_has_nothing_to_press() -> None:
    read = Tags(mail.tell("Gone", "INC-42 was acknowledged by <Ana>."))
    assert not read.names & {"form", "button", "a"}
    assert "INC-42 was acknowledged by <Ana>." in read.text
