"""Assistants counted, exported and found by number, and whose they are."""

from datetime import datetime
from typing import Annotated, Any

import orjson
from orjson import Fragment
from pydantic import AfterValidator, BaseModel, Field
from starlette.responses import Response

from gql.domain.assistants import ASSISTANTS
from gql.domain.organizations import ORGANIZATIONS, USERS
from gql.engine.print_lines import csv_line, json_object_line
from gql.engine.query_runner import QueryRunner
from gql.engine.rest_query import RestArguments
from gql.errors import NotFound
from gql.http.media_types import JSON
from gql.kinds import OPEN, Kind, reading
from gql.models.types import MAX_ID
from gql.query.context import Context
from gql.query.exports import printed_export
from gql.query.filters import Condition, Filter
from gql.query.paging import Paging
from gql.rest.downloads import CSV, csv_download, json_download
from gql.rest.file_columns import columns_of
from gql.rest.reads import lookup, page_of
from gql.rest.route import Answer, route
from gql.rest.routes.assistants import (
    ACTIVE,
    ASSISTANT_COLUMNS,
    ASSISTANT_EXAMPLE,
    ASSISTANTS_PAGE,
    TAG,
    Assistant,
)
from gql.rest.routes.call_statistics import Count


class ListedAssistant(BaseModel):
    """An assistant in a CSV file; a title is the header of a column."""

    id: int = Field(title="Assistant ID")
    name: str = Field(title="Name")
    description: str | None = Field(title="Description")
    phone_number: str | None = Field(title="Phone Number")
    llm_provider: str = Field(title="LLM Provider")
    llm_model: str = Field(title="LLM Model")
    is_active: bool = Field(title="Active")
    created_at: datetime = Field(title="Created At")
    updated_at: datetime = Field(title="Updated At")


_COLUMNS = columns_of(ListedAssistant)
_AS_CSV = csv_line(_COLUMNS)
_AS_JSON = json_object_line(columns_of(Assistant, ASSISTANT_COLUMNS))


def _ids(value: str) -> str:
    """Numbers with commas between them; blanks do not matter."""
    for part in value.split(","):
        if part.strip() and not part.strip().isdecimal():
            raise ValueError(f"{part.strip()[:40]!r} is not an id; write ids like 1,2,3")
    return value


class CountQuery(BaseModel):
    """Which assistants are counted."""

    active_only: bool = False


class AssistantExportQuery(BaseModel):
    """Which assistants, and how they are written."""

    format: Annotated[str, Field(pattern="^(csv|json)$")] = "csv"
    assistant_ids: Annotated[str, AfterValidator(_ids)] | None = Field(
        None, description="Ids with commas between them; all, without."
    )
    search: str | None = Field(None, description="Part of the name, in any case.")
    status: Annotated[str, Field(pattern="^(active|inactive|all)$")] = "all"

    def filter(self) -> Filter:
        """The filters as the domain knows them."""
        conditions = []
        if self.assistant_ids:
            parts = (part.strip() for part in self.assistant_ids.split(","))
            ids = {int(part[:20]) for part in parts if part}
            stored = tuple(key for key in ids if key <= MAX_ID)
            conditions.append(Condition("id", "in", stored))
        if self.search:
            conditions.append(Condition("name", "contains", self.search))
        if self.status != "all":
            conditions.append(Condition("is_active", "eq", self.status == "active"))
        return tuple(conditions)


class NumberPath(BaseModel):
    """Which number, with or without `+`."""

    phone_number: str


class Me(BaseModel):
    """The person behind a credential."""

    id: int
    email: str
    name: str
    is_admin: bool


class MyOrganization(BaseModel):
    """An organization."""

    id: int
    name: str
    created_at: datetime


MY_ORGANIZATION = lookup(ORGANIZATIONS, MyOrganization, noun="organization")
ME = lookup(USERS, Me, noun="user")


class Membership(BaseModel):
    """Who is asking, and for which organization."""

    organization: MyOrganization
    user: Me | None = Field(description="Null for a credential that belongs to nobody.")


@route(
    "GET",
    "/api/v1/assistants/count",
    tag=TAG,
    kinds=reading(Kind.ASSISTANTS),
    summary="Count assistants",
    graphql="{ assistants(filter: {isActive: true}) { totalCount } }",
    answers={200: Answer("The number.", Count, {"count": 8})},
    reads=page_of(ASSISTANTS, Count),
)
def count_assistants(query: CountQuery) -> RestArguments:
    """How many assistants the organization has."""
    return RestArguments(filter=(ACTIVE,) if query.active_only else ())


@route(
    "GET",
    "/api/v1/assistants/export",
    tag=TAG,
    kinds=reading(Kind.ASSISTANTS),
    summary="Export assistants",
    graphql="none: a download stays REST",
    answers={200: Answer("A file, by id.", files=(CSV, JSON))},
    is_download=True,
)
async def export_assistants(context: Context, query: AssistantExportQuery) -> Response:
    """Assistants as `assistants_export.csv`, or whole as `assistants_export.json`."""
    as_json = query.format == "json"
    line = _AS_JSON if as_json else _AS_CSV
    pages = printed_export(context, ASSISTANTS, line, "id", descending=False, filter=query.filter())
    if as_json:
        return await json_download(pages, name="assistants_export.json")
    header = [column.header for column in _COLUMNS]
    return await csv_download(pages, header, name="assistants_export.csv")


@route(
    "GET",
    "/api/v1/assistants/by-phone/{phone_number}",
    tag=TAG,
    kinds=reading(Kind.ASSISTANTS),
    summary="Get the assistant of a phone number",
    graphql="none yet: it stays REST",
    answers={200: Answer("The assistant.", Assistant, ASSISTANT_EXAMPLE)},
    errors=(404,),
)
async def get_by_phone(context: Context, queries: QueryRunner, path: NumberPath) -> dict[str, Any]:
    """The assistant that answers a number: of several an active one, and of those the first."""
    first = Paging(1, "id", descending=False)
    number = Condition("phone_number", "eq", path.phone_number)
    for conditions in ((number, ACTIVE), (number,)):
        arguments = RestArguments(paging=first, filter=conditions)
        assistants: list[dict[str, Any]] = orjson.loads(
            await queries.fetch(context, ASSISTANTS_PAGE, arguments)
        )
        if assistants:
            return assistants[0]
    raise NotFound("assistant_with_number", path.phone_number)


@route(
    "GET",
    "/api/v1/assistants/me/organization",
    tag=TAG,
    kinds=OPEN,
    summary="Get the caller's organization",
    graphql="{ viewer { organization { id name } } }",
    answers={200: Answer("The organization, and who is asking.", Membership)},
)
async def get_my_organization(context: Context, queries: QueryRunner) -> dict[str, Any]:
    """The organization that the credential belongs to, and the person behind it."""
    organization = RestArguments(context.organization_id)
    return {
        "organization": Fragment(await queries.fetch(context, MY_ORGANIZATION, organization)),
        "user": await _me(context, queries),
    }


async def _me(context: Context, queries: QueryRunner) -> Fragment | None:
    if context.identity.user_id is None:
        return None
    try:
        return Fragment(await queries.fetch(context, ME, RestArguments(context.identity.user_id)))
    except NotFound:
        return None
