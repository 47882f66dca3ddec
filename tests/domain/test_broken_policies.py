"""Broken policies, each with what is said of it behind it: refused with the sentence that mends it, or noted where it can be used."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest

from bot.domain.policy_file import PolicyError, load_policy, open_policy
from bot.domain.undone import notes
from bot.settings import read_policy

FOLDER = Path(__file__).parent / "broken"
BASE = (FOLDER / "base.yml").read_text(encoding="utf-8")
SHIPPED = sorted(file.name.removesuffix(".yml") for file in files("bot.policies").iterdir() if file.name.endswith(".yml"))


def said(path: Path, kind: str) -> list[str]:
    """What is to be said of the policy, as it stands behind it."""
    return re.findall(rf"^# {kind}: (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)


def those(kind: str) -> list[Path]:
    return [path for path in sorted(FOLDER.glob("*.yml")) if said(path, kind)]


def reader(text: str) -> Callable[[str], tuple[str, str]]:
    """Reads ``policy``, which has that text, and ``base``."""

    def read(name: str) -> tuple[str, str]:
        known = {"policy": text, "base": BASE}
        if name not in known:
            raise FileNotFoundError(f"there is no file {name!r}")
        return f"{name}.yml", known[name]

    return read


def refusal_of(text: str) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        load_policy("policy", reader(text))
    return str(caught.value).splitlines()


def test_what_the_broken_policies_extend_is_sound() -> None:
    assert list(notes(load_policy("base", reader("")))) == []


def test_there_are_more_than_forty_and_each_is_broken_in_its_own_way() -> None:
    first = [said(path, "refused")[0] for path in those("refused")]
    assert len(first) == len(set(first)) > 40


@pytest.mark.promise("B9")
@pytest.mark.parametrize("path", those("refused"), ids=lambda path: path.stem)
def test_a_broken_policy_is_refused_with_the_sentence_that_mends_it(path: Path) -> None:
    assert refusal_of(path.read_text(encoding="utf-8")) == said(path, "refused")


@pytest.mark.parametrize("path", those("noted"), ids=lambda path: path.stem)
def test_a_policy_that_leaves_something_undone_is_noted_by_file_and_line(path: Path) -> None:
    opened = open_policy("policy", reader(path.read_text(encoding="utf-8")))
    assert [opened.note(field, sentence) for field, sentence in notes(opened.policy)] == said(path, "noted")


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_policy_can_be_used(name: str) -> None:
    assert load_policy(name, read_policy).name == name


def test_everything_that_is_wrong_is_said_at_once_and_nobody_gets_half_a_policy() -> None:
    runbooks = "runbooks:\n  a: {title: A, link: 'https://a.example.com'}\n  b: {title: B, file: b.md}\n"
    found = refusal_of(f"extends: base\ninvite: [bob]\n{runbooks}")
    assert [sentence.partition(": ")[0] for sentence in found] == ["policy.yml:2", "policy.yml:5"]


def test_a_runbook_is_read_from_the_folder_of_the_file_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "queue.md").write_text("# Drain it\n", encoding="utf-8")
    (tmp_path / "base.yml").write_text(f"{BASE}runbooks: {{queue: {{title: Queue, file: texts/queue.md}}}}\n", encoding="utf-8")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "acme.yml").write_text(f"extends: {tmp_path}/base.yml\nname: acme\n", encoding="utf-8")
    assert load_policy(str(elsewhere / "acme.yml"), read_policy).runbooks["queue"].text == "# Drain it\n"


def test_a_runbook_beside_a_relative_path_is_no_shipped_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "omnihub").mkdir()
    (tmp_path / "omnihub" / "high-latency.md").write_text("Ours\n", encoding="utf-8")
    (tmp_path / "acme.yml").write_text(f"{BASE}runbooks: {{a: {{title: A, file: omnihub/high-latency.md}}}}\n", encoding="utf-8")
    assert load_policy("acme.yml", read_policy).runbooks["a"].text == "Ours\n"


def test_the_text_of_a_runbook_is_part_of_what_the_digest_names() -> None:
    def with_text(words: str) -> str:
        runbook = "runbooks: {a: {title: A, file: a.md}}\n"
        known = {"policy": ("policy.yml", f"extends: base\n{runbook}"), "base": ("base.yml", BASE), "policy/a.md": ("a.md", words)}
        return load_policy("policy", known.__getitem__).digest

    assert with_text("first this") != with_text("first that")


def test_a_policy_that_is_no_text_is_refused_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "acme.yml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PolicyError, match=re.escape(str(path))):
        load_policy(str(path), read_policy)
