"""The calls page as FastAPI's and SQLModel's documentation would have it written.

A response model, a database session per request, one query for the page and one for the total.
"""

import os
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, FastAPI  # type: ignore[import-not-found, unused-ignore]
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlmodel import col, func, select

from gql.models.assistant import Assistant
from gql.models.call import Call

ORGANIZATION = 1
_MILLION = 1_000_000

_engine = create_async_engine(
    os.environ["BENCH_DATABASE_URL"].replace("postgresql:", "postgresql+asyncpg:", 1),
    pool_size=int(os.environ.get("BENCH_POOL", "10")),
    max_overflow=0,
)
_sessions = async_sessionmaker(_engine, expire_on_commit=False)


class CallOut(BaseModel):
    """One call on the wire."""

    id: int
    call_sid: str
    assistant_id: int | None
    assistant_name: str | None
    flow_name: str | None
    to_phone_number: str
    customer_phone_number: str
    status: str
    duration: int | None
    started_at: datetime
    ended_at: datetime | None
    call_meta: dict[str, Any]
    total_cost: float | None
    llm_cost: float | None
    tts_cost: float | None
    stt_cost: float | None
    telephony_cost: float | None
    cost_currency: str | None


class CallsOut(BaseModel):
    """One page."""

    items: list[CallOut]
    total: int
    skip: int
    limit: int


async def _session() -> AsyncIterator[AsyncSession]:
    async with _sessions() as session:
        yield session


async def calls(
    session: Annotated[AsyncSession, Depends(_session)],
    skip: int = 0,
    limit: int = 100,
    status: str | None = None,
    assistant_id: int | None = None,
) -> dict[str, Any]:
    """Calls, newest first."""
    where = [col(Call.organization_id) == ORGANIZATION, col(Call.channel) == "voice"]
    if status is not None:
        where.append(col(Call.status) == status)
    if assistant_id is not None:
        where.append(col(Call.assistant_id) == assistant_id)
    total = await session.scalar(select(func.count()).select_from(Call).where(*where))
    result = await session.execute(
        select(Call, Assistant)
        .join(Assistant, col(Assistant.id) == col(Call.assistant_id), isouter=True)
        .where(*where)
        .order_by(col(Call.started_at).desc(), col(Call.id).desc())
        .offset(skip)
        .limit(limit)
    )
    items = [_out(call, assistant) for call, assistant in result.all()]
    return {"items": items, "total": total, "skip": skip, "limit": limit}


def _out(call: Call, assistant: Assistant | None) -> dict[str, Any]:
    costs = ("total_cost", "llm_cost", "tts_cost", "stt_cost", "telephony_cost")
    return {
        **call.model_dump(),
        "assistant_name": call.assistant_name if assistant is None else assistant.name,
        "flow_name": call.graph_name,
        **{name: _money(getattr(call, name)) for name in costs},
    }


def _money(micros: int | None) -> float | None:
    return None if micros is None else micros / _MILLION


app = FastAPI()
app.add_api_route("/api/v1/calls", calls, response_model=CallsOut)
