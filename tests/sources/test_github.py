"""What fails and succeeds on GitHub: workflows, checks and deployments."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from bot.domain.alert import AlertStatus
from bot.errors import Malformed
from bot.sources.github import SOURCE
from tests.sources.deliveries import body_of, delivery, only, payload_of, read

FORM = "application/x-www-form-urlencoded"
PAIRS = [
    ("workflow-run-failed", "workflow-run-succeeded"),
    ("check-suite-timed-out", "check-suite-succeeded"),
    ("check-run-failed", "check-run-succeeded"),
    ("deployment-failed", "deployment-succeeded"),
]


@pytest.mark.parametrize(("failed", "succeeded"), PAIRS)
def test_a_failure_fires_and_the_success_of_the_same_one_ends_it(failed: str, succeeded: str) -> None:
    fired, ended = only(SOURCE, failed), only(SOURCE, succeeded)
    assert (fired.status, ended.status) == (AlertStatus.FIRING, AlertStatus.RESOLVED)
    assert fired.fingerprint == ended.fingerprint
    assert ended.ends_at is not None


def test_a_failed_workflow_says_which_where_and_what_was_pushed() -> None:
    alert = only(SOURCE, "workflow-run-failed")
    assert alert.title == "Workflow Deploy failed on main (acme/shop)"
    assert alert.url == "https://github.com/acme/shop/actions/runs/777001"
    assert alert.labels == {
        "service": "shop",
        "repository": "acme/shop",
        "conclusion": "failure",
        "workflow": "Deploy",
        "branch": "main",
        "event": "push",
    }
    assert alert.annotations["release"] == "5f2c1e0b9a8d7c6b5a4f3e2d1c0b9a8f7e6d5c4b"
    assert alert.annotations["description"] == "Retry payments once"


def test_a_failed_deployment_says_where_it_was_going_and_not_what_it_carried() -> None:
    alert = only(SOURCE, "deployment-failed")
    assert alert.title == "Deployment of main failed on production (acme/shop)"
    assert alert.labels["environment"] == "production"
    assert alert.url == "https://deploy.example.com/logs/61"
    assert "sekret" not in repr(alert)


def test_another_branch_another_fork_and_another_workflow_are_other_problems() -> None:
    failed = payload_of("github", "workflow-run-failed")
    prints = {only(SOURCE, failed).fingerprint, only(SOURCE, "workflow-run-of-a-fork").fingerprint}
    prints |= {only(SOURCE, _run(failed, **change)).fingerprint for change in ({"head_branch": "release"}, {"workflow_id": 4041})}
    assert len(prints) == 4


def test_running_it_again_is_the_same_problem() -> None:
    failed = payload_of("github", "workflow-run-failed")
    assert only(SOURCE, _run(failed, id=9, run_attempt=2, head_sha="0" * 40)).fingerprint == only(SOURCE, failed).fingerprint


def _run(payload: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return payload | {"workflow_run": payload["workflow_run"] | changes}


@pytest.mark.parametrize("name", ["workflow-run-requested", "workflow-run-cancelled", "deployment-in-progress", "push"])
def test_what_did_not_end_well_or_badly_is_ignored_by_name(name: str) -> None:
    reading = read(SOURCE, name)
    assert reading.alerts == ()
    assert len(reading.ignored) == 1


def test_the_ping_is_ignored() -> None:
    for headers in ({}, {"x-github-event": "ping"}):
        assert read(SOURCE, "ping", headers=headers).ignored == ("GitHub's ping of acme/shop: it reaches us.",)


def test_the_header_names_the_event() -> None:
    reading = read(SOURCE, "workflow-run-failed", headers={"x-github-event": "workflow_job"})
    assert reading.ignored == ("GitHub's workflow_job (completed) is no alert.",)


def test_a_conclusion_that_nobody_documented_waits_as_unreadable() -> None:
    alert = only(SOURCE, _run(payload_of("github", "workflow-run-failed"), conclusion="succeeded_mostly"))
    assert (alert.status, "succeeded_mostly" in (alert.unreadable or "")) == (AlertStatus.FIRING, True)


def test_a_form_carries_the_same_and_is_signed_as_it_stands() -> None:
    assert SOURCE.sign and SOURCE.verify
    form = urlencode({"payload": json.dumps(payload_of("github", "workflow-run-failed"))}).encode()
    headers = {name.lower(): value for name, value in SOURCE.sign(b"shared", form).items()}
    posted = delivery("github", None, body=form, content_type=FORM, headers=headers)
    assert SOURCE.verify(b"shared", posted)
    assert SOURCE.read(posted).alerts == read(SOURCE, "workflow-run-failed").alerts


def test_a_form_with_broken_json_is_refused_with_the_place() -> None:
    with pytest.raises(Malformed, match="payload: the JSON is broken at line 1"):
        read(SOURCE, {"payload": '{"action": '}, content_type=FORM)


@pytest.mark.parametrize("body", [{}, [], {"hello": "world"}])
def test_a_body_that_github_never_wrote_is_refused_as_a_whole(body: object) -> None:
    with pytest.raises(Malformed):
        read(SOURCE, body)


def test_the_signature_has_a_prefix_and_a_delivery_counts_once() -> None:
    assert SOURCE.verify and SOURCE.sign and SOURCE.delivery_id
    signed = {name.lower(): value for name, value in SOURCE.sign(b"shared", body_of("github", "ping")).items()}
    assert signed["x-hub-signature-256"].startswith("sha256=")
    posted = delivery("github", "ping", headers=signed | {"x-github-delivery": "d-1"})
    assert SOURCE.verify(b"shared", posted)
    assert not SOURCE.verify(b"other", posted)
    assert not SOURCE.verify(b"shared", delivery("github", "push", headers=signed))
    assert not SOURCE.verify(b"shared", delivery("github", "ping", headers={"x-hub-signature-256": signed["x-hub-signature-256"][7:]}))
    assert SOURCE.delivery_id(posted) == "d-1"
