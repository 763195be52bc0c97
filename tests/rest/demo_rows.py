"""What the answers must say, worked out in plain Python from the rows of the demo data."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import insert

from gql.database import Database
from gql.demo.calls import Cost, call_row
from gql.demo.loading import complete
from gql.demo.organizations import new_organization
from gql.demo.scale import content
from gql.demo.tenant import DemoAssistant, Row
from gql.models import TABLES
from gql.models.call import Call, phone_digits
from gql.models.scope import table_of
from gql.rest.routes.assistants import ASSISTANT_COLUMNS
from gql.rest.routes.calls import Call as CallShape
from tests.databases import ORGANIZATIONS, SEED

DOCUMENTED_CALL_KEYS = [
    *("id", "call_sid", "assistant_id", "assistant_name", "flow_name", "to_phone_number"),
    *("customer_phone_number", "status", "duration", "started_at", "ended_at", "call_meta"),
    *("total_cost", "llm_cost", "tts_cost", "stt_cost", "telephony_cost", "cost_currency"),
]
DOCUMENTED_ASSISTANT_KEYS = [
    *("id", "organization_id", "user_id", "name", "description", "phone_number"),
    *("llm_provider", "llm_model", "settings", "is_active", "created_at", "updated_at"),
]
CALL_KEYS = list(CallShape.model_fields)
"""What a call is answered with: the documented keys in their order, and what came since."""
ASSISTANT_KEYS = list(ASSISTANT_COLUMNS)
"""The same of an assistant."""
MODELS = {table_of(model).name: model for model in TABLES}
_COMPLETE_CALL = complete(table_of(Call))
SERVICE_BOT = DemoAssistant(123, "ServiceBot", "+15551234567", "openai", "gpt-4o-mini")


@cache
def rows(table: str) -> tuple[Row, ...]:
    """Every row of a table, as the demo data makes them, with every column."""
    organizations = [new_organization(number) for number in range(1, ORGANIZATIONS + 1)]
    completed = complete(table_of(MODELS[table]))
    items = content(organizations, "small", SEED).items
    return tuple(completed(row) for model, row in items if model is MODELS[table])


def calls(organization_id: int = 1) -> list[Row]:
    """The voice calls of an organization, newest first, with the digits that the database adds."""
    matching = [
        row | {"customer_phone_digits": phone_digits(row["customer_phone_number"])}
        for row in rows("call")
        if row["channel"] == "voice" and row["organization_id"] == organization_id
    ]
    return sorted(matching, key=lambda row: (row["started_at"], row["id"]), reverse=True)


def wire(row: Row) -> dict[str, Any]:
    """A call as it must be answered."""
    names = {each["id"]: each["name"] for each in rows("assistant")}
    name = names.get(row["assistant_id"], row["assistant_name"])
    fields = {**row, "assistant_name": name, "flow_name": row["graph_name"]}
    return {key: plain(key, fields[key]) for key in CALL_KEYS}


def listed(organization_id: int = 1, *, active: bool = False) -> list[dict[str, Any]]:
    """The assistants of an organization as they must be answered."""
    matching = [
        row
        for row in rows("assistant")
        if row["organization_id"] == organization_id and (row["is_active"] or not active)
    ]
    ordered = sorted(matching, key=lambda row: row["id"])
    return [{key: plain(key, row[key]) for key in ASSISTANT_KEYS} for row in ordered]


def one(number: int) -> dict[str, Any]:
    """An assistant of the first organization as it must be answered."""
    return next(each for each in listed() if each["id"] == number)


def plain(key: str, value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, datetime):
        return instant(value)
    if key.endswith("_cost") and value is not None:
        return amount(value)
    return value


def amount(micros: int) -> float:
    """Millionths as the JSON number that is closest to them."""
    return float(Decimal(micros).scaleb(-6))


def instant(value: datetime) -> str:
    """`2024-01-15T10:00:00Z`, with six digits of a fraction that is not zero."""
    fraction = f".{value.microsecond:06d}" if value.microsecond else ""
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S}{fraction}Z"


def new_call(number: int, started_at: datetime, **more: Any) -> Row:
    """A row for one more call of the first organization; `number` makes id and SID."""
    columns = {
        "organization_id": 1,
        "assistant": SERVICE_BOT,
        "customer_phone_number": "+15550000000",
        "status": "completed",
        "ended_at": None,
        **more,
    }
    row = call_row(id=number, call_sid=f"new-{number}", started_at=started_at, **columns)
    return _COMPLETE_CALL(row)


def cost(llm: int, tts: int, stt: int, telephony: int, currency: str = "USD") -> Cost:
    """What a call cost, in millionths."""
    return Cost(llm, tts, stt, telephony, currency)


async def add_calls(database: Database, new: Iterable[Row]) -> None:
    """Write calls."""
    written: Sequence[Row] = list(new)
    async with database.transaction() as connection:
        await connection.execute(insert(table_of(Call)), written)
