"""Every kind of source that a policy may name is there, whole, documented and with a sample that it understands itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.cli import source_table
from bot.domain.alert import AlertStatus, Reading
from bot.domain.routing import Carrier, SourceKind, SourceRule
from bot.sources import SOURCES
from bot.sources.forms import decode, form_of
from bot.sources.posting import post_of
from bot.sources.samples import load
from bot.sources.source import Delivery, Form
from tests.sources.deliveries import RECEIVED_AT

ROOT = Path(__file__).parents[2]
SECRET = "secret-of-a-sample"
KINDS = pytest.mark.parametrize("kind", list(SourceKind), ids=lambda kind: kind.value)


def read(kind: SourceKind, state: str) -> Reading | None:
    """What a kind makes of its own sample; None where there is none in that state."""
    sample = load(kind, state, RECEIVED_AT, SECRET)
    if sample is None:
        return None
    payload = decode(form_of(sample.method, sample.content_type) or Form.JSON, sample.content_type, sample.query, sample.body)
    headers = {name.lower(): value for name, value in sample.headers.items()}
    return SOURCES[kind].read(
        Delivery(
            source=kind.value,
            payload=payload,
            body=sample.body,
            received_at=RECEIVED_AT,
            method=sample.method,
            tail=sample.tail,
            content_type=sample.content_type,
            query=sample.query,
            headers={name: headers[name] for name in SOURCES[kind].keeps if name in headers},
        )
    )


@KINDS
def test_every_kind_is_registered_under_its_own_name(kind: SourceKind) -> None:
    assert SOURCES[kind].kind is kind


@KINDS
def test_every_kind_says_how_it_is_set_up_in_two_lines(kind: SourceKind) -> None:
    lines = SOURCES[kind].setup.format(url="https://muster.example.com/alerts/x", secret="$SECRET").splitlines()
    assert len(lines) == 2
    assert all(20 < len(line) < 200 for line in lines)
    assert "muster.example.com" in "".join(lines)


@KINDS
def test_every_kind_that_has_a_secret_says_where_it_goes(kind: SourceKind) -> None:
    source = SOURCES[kind]
    assert source.carried_by
    if kind is not SourceKind.CLOUDWATCH:
        assert "$SECRET" in source.setup.format(url="", secret="$SECRET")
        assert (Carrier.SIGNATURE in source.carried_by) <= (source.verify is not None and source.sign is not None)
        assert (Carrier.BODY in source.carried_by) <= (source.verify is not None)
    assert (Carrier.HEADER in source.carried_by) <= (source.header is not None)


@KINDS
def test_every_kind_links_to_its_documentation_and_lists_its_states(kind: SourceKind) -> None:
    source = SOURCES[kind]
    assert source.documentation.startswith("https://")
    meanings = [meaning.split()[0] for meaning in source.states.values()]
    assert "fires" in meanings
    assert len(source.name) > 2


@KINDS
def test_every_kind_takes_what_its_sample_is(kind: SourceKind) -> None:
    source, sample = SOURCES[kind], load(kind, "firing", RECEIVED_AT, SECRET)
    assert sample is not None
    assert sample.method in source.methods
    assert form_of(sample.method, sample.content_type) in source.forms
    assert all(name == name.lower() for name in source.keeps)


@KINDS
def test_every_sample_fires_once_and_its_recovery_ends_the_same_alert(kind: SourceKind) -> None:
    firing, resolved = read(kind, "firing"), read(kind, "resolved")
    assert firing is not None
    (fired,) = firing.alerts
    assert (fired.status, fired.unreadable) == (AlertStatus.FIRING, None)
    assert fired.title != "Untitled alert"
    if resolved is not None:
        (ended,) = resolved.alerts
        assert (ended.status, ended.unreadable, ended.fingerprint) == (AlertStatus.RESOLVED, None, fired.fingerprint)
        assert ended.starts_at in (None, fired.starts_at)


@KINDS
def test_a_sample_keeps_no_secret_in_what_is_read_from_it(kind: SourceKind) -> None:
    reading = read(kind, "firing")
    assert reading is not None
    assert SECRET not in repr(reading)


@KINDS
def test_a_sample_can_be_sent_with_a_secret_wherever_it_may_be(kind: SourceKind) -> None:
    source, sample = SOURCES[kind], load(kind, "firing", RECEIVED_AT, SECRET)
    assert sample is not None
    for carrier in source.carried_by:
        if kind is SourceKind.CLOUDWATCH:
            continue
        rule = SourceRule(kind=kind, secret="env:SECRET", carried_by=(carrier,), header=source.header)
        post, bare = post_of(sample, source, rule, SECRET), post_of(sample, source, rule, None)
        assert post != bare or (carrier is Carrier.BODY and SECRET.encode() in post.body), carrier


def test_the_document_of_the_sources_is_the_one_that_the_registry_makes() -> None:
    """``.venv/bin/python -c "from bot.cli.source_table import render; print(render(), end='')" > docs/sources.md`` writes it anew."""
    assert (ROOT / "docs" / "sources.md").read_text(encoding="utf-8") == source_table.render()
