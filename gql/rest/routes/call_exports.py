"""Voice calls and transcripts as files."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field
from starlette.responses import Response

from gql.domain.calls import CALLS
from gql.engine.fields import ColumnSource
from gql.engine.print_lines import csv_line, json_object_line
from gql.http.media_types import JSON
from gql.kinds import Kind, reading
from gql.loaders.record_loaders import RecordByKeyLoader
from gql.query.context import Context
from gql.query.exports import printed_export
from gql.query.resource import Record
from gql.rest.downloads import CSV, TEXT, csv_download, csv_lines, file, json_download
from gql.rest.file_columns import columns_of
from gql.rest.reads import Money
from gql.rest.responses import dumps
from gql.rest.route import Answer, route
from gql.rest.routes.call_details import SpeakerName, TranscriptQuery, list_transcripts
from gql.rest.routes.calls import TAG, CallPath, ExportFilters

_WORD = ColumnSource(kind="enum_value")
"""Of columns whose words need no escapes."""


class ExportedCall(BaseModel):
    """A call in a file; a title is the header of a column of CSV."""

    id: int = Field(title="Call ID")
    call_sid: str = Field(title="Call SID")
    assistant_name: str | None = Field(title="Assistant Name")
    customer_phone_number: str = Field(title="Customer Phone")
    status: Annotated[str, _WORD] = Field(title="Status")
    duration: int | None = Field(title="Duration (seconds)")
    started_at: datetime = Field(title="Started At")
    ended_at: datetime | None = Field(title="Ended At")
    # The documented columns end here.
    total_cost: Money | None = Field(title="Total Cost")
    llm_cost: Money | None = Field(title="LLM Cost")
    tts_cost: Money | None = Field(title="TTS Cost")
    stt_cost: Money | None = Field(title="STT Cost")
    telephony_cost: Money | None = Field(title="Telephony Cost")
    cost_currency: str | None = Field(title="Currency")
    unattributed_cost: Money | None = Field(title="Unattributed Cost")
    direction: Annotated[str, _WORD] = Field(title="Direction")
    to_phone_number: str = Field(title="To Phone Number")
    answered_at: datetime | None = Field(title="Answered At")
    ended_reason: str | None = Field(title="Ended Reason")
    ended_reason_kind: Annotated[str | None, _WORD] = Field(title="Ended Reason Kind")
    success: Annotated[str | None, _WORD] = Field(title="Success")
    sentiment: str | None = Field(title="Sentiment")
    summary: str | None = Field(title="Summary")


_COLUMNS = columns_of(ExportedCall)
_AS_JSON, _AS_CSV = json_object_line(_COLUMNS), csv_line(_COLUMNS)


class CallExportQuery(ExportFilters):
    """Which calls, and how they are written."""

    format: Annotated[str, Field(pattern="^(csv|json)$")] = "csv"


class TranscriptExportQuery(BaseModel):
    """Whose words, and how they are written."""

    format: Annotated[str, Field(pattern="^(txt|json|csv)$")] = "txt"
    speaker: SpeakerName | None = None


@route(
    "GET",
    "/api/v1/calls/export",
    tag=TAG,
    kinds=reading(Kind.CALLS),
    summary="Export calls",
    graphql="none: a download stays REST",
    answers={200: Answer("A file, newest calls first.", files=(CSV, JSON))},
    is_download=True,
)
async def export_calls(context: Context, query: CallExportQuery) -> Response:
    """All voice calls that pass the filters, as `calls_export.csv` or `calls_export.json`.

    What a call cost and how it went follows after the documented columns. What is not known is
    null, or an empty cell. In CSV, text that a spreadsheet would run as
    a formula has an apostrophe in front.
    """
    as_json = query.format == "json"
    line = _AS_JSON if as_json else _AS_CSV
    pages = printed_export(
        context, CALLS, line, "started_at", descending=True, filter=query.filter()
    )
    if as_json:
        return await json_download(pages, name="calls_export.json")
    header = [column.header for column in _COLUMNS]
    return await csv_download(pages, header, name="calls_export.csv")


@route(
    "GET",
    "/api/v1/calls/{call_id}/transcripts/export",
    tag=TAG,
    kinds=reading(Kind.CALLS),
    summary="Export the transcript of a call",
    graphql="none: a download stays REST",
    answers={200: Answer("A file, in the order it was heard.", files=(TEXT, JSON, CSV))},
    errors=(404,),
)
async def export_transcript(
    context: Context, path: CallPath, query: TranscriptExportQuery
) -> Response:
    """The final transcript of one call, as `call_<id>_transcript.txt`, `.json` or `.csv`."""
    call = await RecordByKeyLoader.of(context, CALLS).require(path.call_id)
    transcripts = await list_transcripts(context, call, TranscriptQuery(speaker=query.speaker))
    media_type, write = _WRITERS[query.format]
    name = f"call_{call.id}_transcript.{query.format}"
    return file(write(call, transcripts), name=name, media_type=media_type)


def _as_text(_call: Record, transcripts: list[Record]) -> bytes:
    """One line each; what was said stays on its line."""
    lines = (
        f"[{each.created_at:%H:%M:%S}] {each.speaker}: {' '.join(each.content.split())}\n"
        for each in transcripts
    )
    return "".join(lines).encode()


def _as_json(call: Record, transcripts: list[Record]) -> bytes:
    items = [
        {
            "timestamp": each.created_at,
            "speaker": each.speaker,
            "content": each.content,
            "confidence": each.confidence,
            "segment_start": each.segment_start,
            "segment_end": each.segment_end,
        }
        for each in transcripts
    ]
    return dumps(
        {
            "call_id": call.id,
            "call_sid": call.call_sid,
            "started_at": call.started_at,
            "transcripts": items,
        }
    )


def _as_csv(_call: Record, transcripts: list[Record]) -> bytes:
    header = ("Timestamp", "Speaker", "Content", "Confidence")
    rows = ((each.created_at, each.speaker, each.content, each.confidence) for each in transcripts)
    return csv_lines([header, *rows])


_WRITERS = {"txt": (TEXT, _as_text), "json": (JSON, _as_json), "csv": (CSV, _as_csv)}
