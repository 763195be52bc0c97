"""Voice calls and transcripts as files."""

from contextlib import aclosing
from typing import Annotated

from pydantic import BaseModel, Field
from starlette.responses import Response

from gql.domain.calls import CALLS
from gql.http.media_types import JSON
from gql.loaders.record_loaders import RecordByKeyLoader
from gql.money import micros_to_float
from gql.query.context import Context
from gql.query.exports import export
from gql.query.resource import Record
from gql.rest.downloads import CSV, TEXT, Records, csv_download, csv_lines, file, json_download
from gql.rest.responses import dumps
from gql.rest.route import Answer, route
from gql.rest.routes.call_details import SpeakerName, TranscriptQuery, list_transcripts
from gql.rest.routes.calls import TAG, CallPath, ExportFilters

_HEADER = {
    "id": "Call ID",
    "call_sid": "Call SID",
    "assistant_name": "Assistant Name",
    "customer_phone_number": "Customer Phone",
    "status": "Status",
    "duration": "Duration (seconds)",
    "started_at": "Started At",
    "ended_at": "Ended At",
    # The documented columns end here.
    "total_cost": "Total Cost",
    "llm_cost": "LLM Cost",
    "tts_cost": "TTS Cost",
    "stt_cost": "STT Cost",
    "telephony_cost": "Telephony Cost",
    "cost_currency": "Currency",
    "unattributed_cost": "Unattributed Cost",
    "direction": "Direction",
    "to_phone_number": "To Phone Number",
    "answered_at": "Answered At",
    "ended_reason": "Ended Reason",
    "ended_reason_kind": "Ended Reason Kind",
    "success": "Success",
    "sentiment": "Sentiment",
    "summary": "Summary",
}
"""By key of the JSON file: the header in the CSV file."""

_AMOUNTS = frozenset(number for number, key in enumerate(_HEADER) if key.endswith("_cost"))
"""Which columns are millionths."""


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
    columns, header = tuple(_HEADER), tuple(_HEADER.values())
    stored = export(context, CALLS, columns, "started_at", descending=True, filter=query.filter())
    rows = _with_amounts(stored)
    if query.format == "json":
        return await json_download(rows, columns, name="calls_export.json")
    return await csv_download(rows, header, tuple, name="calls_export.csv")


@route(
    "GET",
    "/api/v1/calls/{call_id}/transcripts/export",
    tag=TAG,
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


async def _with_amounts(rows: Records) -> Records:
    """The same calls, whose costs are numbers of whole currency units."""
    async with aclosing(rows):
        async for chunk in rows:
            yield [
                tuple(
                    micros_to_float(value) if number in _AMOUNTS else value
                    for number, value in enumerate(call)
                )
                for call in chunk
            ]


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
