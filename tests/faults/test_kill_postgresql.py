"""kill -9 on PostgreSQL, where a replica takes over what was claimed when its lease runs out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.story import ON_POSTGRESQL, kill_at


@pytest.mark.parametrize("place", ON_POSTGRESQL)
async def test_after_a_kill_a_replica_on_postgresql_takes_over_when_the_lease_runs_out(
    place: str, tmp_path: Path, postgres_url: str
) -> None:
    await kill_at(place, tmp_path, postgres_url)
