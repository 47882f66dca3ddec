"""The document of the policy's language, made from its models, so that it cannot say anything else than the code does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, time, timedelta
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import AwareDatetime, BaseModel
from pydantic.fields import FieldInfo

from bot.cli.policy_prose import PARTS, Part
from bot.cli.policy_schema import COMPUTED, plain
from bot.domain.durations import format_short
from bot.domain.grouping import Combinations
from bot.domain.matching import Names
from bot.domain.policy import Policy
from bot.domain.routing import SecretReference, SourceKind
from bot.domain.severity import Span
from bot.domain.tenants import Address
from bot.domain.windows import ZoneName
from bot.domain.writing import Sections
from bot.settings import shipped_policies

_WORDS: tuple[tuple[Any, str], ...] = (
    (Span, "span"),
    (Names, "name or list of names"),
    (SecretReference, "`env:NAME`"),
    (Address, "mail address"),
    (ZoneName, "IANA zone"),
    (Combinations, "label, or list of labels and of lists of labels"),
    (Sections, "list of titles or of [Section](#section)"),
    (SourceKind, "a kind of [sources.md](sources.md)"),
    (AwareDatetime, "moment, such as 2026-12-05T20:00:00Z"),
    (date, "day, such as 2026-12-05"),
    (time, 'time of the day, such as "09:00"'),
    (bool, "true or false"),
    (int, "number"),
    (float, "number"),
    (str, "text"),
)
"""Types in the words of who writes a policy."""
_OPENING = """# The policy

One YAML file says what an organisation promises, whom it calls, and what it makes of alerts. `MUSTER_POLICY` names it: a shipped policy
({}) or the path of a file.
"""
_HEAD = """```yaml
extends: default
name: acme
organisation: acme
zones: [{zone: Europe/Berlin, label: Berlin}, {zone: UTC, label: UTC}]
announce: incidents
people:
  ana: {name: Ana, slack: U012ABCDEF, phone: "+14155550102"}
  ben: {name: Ben, slack: U034ABCDEF, phone: "+14155550103", access: owner}
groups: {platform: [ana, ben]}
invite: [platform]
chain:
  - {name: primary, who: [ana], delay: 3m, repeat: 1}
  - {name: everybody, who: [platform], delay: 5m}
sources:
  prometheus: {kind: alertmanager, secret: "env:PROMETHEUS_SECRET"}
tokens:
  - {name: cli, secret: "env:MUSTER_API_TOKEN", person: ana}
routes:
  - {name: pages, match: {severity: [critical, page]}, action: declare, severity: SEV1, by: [alertname]}
  - {name: the rest, match: {severity: "*"}, action: attach, by: [alertname]}
```

A file may begin with `extends: jovie` or with another file's path: what is there by a name is merged, lists are replaced. A span is
written `30s`, `15m`, `1h30m` or `14d`. Where a name or a list of names is wanted, `who: ana` and `who: [ana, ben]` both do. Secrets are
never written down, only where they are: `env:NAME`. An incident keeps the policy that it was opened under.
"""
_TAIL = """## In an editor

`muster policy schema > policy.schema.json` writes what an editor completes and checks with. With the YAML language server (in VS Code
the YAML extension, and in Neovim, Emacs and others by themselves) the first line of a policy names it:

    # yaml-language-server: $schema=./policy.schema.json

## Before it is in force

- `muster policy check FILE` names what is wrong by file, line and field, with what was expected there, and exits 1. What can be used but
  leaves something undone, such as a person whom no road leads to, is noted; with `--strict` notes fail as well.
- `muster policy show FILE` prints it whole, with everything that it extends, and behind each value the file and line that it came from.
- `muster policy simulate FILE --past 28` replays the alerts of the last 28 days against it, beside the policy in force, and shows what
  would differ: severities, incidents, pages, and clocks that would have broken. `--alerts FILE` takes alerts from a file, of which each
  line is `{"source": "grafana", "received_at": "2026-11-20T22:05:00Z", "body": {…}}`.

