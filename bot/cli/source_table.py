"""The document of the sources, made from their registry, so that it cannot say anything else than the code does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from bot.cli.payloads import payload
from bot.domain.routing import Carrier, SourceKind
from bot.sources import SOURCES
from bot.sources.samples import load
from bot.sources.source import Form, Source

_HEAD = """# Sources

A source is an entry of the policy's `sources`: a `kind` of this table and a secret of its own. It posts to `/alerts/NAME`, and how it is
set up stands below. Several sources may be of one kind. `muster source show NAME` prints the set-up with the address filled in, and
`muster source test NAME` posts the sample through a running bot and says what would become of it; `--file` posts a body of your own.

```yaml
sources:
  grafana: {kind: grafana, secret: env:GRAFANA_SECRET}
  nightly-jobs: {kind: healthchecks, secret: env:HEALTHCHECKS_SECRET, carried_by: [path]}
  production-alarms: {kind: cloudwatch, topics: ["arn:aws:sns:eu-west-1:123456789012:alarms"]}
```

A secret may be in any of the places of the table; the first is the best that the monitor can do. `carried_by` in the policy names others,
`header` the header. A secret in an address is neither stored nor logged by Muster, but proxies log addresses: prefer a header or a
signature. Only the exact states below decide whether an alert fires or recovers; any other word makes it an unreadable alert in the inbox.
Whatever is no alert (test buttons, pings, other events) is answered and ignored, and its receipt says so.

| kind | monitor | channel | states | secret | sent as | sample |
|---|---|---|---|---|---|---|
"""
_NOW = datetime(2026, 11, 20, 22, 5, tzinfo=UTC)
_SECRET = {"secret": "$SECRET"}
_PLACES: Mapping[Carrier, str] = {
    Carrier.BEARER: "bearer token",
    Carrier.BASIC: "basic password",
    Carrier.HEADER: "header",
    Carrier.PATH: "end of the path",
    Carrier.QUERY: "query",
    Carrier.SIGNATURE: "signature of the body",
    Carrier.BODY: "body",
}
_FORMS: Mapping[Form, str] = {
    Form.JSON: "JSON",
    Form.URLENCODED: "form",
    Form.MULTIPART: "multipart form",
    Form.QUERY: "query string",
    Form.TEXT: "JSON as text",
}


def render() -> str:
    """The whole document, one row and one section for each kind in the order of ``SourceKind``."""
    every = [SOURCES[kind] for kind in SourceKind]
    rows = "\n".join(_row(source) for source in every)
    return f"{_HEAD}{rows}\n\n" + "\n".join("\n".join(_section(source)) for source in every)


def _row(source: Source) -> str:
    cells = (
        f"`{source.kind.value}`",
        f"[{source.name}]({source.documentation})",
        source.channel.value,
        _states(source),
        ", ".join(_place(source, carrier) for carrier in source.carried_by),
        f"{'/'.join(sorted(source.methods, reverse=True))}: {', '.join(words for form, words in _FORMS.items() if form in source.forms)}",
        _sample(source),
    )
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _states(source: Source) -> str:
    """The exact words by what they mean here."""
    words: dict[str, list[str]] = {}
    for word, meaning in source.states.items():
        words.setdefault(meaning, []).append(f"`{word}`" if word else "none")
    return "; ".join(f"{meaning}: {', '.join(said)}" for meaning, said in words.items())


def _sample(source: Source) -> str:
    recovers = load(source.kind, "resolved", _NOW, "") is not None
    return f"[{'fires and recovers' if recovers else 'fires'}](../bot/sources/samples/{source.kind.value}.json)"


def _place(source: Source, carrier: Carrier) -> str:
    return f"header `{source.header}`" if carrier is Carrier.HEADER and source.header else _PLACES[carrier]


def _section(source: Source) -> Iterator[str]:
    yield f"## {source.name}\n"
    url = f"https://muster.example.com/alerts/{source.kind.value}"
    yield f"{source.setup.format(url=url, **_SECRET)}\n"
    if body := payload(source.kind):
        yield f"```json\n{body}\n```\n"
