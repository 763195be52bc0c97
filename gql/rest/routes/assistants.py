"""Assistants: listed, read, made, changed and deleted."""

from collections.abc import Awaitable
from typing import Annotated, Any

from pydantic import BaseModel

from gql.domain import call_statistics
from gql.domain.assistants import ASSISTANTS
from gql.domain.writes import assistants as changes
from gql.engine.rest_query import RestArguments, list_of, lookup
from gql.engine.rest_resolvers import answer
from gql.query.context import Context
from gql.query.filters import Condition
from gql.query.paging import Paging
from gql.rest.parameters import MOST_SMALL_INTEGER, Paged, id_of
from gql.rest.route import Answer, RestRoute, route
from gql.rest.routes.assistant_shapes import (
    ASSISTANT_EXAMPLE,
    ASSISTANT_FIELDS,
    Assistant,
    AssistantChanges,
    AssistantIn,
    AssistantWithStats,
    DeletedAssistant,
    stats_wire,
)

TAG = "Assistants"

ACTIVE = Condition("is_active", "eq", True)

ASSISTANT = lookup(ASSISTANTS, ASSISTANT_FIELDS, noun="assistant")
EVERY = list_of(ASSISTANTS, ASSISTANT_FIELDS)


class AssistantPath(BaseModel):
    """Which assistant."""

    assistant_id: Annotated[int, id_of("assistant")]


class AssistantsPage(Paged):
    """Which assistants."""

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
    summary="List assistants",
    answers={200: Answer("By id.", list[AssistantWithStats], [ASSISTANT_EXAMPLE])},
    reads=EVERY,
)
def list_assistants(
    context: Context, query: AssistantsPage
) -> RestArguments | Awaitable[list[dict[str, Any]]]:
    """The organization's assistants by id, with figures about their calls when asked for."""
    by_id = Paging(query.limit, "id", descending=False, offset=min(query.skip, MOST_SMALL_INTEGER))
    wanted = [ACTIVE] if query.active_only else []
    if query.my_assistants_only:
        # A key that belongs to nobody made none.
        wanted.append(Condition("user_id", "eq", context.identity.user_id or 0))
    asked = RestArguments(paging=by_id, filter=tuple(wanted))
    return _with_figures(context, asked) if query.include_stats else asked


@route(
    "POST",
    "/api/v1/assistants",
    tag=TAG,
    summary="Create an assistant",
    answers={201: Answer("The new assistant.", Assistant, ASSISTANT_EXAMPLE)},
    errors=(400,),
)
async def create_assistant(context: Context, body: AssistantIn) -> dict[str, Any]:
    """Make an assistant; only the name is required."""
    assistant_id = await changes.create_assistant(context, body.given())
    return await _answer(context, assistant_id)


@route(
    "GET",
    "/api/v1/assistants/{assistant_id}",
    tag=TAG,
    summary="Get an assistant",
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
    summary="Update an assistant",
    answers={200: Answer("The assistant as it is now.", Assistant, ASSISTANT_EXAMPLE)},
    errors=(400, 404),
)
async def put_assistant(
    context: Context, path: AssistantPath, body: AssistantChanges
) -> dict[str, Any]:
    """Set what is given; `settings` replace those that are there."""
    await changes.update_assistant(context, path.assistant_id, body.given())
    return await _answer(context, path.assistant_id)


@route(
    "PATCH",
    "/api/v1/assistants/{assistant_id}",
    tag=TAG,
    summary="Change parts of an assistant",
    answers={200: Answer("The assistant as it is now.", Assistant, ASSISTANT_EXAMPLE)},
    errors=(400, 404),
)
async def patch_assistant(
    context: Context, path: AssistantPath, body: AssistantChanges
) -> dict[str, Any]:
    """Set what is given; `settings` are merged into those that are there, object by object."""
    await changes.update_assistant(context, path.assistant_id, body.given(), merge_settings=True)
    return await _answer(context, path.assistant_id)


@route(
    "PATCH",
    "/api/v1/assistants/{assistant_id}/status",
    tag=TAG,
    summary="Switch an assistant on or off",
    answers={200: Answer("The assistant as it is now.", Assistant, ASSISTANT_EXAMPLE)},
    errors=(404,),
)
async def set_status(context: Context, path: AssistantPath, query: StatusQuery) -> dict[str, Any]:
    """Say whether an assistant answers."""
    await changes.update_assistant(context, path.assistant_id, {"is_active": query.is_active})
    return await _answer(context, path.assistant_id)


@route(
    "DELETE",
    "/api/v1/assistants/{assistant_id}",
    tag=TAG,
    summary="Delete an assistant",
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
)
async def delete_assistant(context: Context, path: AssistantPath) -> dict[str, Any]:
    """Delete an assistant that no graph has; its calls keep its id and its name."""
    name = await changes.delete_assistant(context, path.assistant_id)
    return {
        "success": True,
        "message": f"Assistant '{name}' deleted successfully",
        "data": None,
    }


async def _with_figures(context: Context, asked: RestArguments) -> list[dict[str, Any]]:
    assistants: list[dict[str, Any]] = (await answer(context, EVERY, asked)).value
    figures = await call_statistics.by_assistant(context, [each["id"] for each in assistants])
    return [{**each, **stats_wire(figures[each["id"]])} for each in assistants]


async def _answer(context: Context, assistant_id: int) -> dict[str, Any]:
    """An assistant as it is now.

    Raises:
        NotFound: when the organization has no such assistant.
    """
    await context.refresh()
    assistant: dict[str, Any] = (
        await answer(context, ASSISTANT, RestArguments(assistant_id))
    ).value
    return assistant


ROUTES: tuple[RestRoute, ...] = (
    list_assistants,
    create_assistant,
    get_assistant,
    put_assistant,
    patch_assistant,
    set_status,
    delete_assistant,
)
