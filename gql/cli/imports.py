"""`jackfield import`: calls from files, as other systems export them, or as items."""

import asyncio
import gc
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from gql.cli.console import (
    STDERR,
    DatabaseOption,
    Failure,
    JsonOption,
    OrganizationOption,
    ProgressBars,
    RegionOption,
    open_database,
    redacted_url,
    settings_from,
)

if TYPE_CHECKING:
    from gql.ingest.apply import ItemOutcome, PreparedItem
    from gql.ingest.files.checkpoint import Checkpoint
    from gql.ingest.files.columns import ColumnMapping
    from gql.ingest.files.converting import Converter
    from gql.ingest.files.importing import Apply
    from gql.ingest.files.reading import Form
    from gql.ingest.files.rows import RowOptions
    from gql.settings import Settings

DEFAULT_FOLDER = Path("var/imports")
SHOWN_RECORDS = 3
"""Records that a dry run shows."""

_AGAIN = "Run the same command again: it goes on where it stopped."
_BYTES_SHOWN = 1024
_OBJECTS_OF_A_BATCH = 100_000


def import_files(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...", help="NDJSON, CSV or JSON, also `.gz` or `.zst`; `-` is a pipe."
        ),
    ],
    *,
    organization: OrganizationOption,
    source: Annotated[
        str | None,
        typer.Option(
            help="Of rows: the system that their calls are from, like `twilio` or a word of yours."
        ),
    ] = None,
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="PART=COLUMN",
            help="Which column a part of a call is in, like `callId=Reference`, or "
            "`meta.campaign=Campaign`; `PART=` leaves it out.",
        ),
    ] = None,
    status: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WORD=STATE",
            help="What a word of the status means: **queued**, **ringing**, **ongoing**, "
            "**completed** or **failed**.",
        ),
    ] = None,
    timezone: Annotated[
        str, typer.Option(help="Of times that name none, like `Europe/Berlin`.")
    ] = "UTC",
    time_format: Annotated[
        str | None, typer.Option(help="How times are written, like `%d.%m.%Y %H:%M`.")
    ] = None,
    region: RegionOption = None,
    currency: Annotated[
        str | None, typer.Option(help="Of costs, where no column has it, like `USD`.")
    ] = None,
    direction: Annotated[
        str | None,
        typer.Option(help="**inbound** or **outbound**, where no column has it."),
    ] = None,
    form: Annotated[
        str | None,
        typer.Option("--format", help="**ndjson**, **csv** or **json**; else the file tells."),
    ] = None,
    folder: Annotated[
        Path,
        typer.Option(help="Where progress and rejected records are kept."),
    ] = DEFAULT_FOLDER,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Write nothing: print the mapping and the first items."),
    ] = False,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
) -> None:
    """Read calls from files: items as NDJSON, tables as CSV, or what a list API answered as JSON.

    Items that are there already change nothing, so a file may be imported again, and one that was
    interrupted goes on where it stopped. A record that cannot be read is kept with its line and
    the reason; then the exit code is 1, and all others are imported.

    Examples: `jackfield import calls.csv -o 1 --source twilio --dry-run`

    `zcat items.ndjson.gz | jackfield import - -o 1`
    """
    from gql.ingest.files.converting import Converter
    from gql.ingest.phone_numbers import checked_region

    options = _row_options(
        source=source,
        mapping=mapping or [],
        status=status or [],
        timezone=timezone,
        time_format=time_format,
        currency=currency,
        direction=direction,
    )
    checked = checked_region(region)
    chosen_form = _form(form)
    if dry_run:
        for file in files:
            _preview(file, chosen_form, Converter(options, checked))
        return
    from gql.thread_switches import switch_threads_soon

    settings = settings_from(database_url=database)
    job = _Job(settings, organization, options, checked, chosen_form, folder)
    # The collector need not look at what was imported, nor at each thousand of the objects of a
    # batch, which have no cycles: that took a seventh of the command's time.
    gc.freeze()
    gc.set_threshold(_OBJECTS_OF_A_BATCH)
    switch_threads_soon()
    counts = asyncio.run(_import(job, files))
    if as_json:
        typer.echo(json.dumps(counts))
    if counts.get("rejected") or counts.get("refused"):
        raise typer.Exit(1)


@dataclass(frozen=True)
class _Job:
    """What files are imported into, and how."""

    settings: "Settings"
    organization: int
    options: "RowOptions | None"
    region: str | None
    form: "Form | None"
    folder: Path


