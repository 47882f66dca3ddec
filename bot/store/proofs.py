"""Rows of proofs: when each route was last heard, and when it was last tested (J14)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import String, TextClause, bindparam, text

from bot.domain.readiness import Proof
from bot.store.database import Transaction
from bot.store.rows import as_nouns
from bot.store.tables import Moment, proofs

EXACT_TO = timedelta(minutes=10)
"""A route that is heard again within this is not written again, so that a storm of alerts costs a look and no lock."""


def _keep(column: str) -> TextClause:
    words = [bindparam(name, type_=String) for name in ("organisation", "branch", "route")]
    return text(
        f"INSERT INTO proofs (organisation, branch, route, {column})"
        " SELECT :organisation, :branch, :route, :at WHERE NOT EXISTS"
        f" (SELECT 1 FROM proofs AS kept WHERE kept.organisation = :organisation AND kept.route = :route AND kept.{column} >= :since)"
        f" ON CONFLICT (organisation, route) DO UPDATE SET {column} = excluded.{column}"
    ).bindparams(*words, bindparam("at", type_=Moment), bindparam("since", type_=Moment))


_HEARD, _TESTED = _keep("heard_at"), _keep("tested_at")


async def list_proofs(tx: Transaction) -> dict[str, Proof]:
    """The proofs that there are, by route."""
    return {proof.route: proof for proof in as_nouns(Proof, (await tx.run(tx.select(proofs))).mappings())}


async def keep_proofs(tx: Transaction, heard: Mapping[str, datetime], tested: Mapping[str, datetime]) -> None:
    """Writes when routes were heard and tested: one statement for each kind that there is any of."""
    for statement, moments in ((_HEARD, heard), (_TESTED, tested)):
        if moments:
            routes = sorted(moments)
            at = [moments[route] for route in routes]
            await tx.run_many(statement, {"route": routes, "at": at, "since": [moment - EXACT_TO for moment in at]})
