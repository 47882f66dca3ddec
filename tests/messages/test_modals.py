"""Modals: what Slack takes, and what comes back from them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.status import Status
from bot.messages import actions, modals, resolve_form

from .rows import NASTY, check_view, policy, situation, strings

VIEWS = {
    "skeleton": modals.skeleton(),
    "refusal": modals.refusal(NASTY * 50),
    "declare": modals.declare(policy(), "token"),
    "update": modals.update(situation()),
    "severity": modals.severity(situation(), policy()),
    "resolve": resolve_form.form(situation()),
    "met": modals.met(situation(title=NASTY), {"token": "t"}),
    "roles": modals.roles(situation(), {"ana": "U0ANA"}),
    "page": modals.page(situation(), policy(groups={"owners": []})),
    "note": modals.note(situation()),
    "note at": modals.note_at(situation()),
    "known": modals.known(situation(triage={"tenants": [NASTY]})),
    "reopen": modals.reopen(situation()),
    "add to timeline": modals.add_to_timeline([situation(title=NASTY)], NASTY * 50, {"ts": "1.1"}),
    "nothing to add to": modals.add_to_timeline([], NASTY, {}),
    "told": modals.told("Done."),
}


def element(view: dict[str, Any], block_id: str) -> dict[str, Any]:
    found: dict[str, Any] = next(block for block in view["blocks"] if block.get("block_id") == block_id)["element"]
    return found


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS.keys())
def test_slack_takes_every_modal(view: dict[str, Any]) -> None:
    check_view(view)
    assert len(view["title"]["text"]) <= 24


@pytest.mark.parametrize("number", [1, 42, 999_999_999])
def test_the_title_of_a_modal_fits_the_longest_reference(number: int) -> None:
    for view in (
        modals.update(situation(number=number)),
        modals.severity(situation(number=number), policy()),
    ):
        check_view(view)
        assert f"INC-{number}" in view["title"]["text"]


def test_a_form_carries_what_it_is_about_and_traces_of_what_it_showed() -> None:
    assert json.loads(modals.declare(policy(), "t-1")["private_metadata"]) == {"token": "t-1"}
    for view in (
        modals.update(situation()),
        resolve_form.form(situation()),
        modals.severity(situation(), policy()),
    ):
        about = {name: value for name, value in json.loads(view["private_metadata"]).items() if not name.startswith("was ")}
        assert about == {"incident_id": "i42", "status": "Investigating", "severity": "P0"}


def test_each_form_is_routed_by_its_own_id() -> None:
    routed = [VIEWS[name]["callback_id"] for name in ("declare", "update", "severity", "resolve")]
    assert routed == [actions.DECLARE, actions.UPDATE, actions.CHANGE_SEVERITY, actions.RESOLVE]


def test_the_declaration_starts_with_the_severity_and_title_that_were_typed() -> None:
    view = modals.declare(policy(), "t", [situation()], "Checkout down", "P1", private=True)
    assert "INC-42" in view["blocks"][0]["text"]["text"], "what is open already"
    assert element(view, modals.PRIVATE_BLOCK)["initial_options"]
    assert element(view, modals.TITLE_BLOCK)["initial_value"] == "Checkout down"
    assert element(view, modals.SEVERITY_BLOCK)["initial_option"]["value"] == "P1"


def test_the_default_severity_is_chosen_also_when_the_policy_names_it_by_an_alias() -> None:
    assert element(modals.declare(policy(), "t"), modals.SEVERITY_BLOCK)["initial_option"]["value"] == "P0"


def test_an_update_offers_the_open_statuses_and_the_present_one_first() -> None:
    select = element(modals.update(situation(status=Status.MITIGATING)), modals.STATUS_BLOCK)
    assert [option["value"] for option in select["options"]] == ["Investigating", "Mitigating", "Monitoring"]
    assert select["initial_option"]["value"] == "Mitigating"


@given(st.text(max_size=4000))
def test_the_words_of_people_are_edited_as_they_were_typed_and_never_make_a_mention(text: str) -> None:
    view = modals.update(situation(title=text or "x", impact=text))
    check_view(view)
    typed = element(view, modals.IMPACT_BLOCK).pop("initial_value", "")
    assert len(typed) <= 3000
    assert "<" not in "".join(strings(view))


def test_a_meaning_with_markup_stays_a_label() -> None:
    severities = [{"label": "<!here>", "rank": 0, "meaning": NASTY}]
    view = modals.declare(policy(severities=severities, default_severity="<!here>"), "t")
    check_view(view)
    options = element(view, modals.SEVERITY_BLOCK)["options"]
    assert options[0]["text"]["text"].startswith("&lt;!here&gt;") and options[0]["value"] == "<!here>"


def test_a_refusal_stands_under_the_text_that_was_typed() -> None:
    assert modals.errors(modals.update(situation()), "Say what happened.") == {
        "response_action": "errors",
        "errors": {modals.TEXT_BLOCK: "Say what happened."},
    }
    assert list(modals.errors(modals.declare(policy(), "t"), "No.")["errors"]) == [modals.TITLE_BLOCK]


def test_a_refusal_of_a_form_without_inputs_replaces_it() -> None:
    answer = modals.errors({"blocks": []}, "This form was changed.")
    assert answer["response_action"] == "update"
    check_view(answer["view"])
