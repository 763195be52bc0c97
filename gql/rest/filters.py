"""Query parameters that filter a list, each with the criterion that it stands for."""

from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict
from pydantic.fields import FieldInfo

from gql.query.filters import LONGEST_TEXT, Condition, Filter
from gql.query.resource import Resource


@dataclass(frozen=True)
class FilterBy:
    """Says in `Annotated` what a parameter filters by.

        date_from: Annotated[Instant | None, FilterBy("started_at", "gte")] = None

    Attributes:
        criterion: A name in the resource's filters.
        comparator: How its value is compared with the parameter's.
    """

    criterion: str
    comparator: str = "eq"


class Filters(BaseModel):
    """Query parameters of a list; all must hold, and an empty text is the same as none.

    Attributes:
        resource: Whose list.
        not_filters: Parameters that are something else.
        criteria: What each other parameter filters by.

    Raises:
        TypeError: at import, for a parameter that would filter nothing.
    """

    model_config = ConfigDict(str_max_length=LONGEST_TEXT)

    resource: ClassVar[Resource]
    not_filters: ClassVar[frozenset[str]] = frozenset({"skip", "limit", "format"})
    criteria: ClassVar[dict[str, FilterBy]] = {}

    @classmethod
    def __pydantic_init_subclass__(cls, **_arguments: Any) -> None:
        cls.criteria = {}
        for name, field in cls.model_fields.items():
            if name in cls.not_filters:
                continue
            used_by, by = f"{cls.__name__}.{name}", _filter_by(field)
            if by is None:
                raise TypeError(f"{used_by} filters nothing: annotate it with `FilterBy`")
            cls.resource.check_criterion(by.criterion, frozenset({by.comparator}), used_by=used_by)
            cls.criteria[name] = by

    def filter(self) -> Filter:
        """The conditions of every parameter that has a value."""
        return tuple(
            Condition(by.criterion, by.comparator, value)
            for name, by in self.criteria.items()
            if (value := getattr(self, name)) is not None and value != ""
        )


def _filter_by(field: FieldInfo) -> FilterBy | None:
    return next((item for item in field.metadata if isinstance(item, FilterBy)), None)
