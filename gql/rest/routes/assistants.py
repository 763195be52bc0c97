"""Assistants: listed, read, created, changed and deleted."""

from collections.abc import Awaitable
from datetime import datetime
from typing import Annotated, Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, model_validator

from gql.domain.assistants import ASSISTANTS
from gql.domain.call_statistics import CallTotals, totals_by_assistant
from gql.domain.writes import assistants as writes
from gql.engine.query_runner import QueryRunner
from gql.engine.rest_query import RestArguments
from gql.kinds import Kind, changing, reading
from gql.query.context import Context
from gql.query.filters import Condition
from gql.query.paging import Paging
from gql.query.weights import GROUPED_TOTALS
from gql.rest.filters import Filters
from gql.rest.json_body import sent_values
from gql.rest.parameters import MOST_SMALL_INTEGER, Paged, id_of
from gql.rest.reads import list_of, lookup
from gql.rest.responses import rounded
from gql.rest.route import Answer, route
from gql.rest.routes.assistant_settings import (
    SETTING_NAMES,
    DocumentedSettings,
    split_settings,
)

TAG = "Assistants"

ACTIVE = Condition("is_active", "eq", True)

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


class Assistant(DocumentedSettings):
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


ASSISTANT_COLUMNS = tuple(name for name in Assistant.model_fields if name not in SETTING_NAMES)
"""What every assistant is answered with."""


class AssistantWithStats(Assistant):
    """An assistant; the figures are there when they are asked for."""

    total_calls: int | None = None
    avg_call_duration: float | None = Field(None, description="Seconds, of completed calls.")
    success_rate: float | None = Field(None, description="Completed calls, in per cent of all.")