async def _import(job: _Job, files: Sequence[str]) -> Counter[str]:
    """Import files one after another; how many items had which outcome."""
    from gql.accounts.people import require_member
    from gql.database.statistics import GrowthStatistics
    from gql.identity import Identity, Method, Permission
    from gql.ingest.apply import apply_prepared
    from gql.ingest.files.importing import AT_ONCE
    from gql.query.context import Context
    from gql.stores import open_sms_sessions

    identity = Identity(job.organization, Method.API_KEY, frozenset({Permission.INGEST}))
    counts: Counter[str] = Counter()
    async with open_database(job.settings) as database:
        await require_member(database, job.organization, None)
        sms_sessions = open_sms_sessions(database, job.settings)
        statistics = GrowthStatistics(database)

        async def apply(items: Sequence["PreparedItem"]) -> Sequence["ItemOutcome"]:
            context = Context(identity, database, sms_sessions=sms_sessions)
            try:
                outcomes = await apply_prepared(context, items)
            finally:
                await context.close()
            await statistics.add(len(items))
            return outcomes

        # SQLite has one writer at a time.
        at_once = 1 if database.embedded else AT_ONCE
        try:
            with ProgressBars() as bars:
                for file in files:
                    counts.update(await _import_file(job, file, apply, at_once, bars))
        finally:
            await sms_sessions.close()
    return counts


async def _import_file(
    job: _Job, file: str, apply: "Apply", at_once: int, bars: ProgressBars
) -> "Counter[str]":
    from gql.errors import DatabaseUnavailable
    from gql.ingest.files.checkpoint import ImportFolder
    from gql.ingest.files.converting import Converter
    from gql.ingest.files.importing import import_file

    purpose = (job.organization, redacted_url(job.settings), job.options, job.region, job.form)
    folder = ImportFolder(job.folder, file, purpose)

    def show(position: int, size: int | None) -> None:
        if size is not None:
            bars.show(f"{file}, KiB", position // _BYTES_SHOWN, size // _BYTES_SHOWN)

    try:
        done = await import_file(
            file,
            job.form,
            Converter(job.options, job.region),
            folder,
            apply,
            show,
            at_once=at_once,
        )
    except DatabaseUnavailable as error:
        raise Failure(error.message, _AGAIN) from error
    _report(file, done, folder.rejected)
    return Counter(done.counts)


def _report(file: str, done: "Checkpoint", rejected: Path) -> None:
    """Say on standard error what became of a file."""
    counts = {status: count for status, count in done.counts.items() if count}
    outcomes = ", ".join(f"{count:,} {status}" for status, count in sorted(counts.items()))
    STDERR.print(
        f"{file}: {done.records:,} records, of their items {outcomes or 'none'}.",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    if rejected.exists():
        STDERR.print(
            f"Rejected records, each with its line and the reason: {rejected}",
            style="bold red",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )


def _preview(file: str, form: "Form | None", converter: "Converter") -> None:
    """Print which column is what, and the items of the first records."""
    from gql.errors import BadInput
    from gql.ingest.files.opening import opened
    from gql.ingest.files.reading import records_of

    with opened(file) as open_file:
        for number, record in enumerate(islice(records_of(open_file.stream, form), SHOWN_RECORDS)):
            if number == 0 and converter.rows and not isinstance(record.content, bytes):
                _print_mapping(converter.rows.mapping(tuple(record.content)))
            typer.echo(f"# record {record.number}")
            try:
                for item in converter.items(record):
                    typer.echo(item.model_dump_json(by_alias=True, exclude_unset=True))
            except BadInput as error:
                typer.echo(f"rejected: {error.message}")


def _print_mapping(mapping: "ColumnMapping") -> None:
    for part, column in mapping.parts.items():
        typer.echo(f"{part} = {column}")
    for key, column in mapping.meta.items():
        typer.echo(f"meta.{key} = {column}")
    if mapping.unused:
        typer.echo(f"not read: {', '.join(mapping.unused)}")


def _row_options(
    *,
    source: str | None,
    mapping: Sequence[str],
    status: Sequence[str],
    timezone: str,
    time_format: str | None,
    currency: str | None,
    direction: str | None,
) -> "RowOptions | None":
    """What the options say of rows; None without a source, which rows need.

    Raises:
        Failure: for a value that is none.
    """
    from gql.ingest.files.rows import STATES, RowOptions

    chosen = _pairs(mapping, "--map", "callId=Reference")
    states = _pairs(status, "--status", "Answered=completed")
    for state in states.values():
        _require_one_of(state, STATES, "--status")
    if direction is not None:
        _require_one_of(direction, ("inbound", "outbound"), "--direction")
    if source is None:
        return None
    return RowOptions(
        source,
        chosen=chosen,
        zone=_zone(timezone),
        time_format=time_format,
        currency=currency,
        direction=direction,
        states=states,
    )


def _pairs(texts: Sequence[str], option: str, example: str) -> dict[str, str]:
    pairs = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise Failure(f"{option} is {text!r}.", f"Write it like {option} {example!r}.")
        pairs[name.strip()] = value.strip()
    return pairs


def _require_one_of(word: str, words: Sequence[str], option: str) -> None:
    if word not in words:
        raise Failure(f"{option} has {word!r}.", f"It is one of: {', '.join(words)}.")


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise Failure(f"--timezone is {name!r}.", "Name one like Europe/Berlin.") from error


def _form(name: str | None) -> "Form | None":
    from gql.ingest.files.reading import Form

    if name is None:
        return None
    _require_one_of(name, tuple(Form), "--format")
    return Form(name)
