"""What people do in modals and in App Homes: fill in, submit, close, click."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.sandbox import inputs, views
from bot.sandbox.acts import ChannelActs
from bot.sandbox.delivery import Answer
from bot.sandbox.workspace import SlackError, View

TROUBLE = "We had some trouble connecting. Try again?"


class Forms(ChannelActs):
    """The views that people have open."""

    def _who(self, user: str) -> dict[str, str]:
        found = self.state.users[user]
        return {"id": user, "username": found.name, "name": found.name, "team_id": found.team_id}

    def _by(self, user: str, kind: str) -> dict[str, Any]:
        """What every interaction says of who did it; raises SlackError for somebody who is not there."""
        self._present(user)
        team = self.state.users[user].team_id
        home = {"id": team, "domain": "sandbox" if team == self.state.team_id else "other"}
        return {"type": kind, "user": self._who(user), "team": home, "trigger_id": self.state.new_trigger(user)}

    def _view(self, user: str, view_id: str) -> View:
        view = self.state.views.get(view_id)
        if view is None or view.user != user:
            raise LookupError(f"{user} has no view {view_id} open")
        return view

    async def submit(self, user: str, view_id: str, values: Mapping[str, Mapping[str, Any]] | None = None) -> Answer:
        """Submits a modal, with what Slack refuses itself as the only answer if there is any; errors leave it open.

        ``values`` are texts, option values, ids, dates or lists of these, by block and action.
        """
        view = self._view(user, view_id)
        view.values = inputs.fill(view.body["blocks"], values or {}, view.values)
        view.errors = inputs.problems(view.body["blocks"], view.values)
        if view.errors:
            return Answer(200, {"response_action": "errors", "errors": view.errors})
        payload = {**self._by(user, "view_submission"), "view": views.show(self.state, view), "response_urls": []}
        answer = await self._interact(payload)
        try:
            self._settle(view, answer)
        except SlackError:
            view.errors = {"": TROUBLE}
        return answer

    def _settle(self, view: View, answer: Answer) -> None:
        """Does to the modal what the bot answered; raises SlackError when Slack would not take the answer."""
        body: dict[str, Any] = answer.body if isinstance(answer.body, dict) else {}
        if answer.status // 100 != 2:
            raise SlackError("http_error")
        match body.get("response_action"):
            case None:
                self.state.views.pop(view.id, None)
            case "clear":
                self._drop_all(view)
            case "update":
                views.change(self.state, view, views.checked(body.get("view")))
            case "push":
                views.add(self.state, view.user, views.checked(body.get("view")), view)
            case "errors":
                view.errors = _checked_errors(view, body.get("errors"))
            case _:
                raise SlackError("invalid_response_action")

    def _drop_all(self, view: View) -> None:
        for one in views.stack(self.state, view):
            del self.state.views[one.id]

    async def close_view(self, user: str, view_id: str, whole: bool = False) -> Answer | None:
        """Closes a modal, or its ``whole`` stack; None when the bot does not want to know."""
        view = self._view(user, view_id)
        whole = whole or bool(view.body.get("clear_on_close"))
        shown = views.show(self.state, view)
        self._drop_all(view) if whole else self.state.views.pop(view.id)
        if not view.body.get("notify_on_close"):
            return None
        by = {name: value for name, value in self._by(user, "view_closed").items() if name != "trigger_id"}
        return await self._interact({**by, "view": shown, "is_cleared": whole, "response_urls": []})

    async def act_in_view(self, user: str, view_id: str, action_id: str, value: Any = None) -> Answer:
        """Clicks or chooses something in a modal."""
        return await self._act_on(user, self._view(user, view_id), action_id, value)

    async def click_home(self, user: str, action_id: str, value: Any = None) -> Answer:
        """Clicks or chooses something in one's App Home."""
        if user not in self.state.homes:
            raise LookupError(f"nothing was published to the App Home of {user}")
        return await self._act_on(user, self.state.homes[user], action_id, value)

    async def _act_on(self, user: str, view: View, action_id: str, value: Any) -> Answer:
        blocks = view.body["blocks"]
        block_id, element = inputs.find(blocks, action_id, value)
        if inputs.is_filled(element):
            view.values = inputs.fill(blocks, {block_id: {action_id: value}}, view.values)
        payload = {
            **self._by(user, "block_actions"),
            "container": {"type": "view", "view_id": view.id},
            "view": views.show(self.state, view),
            "actions": [inputs.action(block_id, element, value, self.state.new_ts())],
        }
        return await self._interact(payload)


def _checked_errors(view: View, given: Any) -> dict[str, str]:
    """The errors of an answer; raises SlackError unless each is at an input block of the view."""
    known = {block["block_id"] for block in view.body["blocks"] if block["type"] == "input"}
    if not isinstance(given, dict) or not given or not known.issuperset(given):
        raise SlackError("invalid_errors")
    return {str(place): str(sentence) for place, sentence in given.items()}