Muster reads the policy when it starts, and does not start with one that is wrong.
"""
_ROWS = "| field | type | default | |\n|---|---|---|---|"


def render() -> str:
    """The whole document: the policy itself, then its parts with their models in the order of ``PARTS``."""
    opening = _OPENING.format(", ".join(shipped_policies()))
    whole = f"## The whole\n\n{_table(Policy)}\n"
    return f"{opening}\n{_HEAD}\n{whole}\n" + "\n".join("\n".join(_part(part)) for part in PARTS) + f"\n{_TAIL}"


def models(model: type[BaseModel] = Policy) -> list[type[BaseModel]]:
    """Every model that a policy may hold, each once, the outer ones first."""
    found: dict[type[BaseModel], None] = {model: None}
    for hint in _hints(model).values():
        for inner in _models_in(hint):
            found |= dict.fromkeys(models(inner))
    return list(found)


def _models_in(hint: Any) -> Iterator[type[BaseModel]]:
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        yield hint
    for inner in get_args(hint):
        yield from _models_in(inner)


def _hints(model: type[BaseModel]) -> dict[str, Any]:
    hints = get_type_hints(model, include_extras=True)
    return {name: hints[name] for name in model.model_fields}


def _part(part: Part) -> Iterator[str]:
    yield f"## {part.title}\n"
    if part.example:
        yield f"```yaml\n{part.example.strip()}\n```\n"
    for model in part.models:
        yield f"### {model.__name__}\n\n{plain(model.__doc__ or '', code='`')}\n\n{_table(model)}\n"
    if part.prose:
        yield f"{part.prose.strip()}\n"


def _table(model: type[BaseModel]) -> str:
    hints = _hints(model)
    rows = (
        (f"`{field.alias or name}`", _type(name, hints[name], field), _default(model, name), plain(field.description or ""))
        for name, field in model.model_fields.items()
    )
    return "\n".join((_ROWS, *(f"| {' | '.join(row)} |" for row in rows)))


def _type(name: str, hint: Any, field: FieldInfo) -> str:
    if name == "match":
        return "names with globs" if get_origin(hint) is not Annotated else "names with globs, or a list of them"
    words = _words(hint)
    bounds = {name: getattr(one, name) for one in field.metadata for name in ("ge", "le", "lt") if getattr(one, name, None) is not None}
    if words != "number" or not bounds:
        return words
    if bounds.get("ge") == bounds.get("le"):
        return f"{bounds['ge']}"
    return f"number from {bounds.get('ge', 0)} to {bounds['le']}" if "le" in bounds else f"number from {bounds['ge']}, below {bounds['lt']}"


def _words(hint: Any) -> str:
    known = next((words for kind, words in _WORDS if hint is kind or hint == kind), None)
    if known is not None:
        return known
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return f"[{hint.__name__}](#{hint.__name__.lower()})"
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _one_of(one.value for one in hint)
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _annotated(inner[0])
    if origin is Literal:
        return _one_of(inner)
    if origin in (Union, UnionType):
        return " or ".join(_words(one) for one in inner if one is not NoneType)
    if origin is tuple:
        return f"list of {_words(inner[0])}"
    key = "a name" if inner[0] is str else _words(inner[0])
    return f"by {key}: {_words(inner[1])}"


def _annotated(hint: Any) -> str:
    """What is a list, and may be written without its brackets where there is one."""
    if get_origin(hint) is not tuple:
        return _words(hint)
    one = _words(get_args(hint)[0])
    return f"{one}, or a list of them"


def _one_of(values: Iterator[Any] | tuple[Any, ...]) -> str:
    return f"one of {', '.join(f'`{value}`' for value in values)}"


def _default(model: type[BaseModel], name: str) -> str:
    field = model.model_fields[name]
    if (model.__name__, name) in COMPUTED:
        return COMPUTED[model.__name__, name]
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(value, tuple) and len(value) == 1 and isinstance(value[0], BaseModel):
        return f"`{{{', '.join(f'{name}: {one}' for name, one in value[0].model_dump(mode='json').items())}}}`"
    if isinstance(value, BaseModel):
        return "its own"
    return _value(value)


def _value(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, timedelta):
        return f"`{format_short(value)}`"
    if isinstance(value, time):
        return f'`"{value:%H:%M}"`'
    if isinstance(value, tuple) and value:
        return f"`[{', '.join(_flat(one) for one in value)}]`"
    return "empty" if isinstance(value, tuple | str | Mapping) and not value else f"`{_flat(value)}`"


def _flat(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(_flat, value)) if len(value) == 1 else f"[{', '.join(map(_flat, value))}]"
    return str(value.value if isinstance(value, Enum) else value)
