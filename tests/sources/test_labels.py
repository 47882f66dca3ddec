"""Labels out of whatever monitors call tags, and what never becomes one."""

from __future__ import annotations

import pytest

from bot.sources.labels import canonical, is_secret_name, pairs_of, scalars_of, tags_of, target_of


@pytest.mark.parametrize(
    ("tags", "labels"),
    [
        ("env:prod, monitor, service:cart", {"env": "prod", "tags": "monitor", "service": "cart"}),
        (["zone:a", "zone:b", "urgent", "late"], {"zone": "a,b", "tags": "urgent,late"}),
        ([{"tag": "service", "value": "cart"}, {"key": "env", "value": "prod"}], {"service": "cart", "env": "prod"}),
        ('[{"tag":"service","value":"cart"}]', {"service": "cart"}),
        ({"service": "cart", "owner": None}, {"service": "cart"}),
        (["url:https://shop.example.com", None, 7, {}], {"url": "https://shop.example.com", "tags": "7"}),
        (None, {}),
    ],
)
def test_tags_become_labels(tags: object, labels: dict[str, str]) -> None:
    assert tags_of(tags) == labels


def test_labels_have_one_name_for_service_and_environment_and_the_nearest_wins() -> None:
    labels = canonical({"env": "prod", "app": "cart", "service_name": "checkout", "severity": "CRITICAL"})
    assert labels.items() >= {"environment": "prod", "service": "checkout", "severity": "critical", "app": "cart", "env": "prod"}.items()


@pytest.mark.parametrize(
    "name",
    ["user", "user.id", "user_name", "Email", "client.ip", "ip_address", "cookie", "db password", "api_key", "x-token"],
)
def test_what_names_a_person_or_holds_a_secret_is_no_label_however_it_is_written(name: str) -> None:
    for tags in ({name: "sam"}, [[name, "sam"]], [{"key": name, "value": "sam"}], [f"{name}:sam"], f"{name}:sam", f'{{"{name}": "sam"}}'):
        assert tags_of(tags) == {}
    assert scalars_of({name: "sam", "zone": "eu"}) == {"zone": "eu"}
    assert pairs_of([{"name": name, "value": "sam"}], "name", "value") == {}


@pytest.mark.parametrize("name", ["userland", "shipping", "tokens_per_second", "secretariat", "team"])
def test_a_name_that_only_begins_like_a_private_one_is_a_label(name: str) -> None:
    assert tags_of({name: "7"}) == {name: "7"}


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("https://sam:hunter2@shop.example.com:8443/cart?token=1#top", "https://shop.example.com:8443/cart"),
        ("/cart?token=1", "/cart"),
        ("http://[bad?token=1", "http://[bad"),
    ],
)
def test_the_address_in_a_tag_loses_what_may_be_secret(address: str, kept: str) -> None:
    assert tags_of([["url", address]]) == {"url": kept}


@pytest.mark.parametrize(
    ("address", "labels"),
    [
        ("https://sam:hunter2@shop.example.com/cart?token=1", {"url": "https://shop.example.com/cart", "host": "shop.example.com"}),
        ("db.example.com:5432", {"host": "db.example.com"}),
        ("http://[bad", {}),
        (None, {}),
    ],
)
def test_a_watched_address_is_a_label_without_its_secrets(address: str | None, labels: dict[str, str]) -> None:
    assert target_of(address) == labels


def test_what_an_object_says_at_length_is_no_label() -> None:
    assert scalars_of({"zone": "eu", "load": 0.5, "trace": "x" * 300, "lines": "a\nb", "parts": [1], "none": None}) == {
        "zone": "eu",
        "load": "0.5",
    }
    assert scalars_of("zone: eu") == {}


SECRETS = ["key", "auth", "basic_auth", "db.pwd", "passwd", "accessKey", "private-key", "Session_Key", "client_secret", "tokens"]


@pytest.mark.parametrize("name", SECRETS)
def test_what_gives_access_is_known_by_its_name(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize("name", ["dedup_key", "author", "keycloak", "monkey", "tokens_per_second", "user", "email"])
def test_a_name_that_only_sounds_secret_is_none(name: str) -> None:
    assert not is_secret_name(name)


def test_a_tag_may_be_called_key() -> None:
    assert tags_of({"key": "orders", "access_key": "hunter2", "auth": "hunter2"}) == {"key": "orders"}
