"""The status machine: every step from every status either moves as drawn or is refused with a sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from bot.domain.status import Status, Step, find_status, next_status
from bot.errors import InvalidTransition


@given(st.sampled_from(Status), st.sampled_from(Step), st.one_of(st.none(), st.sampled_from(Status)))
def test_a_step_moves_only_as_drawn(current: Status, step: Step, wanted: Status | None) -> None:
    try:
        after = next_status(current, step, wanted)
    except InvalidTransition as refusal:
        refused = current.open if step is Step.REOPEN else (not current.open or (step is not Step.RESOLVE and wanted is Status.RESOLVED))
        assert refused
        assert len(str(refusal)) > 20
        return
    assert (step is Step.REOPEN) == (not current.open)
    assert (after is Status.RESOLVED) == (step is Step.RESOLVE)


class Life(RuleBasedStateMachine):
    """Whatever is tried in whatever order, an incident is resolved only by resolving and comes back only by reopening."""

    def __init__(self) -> None:
        super().__init__()
        self.status = Status.INVESTIGATING

    @rule(step=st.sampled_from(Step), wanted=st.one_of(st.none(), st.sampled_from(Status)))
    def step(self, step: Step, wanted: Status | None) -> None:
        before = self.status
        try:
            self.status = next_status(self.status, step, wanted)
        except InvalidTransition:
            assert self.status is before
            return
        if before is not Status.RESOLVED and self.status is Status.RESOLVED:
            assert step is Step.RESOLVE
        if before is Status.RESOLVED:
            assert (step, self.status) == (Step.REOPEN, Status.INVESTIGATING)


TestLife = Life.TestCase


@pytest.mark.parametrize(("word", "status"), [("mitigating", Status.MITIGATING), (" Monitoring ", Status.MONITORING), ("fixed", None)])
def test_a_status_is_found_by_its_word(word: str, status: Status | None) -> None:
    assert find_status(word) is status