class AssistantChanges(DocumentedSettings):
    """What to set; what is left out stays, and so does what cannot be null.

    A field that an assistant has not is refused, so that nothing is lost unseen. What can only be
    read may be sent back, as it comes with the rest of an assistant that was read.
    """

    model_config = ConfigDict(extra="forbid")

    name: str | None = None
    description: str | None = Field(None, description="Null clears it.")
    phone_number: str | None = Field(None, description="Null clears it.")
    llm_provider: str | None = None
    llm_model: str | None = None
    settings: dict[str, Any] | None = None
    is_active: bool | None = None

    @model_validator(mode="before")
    @classmethod
    def _without_what_is_only_read(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        only_read = AssistantWithStats.model_fields.keys() - cls.model_fields.keys()
        return {name: each for name, each in value.items() if name not in only_read}


class AssistantIn(AssistantChanges):
    """An assistant to make."""

    name: str


class DeletedAssistant(BaseModel):
    """That an assistant is gone."""

    success: bool
    message: str
    data: None


ASSISTANT = lookup(ASSISTANTS, Assistant, noun="assistant")
ASSISTANTS_PAGE = list_of(ASSISTANTS, Assistant)


class AssistantPath(BaseModel):
    """Which assistant."""

    assistant_id: Annotated[int, id_of("assistant")]


class AssistantsQuery(Filters, Paged):
    """Which assistants."""

    resource = ASSISTANTS
    not_filters = Filters.not_filters | {"active_only", "my_assistants_only", "include_stats"}

    active_only: bool = False
    my_assistants_only: bool = False
    include_stats: bool = False


class StatusQuery(BaseModel):
    """Whether it answers."""

    is_active: bool


@route(
    "GET",
    "/api/v1/assistants",
    tag=TAG,
    kinds=reading(Kind.ASSISTANTS),
    kinds_of_query={"include_stats": reading(Kind.CALLS)},
    summary="List assistants",
    graphql="{ assistants(first: 100) { nodes { id name isActive settings } } }",
    answers={200: Answer("By id.", list[AssistantWithStats], [ASSISTANT_EXAMPLE])},
    points=GROUPED_TOTALS,
    reads=ASSISTANTS_PAGE,
)
def list_assistants(
    context: Context, queries: QueryRunner, query: AssistantsQuery
) -> RestArguments | Awaitable[list[dict[str, Any]]]:
    """The organization's assistants by id, with figures about their calls when asked for."""
    by_id = Paging(query.limit, "id", descending=False, offset=min(query.skip, MOST_SMALL_INTEGER))
    conditions = [*query.filter(), *((ACTIVE,) if query.active_only else ())]
    if query.my_assistants_only:
        # A key that belongs to nobody created none.
        conditions.append(Condition("user_id", "eq", context.identity.user_id or 0))
    arguments = RestArguments(paging=by_id, filter=tuple(conditions))
    return _list_with_figures(context, queries, arguments) if query.include_stats else arguments


@route(
    "POST",
    "/api/v1/assistants",
    tag=TAG,
    kinds=changing(Kind.ASSISTANTS),
    summary="Create an assistant",
    graphql=(
        'mutation { createAssistant(input: {name: "Greeter"}) { assistant { id } userErrors { '
        "message path } } }"
    ),
    answers={201: Answer("The new assistant.", Assistant, ASSISTANT_EXAMPLE)},
    errors=(400,),
    reads=ASSISTANT,
)
async def create_assistant(context: Context, body: AssistantIn) -> RestArguments:
    """Make an assistant; only the name is required."""
    columns, members = split_settings(sent_values(body, Assistant))
    return RestArguments(await writes.create_assistant(context, columns, settings=members))


@route(
    "GET",
    "/api/v1/assistants/{assistant_id}",
    tag=TAG,
    kinds=reading(Kind.ASSISTANTS),
    summary="Get an assistant",
    graphql="{ assistant(id: 1) { name description llmModel } }",
    answers={200: Answer("The assistant.", Assistant, ASSISTANT_EXAMPLE)},
    errors=(404,),
    reads=ASSISTANT,
)
def get_assistant(path: AssistantPath) -> RestArguments:
    """One assistant, whether it is active or not."""
    return RestArguments(path.assistant_id)


@route(
    "PUT",
    "/api/v1/assistants/{assistant_id}",
    tag=TAG,
    kinds=changing(Kind.ASSISTANTS),
    summary="Update an assistant",
    graphql=(
        'mutation { updateAssistant(input: {id: 1, name: "Greeter"}) { assistant { updatedAt '
        "} userErrors { message path } } }"
    ),
    answers={200: Answer("The assistant as it is now.", Assistant, ASSISTANT_EXAMPLE)},
    errors=(400, 404),
    reads=ASSISTANT,
    guarded_by=ASSISTANT,
)
async def put_assistant(
    context: Context, path: AssistantPath, body: AssistantChanges
) -> RestArguments:
    """Set what is given; `settings` replace those that are there."""
    columns, members = split_settings(sent_values(body, Assistant))
    await writes.update_assistant(context, path.assistant_id, columns, settings=members)
    return RestArguments(path.assistant_id)


@route(
    "PATCH",
    "/api/v1/assistants/{assistant_id}",
    tag=TAG,
    kinds=changing(Kind.ASSISTANTS),
    summary="Change parts of an assistant",
    graphql=(
        'mutation { updateAssistant(input: {id: 1, settings: {voice: "calm"}, mergeSettings: '
        "true}) { assistant { settings } userErrors { message path } } }"
    ),
    answers={200: Answer("The assistant as it is now.", Assistant, ASSISTANT_EXAMPLE)},
    errors=(400, 404),
    reads=ASSISTANT,
    guarded_by=ASSISTANT,
)
async def patch_assistant(
    context: Context, path: AssistantPath, body: AssistantChanges
) -> RestArguments:
    """Set what is given; `settings` are merged into those that are there, object by object."""
    columns, members = split_settings(sent_values(body, Assistant))
    await writes.update_assistant(
        context, path.assistant_id, columns, settings=members, merge_settings=True
    )
    return RestArguments(path.assistant_id)


@route(
    "PATCH",
    "/api/v1/assistants/{assistant_id}/status",
    tag=TAG,
    kinds=changing(Kind.ASSISTANTS),
    summary="Switch an assistant on or off",
    graphql=(
        "mutation { updateAssistant(input: {id: 1, isActive: false}) { assistant { isActive } "
        "userErrors { message path } } }"
    ),
    answers={200: Answer("The assistant as it is now.", Assistant, ASSISTANT_EXAMPLE)},
    errors=(404,),
    reads=ASSISTANT,
    guarded_by=ASSISTANT,
)
async def set_status(context: Context, path: AssistantPath, query: StatusQuery) -> RestArguments:
    """Say whether an assistant answers."""
    await writes.update_assistant(context, path.assistant_id, {"is_active": query.is_active})
    return RestArguments(path.assistant_id)


@route(
    "DELETE",
    "/api/v1/assistants/{assistant_id}",
    tag=TAG,
    kinds=changing(Kind.ASSISTANTS) | reading(Kind.GRAPHS),
    summary="Delete an assistant",
    graphql="mutation { deleteAssistant(input: {id: 124}) { userErrors { message path } } }",
    answers={
        200: Answer(
            "It is gone.",
            DeletedAssistant,
            {
                "success": True,
                "message": "Assistant 'ServiceBot' deleted successfully",
                "data": None,
            },
        )
    },
    errors=(404, 409),
    guarded_by=ASSISTANT,
)
async def delete_assistant(context: Context, path: AssistantPath) -> dict[str, Any]:
    """Delete an assistant that no graph has; its calls keep its id and its name."""
    name = await writes.delete_assistant(context, path.assistant_id)
    return {
        "success": True,
        "message": f"Assistant '{name}' deleted successfully",
        "data": None,
    }


async def _list_with_figures(
    context: Context, queries: QueryRunner, arguments: RestArguments
) -> list[dict[str, Any]]:
    body = await queries.fetch(context, ASSISTANTS_PAGE, arguments)
    assistants: list[dict[str, Any]] = orjson.loads(body)
    totals = await totals_by_assistant(context, [each["id"] for each in assistants])
    return [{**each, **_figures(totals[each["id"]])} for each in assistants]


def _figures(totals: CallTotals) -> dict[str, Any]:
    return {
        "total_calls": totals.total,
        "avg_call_duration": rounded(totals.average_duration),
        "success_rate": rounded(totals.success_rate),
    }
