"""Bodies that nobody understood: they are shown with their reason, and can be tried again."""

from __future__ import annotations

from typing import Any

from tests.house import SECRETS, House, alert

READER = {"Authorization": f"Bearer {SECRETS['MUSTER_API_TOKEN']}"}
ODD = {"alerts": {"status": "odd"}, "password": "hunter2-hunter2"}


async def stuck(house: House) -> list[dict[str, Any]]:
    async with house.http.get(f"{house.bot.url}/api/v1/intake", headers=READER) as response:
        return list((await response.json())["bodies"])


async def retry(house: House, receipt: str, headers: dict[str, str] = READER) -> int:
    async with house.http.post(f"{house.bot.url}/api/v1/intake/{receipt}/retry", headers=headers) as response:
        return response.status


async def test_a_body_that_nobody_understood_is_shown_with_its_reason_and_without_secrets(house: House) -> None:
    await house.post_alert(alert())
    taken = await (await house.post_alert(ODD)).json()
    await house.settle()
    (body,) = await stuck(house)
    assert (body["receipt"], body["source"], body["reason"]) == (taken["receipt"], "prometheus", "alerts: expected an array.")
    assert '"status":"odd"' in body["body"].replace(" ", "")
    assert "hunter2" not in body["body"]


async def test_it_is_tried_again_and_fails_with_the_same_reason_while_nothing_was_mended(house: House) -> None:
    taken = await (await house.post_alert(ODD)).json()
    await house.settle()
    assert await retry(house, taken["receipt"]) == 200
    await house.settle()
    (body,) = await stuck(house)
    assert (body["attempts"], body["reason"]) == (1, "alerts: expected an array.")


async def test_what_was_understood_cannot_be_tried_again(house: House) -> None:
    taken = await (await house.post_alert(alert())).json()
    await house.settle()
    assert [await retry(house, receipt) for receipt in (taken["receipt"], "nobody-knows", "x" * 33)] == [404, 404, 400]


async def test_only_a_token_of_the_policy_sees_and_retries(house: House) -> None:
    async with house.http.get(f"{house.bot.url}/api/v1/intake") as response:
        assert response.status == 401
    assert await retry(house, "any", {}) == 401


async def test_both_stand_in_the_description_for_machines(house: House) -> None:
    async with house.http.get(f"{house.bot.url}/api/v1/openapi.json") as response:
        paths = (await response.json())["paths"]
    assert "get" in paths["/api/v1/intake"]
    assert "post" in paths["/api/v1/intake/{reference}/retry"]
