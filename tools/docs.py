"""Writes the parts of the documentation that follow from the code: tables, and a picture.

Tables of settings, errors, routes, metrics and more; one is of what `make bench` measured. A table
is found by its header and the picture of the packages by its first lines, in README.md and on every
page under docs/. They are replaced as a whole; the words around them are people's.

    python -m tools.docs           rewrites the pages
    python -m tools.docs --check   fails when one would change
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from gql.app.metric_definitions import METRICS
from gql.engine.fallback import MEANINGS, FallbackReason
from gql.engine.fields import SOURCE, ConnectionSource, ManySource, UnionSource
from gql.engine.plan import DEFINITION
from gql.errors import error_table
from gql.ingest.sources import SOURCES
from gql.kinds import access_of, levels_of
from gql.query.weights import WEIGHTS
from gql.rest.route import RestRoute
from gql.rest.routes import ROUTES
from gql.schema.schema import schema
from gql.settings import Settings
from tools import architecture
from tools.speed import speed_table

TABLES: tuple[Callable[[], str], ...]
"""What is generated."""


def settings_table() -> str:
    """Every setting as a Markdown table, in the order of `Settings`."""
    prefix = Settings.model_config["env_prefix"]
    rows = [
        f"| `{prefix}{name.upper()}` | {_default(field)} | {field.description}{_choices(field)} |"
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join(("| Variable | Default | Meaning |", "| --- | --- | --- |", *rows))


def metrics_table() -> str:
    """Every metric as a Markdown table, in the order of `METRICS`."""
    rows = [
        f"| `{each.name}` | {each.kind} | {', '.join(f'`{label}`' for label in each.labels)} "
        f"| {each.meaning} |"
        for each in METRICS
    ]
    header = ("| Name | Kind | Labels | Meaning |", "| --- | --- | --- | --- |")
    return "\n".join((*header, *rows))


def route_table() -> str:
    """Every REST route as a Markdown table, in order of trial."""
    rows = [
        f"| `{route.method} {route.path}` | {route.summary} | {route.permission or 'none'} "
        f"| {_levels(route)} |"
        for route in ROUTES
    ]
    header = ("| Route | What it does | Permission | Kinds |", "| --- | --- | --- | --- |")
    return "\n".join((*header, *rows))


def _levels(route: RestRoute) -> str:
    """What a key that is limited to kinds of objects needs for a route."""
    if None in route.kinds:
        return "closed"
    levels = levels_of(access_of(dict(filter(None, route.kinds))))
    return ", ".join(f"`{kind}: {level}`" for kind, level in levels.items())


def moving_over_table() -> str:
    """Every REST route with the GraphQL document that does the same, in order of trial."""
    rows = [f"| `{route.method} {route.path}` | {_document(route.graphql)} |" for route in ROUTES]
    return "\n".join(("| Route | GraphQL |", "| --- | --- |", *rows))


def platforms_table() -> str:
    """Every source of webhooks as a Markdown table."""
    makers = {
        "gateway": "made by `hooks create`",
        "platform": "shown by the platform",
        "nobody": "none: nothing is signed",
    }
    rows = [
        f"| `{each.name}` | {each.title} | {makers[each.issuer]}"
        f" | {'carrier' if each.is_carrier else 'primary'} | {each.most_bytes:,} bytes"
        f" | {each.page} |"
        for each in SOURCES
    ]
    columns = (
        "Source | Platform | Secret | Role | Largest body | Documentation, and when it was read"
    )
    return "\n".join((f"| {columns} |", "| --- | --- | --- | --- | ---: | --- |", *rows))


def reasons_table() -> str:
    """Every reason why resolvers answer, as a Markdown table."""
    rows = [f"| `{reason}` | {MEANINGS[reason]} |" for reason in FallbackReason]
    return "\n".join(("| Reason | Meaning |", "| --- | --- |", *rows))


def weights_table() -> str:
    """The weight of every unit as a Markdown table, in the order of `WEIGHTS`."""
    rows = [f"| {weight.points} | {weight.unit} |" for weight in WEIGHTS]
    return "\n".join(("| Points | For |", "| ---: | --- |", *rows))


def lengths_table() -> str:
    """How long each list of the schema is taken to be as a Markdown table, longest first."""
    lengths = []
    for kind in schema._schema.type_map.values():  # noqa: SLF001 -- Strawberry has no other way
        for name, field in getattr(kind, "fields", {}).items():
            definition = field.extensions.get(DEFINITION)
            source = definition and definition.metadata.get(SOURCE)
            if isinstance(source, (ConnectionSource, ManySource)):
                lengths.append((-source.usual, f"{kind.name}.{name}"))
            elif isinstance(source, UnionSource):
                lengths.append((-source.union.limit, f"{kind.name}.{name}"))
    rows = [f"| `{name}` | {-length:,} |" for length, name in sorted(lengths)]
    return "\n".join(("| List | Records |", "| --- | ---: |", *rows))


TABLES = (
    settings_table,
    error_table,
    route_table,
    moving_over_table,
    metrics_table,
    reasons_table,
    speed_table,
    weights_table,
    platforms_table,
    lengths_table,
)


def refreshed(text: str) -> str:
    """A page with its generated parts as they should be."""
    for table in TABLES:
        new = table().splitlines()
        text = _replaced(text, new[0], new)
    return _picture_replaced(text)


def pages(root: Path = Path()) -> list[Path]:
    """Where tables may be."""
    return [root / "README.md", *sorted((root / "docs").rglob("*.md"))]


def stale(root: Path = Path()) -> list[Path]:
    """The pages whose tables are not what the code says."""
    there = [page for page in pages(root) if page.exists()]
    return [page for page in there if refreshed(page.read_text()) != page.read_text()]


def main() -> int:
    """Rewrite the pages that are stale, or with --check only name them; 1 when there are any."""
    stale_pages = stale()
    if "--check" in sys.argv[1:]:
        for page in stale_pages:
            print(f"{page}: a generated table is stale; run `make docs`")
        return 1 if stale_pages else 0
    for page in stale_pages:
        page.write_text(refreshed(page.read_text()))
        print(f"{page}: rewritten")
    return 0


def _replaced(text: str, header: str, new: list[str]) -> str:
    lines = text.split("\n")
    out: list[str] = []
    while lines:
        line = lines.pop(0)
        if line != header:
            out.append(line)
            continue
        out += new
        while lines and lines[0].startswith("|"):
            lines.pop(0)
    return "\n".join(out)


def _picture_replaced(text: str) -> str:
    start = "\n".join(architecture.HEADER)
    if start not in text:
        return text
    before, _, rest = text.partition(start)
    return f"{before}{architecture.picture()}{rest.partition('```')[2]}"


def _document(text: str) -> str:
    """A GraphQL document as code, words as they are."""
    return f"`{text}`" if text.startswith(("{", "mutation")) else text


def _default(field: FieldInfo) -> str:
    default: Any = field.default
    if default is None:
        return "none"
    if isinstance(default, bool):
        return "on" if default else "off"
    return f"`{default}`"


def _choices(field: FieldInfo) -> str:
    if get_origin(field.annotation) is not Literal:
        return ""
    words = ", ".join(f"`{word}`" for word in get_args(field.annotation))
    return f" One of {words}."


if __name__ == "__main__":
    sys.exit(main())
