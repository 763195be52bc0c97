"""What a list of calls can be filtered by, and which call a path names."""

from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, Field

from gql.domain.calls import CALLS
from gql.errors import NotFound
from gql.loaders import record_loaders
from gql.query.context import Context
from gql.query.filters import Condition, Filter
from gql.query.resource import Record, Resource
from gql.rest.parameters import Instant, Integer, Paged, SmallInteger, id_of

_CONDITIONS: dict[str, tuple[str, str]] = {
    "status": ("status", "eq"),
    "assistant_id": ("assistant_id", "eq"),
    "customer_phone": ("customer_phone", "contains"),
    "call_sid": ("call_sid", "contains"),
    "assistant_name": ("assistant_name", "contains"),
    "date_from": ("started_at", "gte"),
    "date_to": ("started_at", "lte"),
    "min_duration": ("duration", "gte"),
    "max_duration": ("duration", "lte"),
    "min_cost": ("total_cost", "gte"),
    "max_cost": ("total_cost", "lte"),
}
"""By parameter: the criterion of the resource, and the comparator."""


class Filters(BaseModel):
    """Query parameters that filter a list; all must hold. An empty text is the same as none.

    Attributes:
        resource: Whose list; each parameter must be one of its criteria.
        not_filters: Parameters that are something else.
    """

    resource: ClassVar[Resource] = CALLS
    not_filters: ClassVar[frozenset[str]] = frozenset({"skip", "limit", "format"})

    @classmethod
    def __pydantic_init_subclass__(cls, **_arguments: Any) -> None:
        for name in cls.model_fields.keys() - cls.not_filters:
            criterion, comparator = _CONDITIONS[name]
            cls.resource.check_criterion(
                criterion, frozenset({comparator}), used_by=f"{cls.__name__}.{name}"
            )

    def filter(self) -> Filter:
        """The conditions of every parameter that has a value."""
        return tuple(
            Condition(*_CONDITIONS[name], self.value(name, value))
            for name, value in self
            if name not in self.not_filters and value is not None and value != ""
        )

    def value(self, _name: str, value: Any) -> Any:
        """What the column is compared with."""
        return value


class CountFilters(Filters):
    """Which calls are counted."""

    status: str | None = Field(None, description="`ongoing`, `completed` or `failed`.")
    assistant_id: Integer | None = None
    date_from: Instant | None = Field(None, description="Started then or later.")
    date_to: Instant | None = Field(None, description="Started then or earlier.")


class ExportFilters(Filters):
    """Which calls are exported."""

    status: str | None = Field(None, description="`ongoing`, `completed` or `failed`.")
    assistant_id: Integer | None = None
    customer_phone: str | None = Field(None, description="Part of the number, by its digits.")
    call_sid: str | None = Field(None, description="Part of it, in any case.")
    assistant_name: str | None = Field(
        None, description="Part of it, in any case; deleted assistants are found too."
    )
    date_from: Instant | None = Field(None, description="Started then or later.")
    date_to: Instant | None = Field(None, description="Started then or earlier.")


class ListFilters(ExportFilters, Paged):
    """Which calls are listed."""

    min_duration: SmallInteger | None = Field(None, description="Seconds.")
    max_duration: SmallInteger | None = Field(None, description="Seconds.")


class CallPath(BaseModel):
    """Which call."""

    call_id: Annotated[int, id_of("call")]


class SidPath(BaseModel):
    """Which call, by the provider's id."""

    call_sid: str


async def get_call(context: Context, call_id: int) -> Record:
    """The voice call with this id.

    Raises:
        NotFound: when the organization has none.
    """
    call = await record_loaders.find(context, CALLS, call_id)
    if call is None:
        raise NotFound("call", call_id)
    return call
