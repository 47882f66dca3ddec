"""Modals and App Homes: what becomes of a view that the bot hands over, and the methods that take one."""

from __future__ import annotations

import json
from typing import Any

from bot.sandbox import blocks
from bot.sandbox.methods import Args, Methods, parse, required
from bot.sandbox.workspace import SlackError, State, View

_LARGEST = 250_000
_DEEPEST = 3
_SILENT = {"private_metadata": "", "callback_id": "", "external_id": "", "clear_on_close": False, "notify_on_close": False}


def checked(given: Any, kind: str = "modal") -> dict[str, Any]:
    """A view as Slack takes it; raises SlackError."""
    view = parse(given)
    found = blocks.view_problems(view)
    if not found and view["type"] != kind:
        found = [f"[ERROR] unsupported type: {view['type']} [json-pointer:/view/type]"]
    if found:
        raise SlackError("invalid_arguments", response_metadata={"messages": found})
    if len(json.dumps(view)) > _LARGEST:
        raise SlackError("view_too_large")
    return dict(view)


def _named(state: State, body: dict[str, Any]) -> dict[str, Any]:
    """The view with an id for every block and element that came without one."""
    named = []
    for block in body["blocks"]:
        element = block.get("element")
        more = {"element": {"action_id": state.new_id("a"), **element}} if element else {}
        named.append({"block_id": state.new_id("b"), **block, **more})
    return {**body, "blocks": named}


def show(state: State, view: View) -> dict[str, Any]:
    """A view as answers and payloads carry it."""
    return {
        **_SILENT,
        **view.body,
        "id": view.id,
        "team_id": state.users[view.user].team_id if view.user in state.users else state.team_id,
        "state": {"values": view.values},
        "hash": view.hash,
        "root_view_id": view.root_view_id,
        "previous_view_id": view.previous_view_id,
        "app_id": state.app_id,
        "app_installed_team_id": state.team_id,
        "bot_id": state.bot_id,
    }


def add(state: State, user: str, body: dict[str, Any], below: View | None = None) -> View:
    """Opens a modal, or pushes one on another; raises SlackError when the stack is full."""
    _check_external_id(state, body)
    if below is not None and len(stack(state, below)) >= _DEEPEST:
        raise SlackError("push_limit_reached")
    view = View(state.new_id("V"), user, _named(state, body), state.new_id("h"))
    view.root_view_id = below.root_view_id if below else view.id
    view.previous_view_id = below.id if below else None
    state.views[view.id] = view
    return view


def stack(state: State, view: View) -> list[View]:
    """The views of the stack that one is in, the lowest first."""
    return [one for one in state.views.values() if one.root_view_id == view.root_view_id]


def change(state: State, view: View, body: dict[str, Any]) -> None:
    """Shows another body in a view; what was filled in stays where block and element kept their ids."""
    _check_external_id(state, body, view)
    view.body, view.hash, view.errors = _named(state, body), state.new_id("h"), {}
    kept = {block["block_id"]: block.get("element", {}).get("action_id") for block in view.body["blocks"]}
    view.values = {place: given for place, given in view.values.items() if kept.get(place) in given}


def _check_external_id(state: State, body: dict[str, Any], own: View | None = None) -> None:
    wanted = body.get("external_id")
    others = [view for view in (*state.views.values(), *state.homes.values()) if view is not own]
    if wanted and any(view.body.get("external_id") == wanted for view in others):
        raise SlackError("duplicate_external_id")


class Views(Methods):
    """The views.* methods."""

    async def _views_open(self, args: Args) -> dict[str, Any]:
        self._state.use_trigger(args.get("trigger_id"))
        view = add(self._state, self._whose(args), checked(args.get("view")))
        return {"view": show(self._state, view)}

    def _whose(self, args: Args) -> str:
        return self._state.trigger_users.get(str(args["trigger_id"]), "")

    async def _views_push(self, args: Args) -> dict[str, Any]:
        self._state.use_trigger(args.get("trigger_id"))
        user = self._whose(args)
        below = [view for view in self._state.views.values() if view.user == user]
        if not below:
            raise SlackError("not_found")
        return {"view": show(self._state, add(self._state, user, checked(args.get("view")), below[-1]))}

    async def _views_update(self, args: Args) -> dict[str, Any]:
        view = self._find(args)
        if args.get("hash") not in (None, "", view.hash):
            raise SlackError("hash_conflict")
        change(self._state, view, checked(args.get("view"), str(view.body["type"])))
        return {"view": show(self._state, view)}

    def _find(self, args: Args) -> View:
        state, external = self._state, args.get("external_id")
        for view in (*state.views.values(), *state.homes.values()):
            if view.id == args.get("view_id") or (external and view.body.get("external_id") == external):
                return view
        raise SlackError("not_found")

    async def _views_publish(self, args: Args) -> dict[str, Any]:
        required(args, "user_id", "view")
        state, user = self._state, str(args["user_id"])
        if user not in state.users:
            raise SlackError("invalid_arguments")
        body, home = checked(args["view"], "home"), state.homes.get(user)
        if home is not None and args.get("hash") not in (None, "", home.hash):
            raise SlackError("hash_conflict")
        if home is None:
            _check_external_id(state, body)
            home = state.homes[user] = View(state.new_id("V"), user, _named(state, body), state.new_id("h"))
            home.root_view_id = home.id
        else:
            change(state, home, body)
        return {"view": show(state, home)}
