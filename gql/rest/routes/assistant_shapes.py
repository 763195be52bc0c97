"""The shapes of assistants: what callers send, and what they are answered."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from gql.domain.call_statistics import Figures
from gql.engine.rest_fields import fields
from gql.rest.json_output import rounded

ASSISTANT_EXAMPLE: dict[str, Any] = {
    "id": 123,
    "organization_id": 1,
    "user_id": 1,
    "name": "ServiceBot",
    "description": None,
    "phone_number": "+15551234567",
    "llm_provider": "openai",
    "llm_model": "gpt-4o-mini",
    "settings": {},
    "is_active": True,
    "created_at": "2024-01-15T09:00:00Z",
    "updated_at": "2024-01-15T09:00:00Z",
}


class Assistant(BaseModel):
    """An assistant."""

    id: int
    organization_id: int
    user_id: int | None = Field(description="Who made it.")
    name: str
    description: str | None
    phone_number: str | None
    llm_provider: str
    llm_model: str
    settings: dict[str, Any]
    is_active: bool
    created_at: datetime
    updated_at: datetime


class AssistantWithStats(Assistant):
    """An assistant; the figures are there when they are asked for."""

    total_calls: int | None = None
    avg_call_duration: float | None = Field(None, description="Seconds, of completed calls.")
    success_rate: float | None = Field(None, description="Completed calls, in per cent of all.")


class AssistantChanges(BaseModel):
    """What to set; what is left out stays, and so does what cannot be null."""

    name: str | None = None
    description: str | None = Field(None, description="Null clears it.")
    phone_number: str | None = Field(None, description="Null clears it.")
    llm_provider: str | None = None
    llm_model: str | None = None
    settings: dict[str, Any] | None = None
    is_active: bool | None = None

    def given(self) -> dict[str, Any]:
        """The values to set."""
        given = self.model_dump(include=self.model_fields_set)
        nullable = {"description", "phone_number"}
        return {
            name: value for name, value in given.items() if value is not None or name in nullable
        }


class AssistantIn(AssistantChanges):
    """An assistant to make."""

    name: str


class DeletedAssistant(BaseModel):
    """That an assistant is gone."""

    success: bool
    message: str
    data: None


ASSISTANT_FIELDS = fields(
    id="number",
    organization_id="number",
    user_id="number",
    name="text",
    description="text",
    phone_number="text",
    llm_provider="text",
    llm_model="text",
    settings="json",
    is_active="boolean",
    created_at="timestamp",
    updated_at="timestamp",
)
"""An assistant as it is answered."""


def stats_wire(figures: Figures) -> dict[str, Any]:
    """What `include_stats` adds."""
    return {
        "total_calls": figures.total,
        "avg_call_duration": rounded(figures.average_duration),
        "success_rate": rounded(figures.success_rate),
    }
