"""The part of Slack's Web API that is about people, groups and the workspace itself."""

from __future__ import annotations

from typing import Any

from bot.sandbox.methods import Args, Methods, page, required
from bot.sandbox.scopes import truthy
from bot.sandbox.workspace import SlackError, User, UserGroup


class Directory(Methods):
    """auth.test, team.info, users.* and usergroups.*."""

    async def _auth_test(self, _args: Args) -> dict[str, Any]:
        state = self._state
        return {
            "url": "https://sandbox.slack.com/",
            "team": "Sandbox",
            "user": "muster",
            "team_id": state.team_id,
            "user_id": state.bot_user_id,
            "bot_id": state.bot_id,
            "is_enterprise_install": False,
        }

    async def _team_info(self, args: Args) -> dict[str, Any]:
        if args.get("team") not in (None, "", self._state.team_id):
            raise SlackError("team_not_found")
        team = {"id": self._state.team_id, "name": "Sandbox", "url": "https://sandbox.slack.com/", "domain": "sandbox"}
        return {"team": {**team, "email_domain": "example.com", "icon": {"image_default": True}}}

    def _user_shown(self, user: User) -> dict[str, Any]:
        profile = {"real_name": user.real_name, "display_name": user.name, "team": user.team_id}
        if "users:read.email" in self._scopes and user.email:
            profile["email"] = user.email
        if user.is_bot:
            profile |= {"bot_id": self._state.bot_id} if user.id == self._state.bot_user_id else {"bot_id": f"B{user.id[1:]}"}
        shown = {"id": user.id, "team_id": user.team_id, "name": user.name, "deleted": user.deleted, "is_bot": user.is_bot}
        if user.deleted:
            return {**shown, "profile": profile, "updated": 0}
        return {
            **shown,
            "real_name": user.real_name,
            "tz": user.tz,
            "profile": profile,
            "is_admin": False,
            "is_owner": False,
            "is_primary_owner": False,
            "is_restricted": user.is_restricted,
            "is_ultra_restricted": False,
            "is_stranger": user.team_id != self._state.team_id,
            "is_app_user": False,
            "updated": 0,
        }

    async def _users_info(self, args: Args) -> dict[str, Any]:
        user = self._state.users.get(str(args.get("user") or ""))
        if user is None:
            raise SlackError("user_not_found")
        return {"user": self._user_shown(user)}

    async def _users_list(self, args: Args) -> dict[str, Any]:
        members = [self._user_shown(user) for user in self._state.users.values()]
        found = page("members", members, args, 1000, unlimited=True)
        return {name: value for name, value in found.items() if name != "has_more"} | {"cache_ts": int(self._state.clock.now().timestamp())}

    async def _users_lookup_by_email(self, args: Args) -> dict[str, Any]:
        required(args, "email")
        wanted = str(args["email"]).casefold()
        for user in self._state.users.values():
            if user.email.casefold() == wanted and not user.deleted and user.team_id == self._state.team_id:
                return {"user": self._user_shown(user)}
        raise SlackError("users_not_found")

    def _group_shown(self, group: UserGroup, args: Args) -> dict[str, Any]:
        shown = {"id": group.id, "team_id": self._state.team_id, "is_usergroup": True, "handle": group.handle, "name": group.name}
        more: dict[str, Any] = {"users": group.users} if truthy(args.get("include_users")) else {}
        more |= {"user_count": str(len(group.users))} if truthy(args.get("include_count")) else {}
        return {**shown, "description": "", "date_delete": 0, "is_external": False, **more}

    async def _usergroups_list(self, args: Args) -> dict[str, Any]:
        return {"usergroups": [self._group_shown(group, args) for group in self._state.groups.values()]}

    async def _usergroups_users_list(self, args: Args) -> dict[str, Any]:
        group = self._state.groups.get(str(args.get("usergroup") or ""))
        if group is None:
            raise SlackError("no_such_subteam")
        return {"users": list(group.users)}
