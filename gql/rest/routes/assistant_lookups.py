"""Assistants counted, exported and found by number, and whose they are."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field
from starlette.responses import Response

from gql.domain.assistants import ASSISTANTS
from gql.domain.organizations import ORGANIZATIONS, USERS
from gql.engine.rest_fields import present, presenter
from gql.errors import NotFound
from gql.http.media_types import JSON
from gql.loaders.record_loaders import CountLoader, PageLoader, RecordByKeyLoader
from gql.query.context import Context
from gql.query.exports import export
from gql.query.filters import Condition, Filter
from gql.query.paging import Paging
from gql.query.record_list import RecordList
from gql.rest.downloads import CSV, csv_download, json_download
from gql.rest.parameters import MOST_INTEGER
from gql.rest.reads import selection_of
from gql.rest.route import Answer, route
from gql.rest.routes.assistants import ACTIVE, ASSISTANT_EXAMPLE, TAG, Assistant
from gql.rest.routes.call_statistics import Count

_COLUMNS = {
    "id": "Assistant ID",
    "name": "Name",
    "description": "Description",
    "phone_number": "Phone Number",
    "llm_provider": "LLM Provider",
    "llm_model": "LLM Model",
    "is_active": "Active",
    "created_at": "Created At",
    "updated_at": "Updated At",
}
"""By label: the header in the CSV file."""


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
        wanted = []
        if self.assistant_ids:
            parts = (part.strip() for part in self.assistant_ids.split(","))
            ids = {int(part[:20]) for part in parts if part}
            wanted.append(Condition("id", "in", tuple(key for key in ids if key <= MOST_INTEGER)))
        if self.search:
            wanted.append(Condition("name", "contains", self.search))
        if self.status != "all":
            wanted.append(Condition("is_active", "eq", self.status == "active"))
        return tuple(wanted)


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


class Membership(BaseModel):
    """Who is asking, and for which organization."""

    organization: MyOrganization
    user: Me | None = Field(description="Null for a credential that belongs to nobody.")


@route(
    "GET",
    "/api/v1/assistants/count",
    tag=TAG,
    summary="Count assistants",
    answers={200: Answer("The number.", Count, {"count": 8})},
)
async def count_assistants(context: Context, query: CountQuery) -> dict[str, Any]:
    """How many assistants the organization has."""
    wanted = (ACTIVE,) if query.active_only else ()
    return {"count": await CountLoader.of(context).load(RecordList.filtered(ASSISTANTS, wanted))}


@route(
    "GET",
    "/api/v1/assistants/export",
    tag=TAG,
    summary="Export assistants",
    answers={200: Answer("A file, by id.", files=(CSV, JSON))},
)
async def export_assistants(context: Context, query: AssistantExportQuery) -> Response:
    """Assistants as `assistants_export.csv`, or whole as `assistants_export.json`."""
    whole = query.format == "json"
    labels = ASSISTANTS.labels if whole else tuple(_COLUMNS)
    found = export(context, ASSISTANTS, labels, "id", descending=False, filter=query.filter())
    if whole:
        return await json_download(
            found, presenter(selection_of(Assistant)), name="assistants_export.json"
        )
    header = tuple(_COLUMNS.values())
    return await csv_download(found, header, tuple, name="assistants_export.csv")


@route(
    "GET",
    "/api/v1/assistants/by-phone/{phone_number}",
    tag=TAG,
    summary="Get the assistant of a phone number",
    answers={200: Answer("The assistant.", Assistant, ASSISTANT_EXAMPLE)},
    errors=(404,),
)
async def get_by_phone(context: Context, path: NumberPath) -> dict[str, Any]:
    """The assistant that answers a number: of several an active one, and of those the first."""
    first = Paging(1, "id", descending=False)
    number = Condition("phone_number", "eq", path.phone_number)
    for wanted in ((number, ACTIVE), (number,)):
        records = RecordList.filtered(ASSISTANTS, wanted)
        page = await PageLoader.of(context).load((records, first))
        if page.records:
            return present(selection_of(Assistant), page.records[0])
    raise NotFound("assistant_with_number", path.phone_number)


@route(
    "GET",
    "/api/v1/assistants/me/organization",
    tag=TAG,
    summary="Get the caller's organization",
    answers={200: Answer("The organization, and who is asking.", Membership)},
)
async def get_my_organization(context: Context) -> dict[str, Any]:
    """The organization that the credential belongs to, and the person behind it."""
    organization = await RecordByKeyLoader.of(context, ORGANIZATIONS).load(context.organization_id)
    if organization is None:
        raise NotFound("organization", context.organization_id)
    return {
        "organization": {
            "id": organization.id,
            "name": organization.name,
            "created_at": organization.created_at,
        },
        "user": await _person(context),
    }


async def _person(context: Context) -> dict[str, Any] | None:
    user_id = context.identity.user_id
    user = None if user_id is None else await RecordByKeyLoader.of(context, USERS).load(user_id)
    if user is None:
        return None
    return {"id": user.id, "email": user.email, "name": user.name, "is_admin": user.is_admin}
