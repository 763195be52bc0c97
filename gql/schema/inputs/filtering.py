"""The `filter` inputs: each field is a criterion of the resource, under the same name."""

from collections.abc import Callable, Sequence
from dataclasses import Field, fields
from functools import partial
from typing import Any, ClassVar, TypeVar, get_args, get_type_hints

import strawberry
from strawberry import UNSET
from strawberry.utils.str_converters import to_camel_case

from gql.engine.declaration import described
from gql.errors import BadInput
from gql.query.filters import MAX_CONDITIONS, AnyOf, Condition, Filter, FilterField
from gql.query.global_id import read_id
from gql.query.resource import Resource
from gql.schema.inputs.comparators import Comparators, IDFilter

CRITERION = "criterion"
"""The key of a field's metadata that only `criterion` sets; the value is the resource of ids."""

CHANGED_SINCE = (
    "Those that were written, or that events tell of, after the event of this `eventId`, such as"
    " `viewer { organization { lastEventId } }`; all of them where that is too old."
)
"""Of the criterion `changed_since`, which several filters have."""

ANY, NONE = "any", "none"
"""The fields of every filter that take further filters."""

_ANY_OF_THESE = "Passes at least one of these filters; an empty list lets nothing pass."
_NONE_OF_THESE = "Passes none of these filters."

T = TypeVar("T", bound="FilterInput")


class FilterInput:
    """The base of every `filter` input: `filter_of` makes one of a class of criteria.

    Attributes:
        filter_fields: Its criteria; each filter also has `any` and `none`, lists of such filters.
    """

    filter_fields: ClassVar[tuple[FilterField, ...]]

    def conditions(self) -> Filter:
        """The conditions of every field that is there; all must hold.

        Raises:
            BadInput: when a field is null, compares nothing, or has a value that cannot be used;
                when there are more than `MAX_CONDITIONS`.
        """
        conditions = self._conditions()
        if (number := _size(conditions)) > MAX_CONDITIONS:
            raise BadInput(
                f"`filter` has {number} conditions, but may have at most {MAX_CONDITIONS}."
            )
        return conditions

    def _conditions(self) -> Filter:
        conditions: list[Condition | AnyOf] = []
        present = vars(self)  # where a field is absent, its default may be on the class alone
        for field in self.filter_fields:
            value = present.get(field.name, UNSET)
            if value is None:
                raise BadInput(f"`{to_camel_case(field.name)}` is null: leave it out.")
            if value is not UNSET:
                conditions += field.conditions(value)
        for name in (ANY, NONE):
            filters = present.get(name, UNSET)
            if filters is None:
                raise BadInput(f"`{name}` is null: leave it out.")
            if filters is not UNSET:
                conditions.append(AnyOf(_alternatives(name, filters), negated=name == NONE))
        return tuple(conditions)

    @classmethod
    def check(cls, resource: Resource) -> None:
        """Make sure that lists of the resource can be filtered by every field.

        Raises:
            TypeError: when the resource has no such criterion, or one without the comparators.
        """
        for field in cls.filter_fields:
            resource.check_criterion(
                field.name,
                frozenset(field.comparators.values() or {"eq"}),
                used_by=f"{cls.__name__}.{field.name}",
            )


def filter_of(resource: Resource) -> Callable[[type[T]], type[T]]:
    """Make a class the filter of a resource's lists; its docstring is the description.

    Raises:
        TypeError: when a field cannot be applied to the resource.
    """

    def decorate(cls: type[T]) -> type[T]:
        types = get_type_hints(cls)
        for name, description in ((ANY, _ANY_OF_THESE), (NONE, _NONE_OF_THESE)):
            cls.__annotations__[name] = list[cls] | None  # type: ignore[valid-type]
            setattr(cls, name, strawberry.field(default=UNSET, description=description))
        strawberry.input(cls, description=described(cls))
        cls.filter_fields = tuple(
            _filter_field(f"{cls.__name__}.{field.name}", field, types[field.name])
            for field in fields(cls)  # type: ignore[arg-type]  # strawberry.input made it one
            if field.name not in {ANY, NONE}
        )
        cls.check(resource)
        return cls

    return decorate


def criterion(
    description: str, *, ids_of: Resource | None = None, deprecated: str | None = None
) -> Any:
    """A field of a filter: the criterion of the same name.

    Args:
        description: Of the field.
        ids_of: The resource whose ids an `IDFilter` takes.
        deprecated: What to use in its place, and until when it is there.
    """
    return strawberry.field(
        default=UNSET,
        description=description,
        metadata={CRITERION: ids_of},
        deprecation_reason=deprecated,
    )


def _alternatives(name: str, filters: Sequence[FilterInput]) -> tuple[Filter, ...]:
    """The filters of an `any` or a `none`; an empty one would let every object pass."""
    alternatives = tuple(each._conditions() for each in filters)  # noqa: SLF001 -- the same class
    for number, each in enumerate(alternatives):
        if not each:
            raise BadInput(f"`{name}` has an empty filter at {number}: leave it out.")
    return alternatives


def _size(filter: Filter) -> int:
    size = len(filter)
    for condition in filter:
        if isinstance(condition, AnyOf):
            size += sum(1 + _size(each) for each in condition.filters) - 1
    return size


def _filter_field(path: str, field: Field[Any], annotation: Any) -> FilterField:
    name = field.name
    if CRITERION not in field.metadata:
        raise TypeError(f"{path} filters nothing: declare it with `criterion(...)`")
    value_type, *_ = get_args(annotation) or (annotation,)
    if value_type in (bool, str):
        return FilterField(
            name,
            {},
            lambda value: [Condition(name, "eq", value)],
            lambda _, value: Condition(name, "eq", value),
        )
    if not issubclass(value_type, Comparators):
        raise TypeError(
            f"{path} must be `bool | None`, `str | None`,"
            " or one of gql/schema/inputs/comparators.py"
        )
    ids_of: Resource | None = field.metadata[CRITERION]
    if (value_type is IDFilter) != (ids_of is not None):
        raise TypeError(f"{path}: an IDFilter, and nothing else, needs `ids_of=` a resource")
    convert = None if ids_of is None else partial(read_id, name=ids_of.name)
    return FilterField(
        name,
        value_type.comparators,
        lambda value: value.conditions(name, convert),
        lambda comparator, value: value_type.condition(name, comparator, value, convert),
    )
