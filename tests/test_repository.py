"""What the repository must hold, and what it must not."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
INDEX = re.compile("|".join(["p" + r"ypi\.org", "p" + "ythonhosted", r"--index-url", r"--extra-index-url", r"--find-links"]))
MACHINE = re.compile(r"(?<![A-Za-z0-9_.])/(?:wo" + r"rk|fa" + r"rm|ro" + r"ot|ho" + r"me/[a-z]+)/")


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False).stdout.decode()
    paths = [ROOT / name for name in listed.split("\0") if name]
    return [path for path in paths if path.is_file()] or list(ROOT.glob("bot/**/*.py"))


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_package_of_a_lock_has_a_version_and_a_hash(name: str) -> None:
    text = (ROOT / name).read_text()
    packages = re.findall(r"^[a-z0-9][^\s=]*==[^\s\\]+[^\n]*\\\n(?:\s+--hash=sha256:[0-9a-f]{64})", text, re.MULTILINE)
    assert len(packages) == len(re.findall(r"^[a-z0-9][^\s=]*==", text, re.MULTILINE)) > 20
    assert not INDEX.search(text)


def test_no_file_names_a_package_index_or_a_path_of_a_machine() -> None:
    found = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if (INDEX.search(text) and path.name != Path(__file__).name) or MACHINE.search(text):
            found.append(str(path.relative_to(ROOT)))
    assert not found


FACE = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSE", "Dockerfile", "compose.yaml", "manifest.yml", ".ci/run")


@pytest.mark.parametrize("name", FACE)
def test_what_a_stranger_looks_for_is_there(name: str) -> None:
    assert (ROOT / name).stat().st_size > 100


@pytest.mark.parametrize("line", ["HEALTHCHECK", "STOPSIGNAL SIGTERM", "USER ", "--require-hashes", "AS build"])
def test_the_image_is_small_unprivileged_and_watched(line: str) -> None:
    assert line in (ROOT / "Dockerfile").read_text()


@pytest.mark.parametrize("line", ["read_only: true", "cap_drop: [ALL]", "no-new-privileges:true", "postgres", "_FILE", "pids_limit"])
def test_the_composition_gives_no_more_than_is_needed(line: str) -> None:
    assert line in (ROOT / "compose.yaml").read_text()
