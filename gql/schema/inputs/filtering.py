"""The `filter` inputs: each field is a criterion of the resource, under the same name."""

from collections.abc import Callable, Iterable
from dataclasses import Field, fields
from functools import partial
from typing import Any, ClassVar, NamedTuple, TypeVar, get_args, get_type_hints

import strawberry
from strawberry import UNSET
from strawberry.utils.str_converters import to_camel_case

from gql.engine.declaration import described
from gql.errors import BadInput
from gql.query.filters import Condition, Filter
from gql.query.global_id import read_id
from gql.query.resource import Resource
from gql.schema.inputs.comparators import Comparators, IDFilter

CRITERION = "criterion"
"""The key of a field's metadata that only `criterion` sets; the value is the resource of ids."""

T = TypeVar("T", bound="FilterInput")


class FilterField(NamedTuple):
    """One field of a `filter` input.

    Attributes:
        name: Of the field, and of the criterion.
        comparators: Those that the field offers.
        conditions: Makes the conditions of the field's value.
    """

    name: str
    comparators: frozenset[str]
    conditions: Callable[[Any], Iterable[Condition]]


class FilterInput:
    """The base of every `filter` input: `filter_of` makes one of a class of criteria."""

    filter_fields: ClassVar[tuple[FilterField, ...]]

    def conditions(self) -> Filter:
        """The conditions of every field that is there; all must hold.

        Raises:
            BadInput: when a field is null, compares nothing, or has a value that cannot be used.
        """
        conditions: list[Condition] = []
        for field in self.filter_fields:
            value = getattr(self, field.name)
            if value is None:
                raise BadInput(f"`{to_camel_case(field.name)}` is null: leave it out.")
            if value is not UNSET:
                conditions.extend(field.conditions(value))
        return tuple(conditions)

    @classmethod
    def check(cls, resource: Resource) -> None:
        """Make sure that lists of the resource can be filtered by every field.

        Raises:
            TypeError: when the resource has no such criterion, or one without the comparators.
        """
        for field in cls.filter_fields:
            resource.check_criterion(
                field.name, field.comparators, used_by=f"{cls.__name__}.{field.name}"
            )


def filter_of(resource: Resource) -> Callable[[type[T]], type[T]]:
    """Make a class the filter of a resource's lists; its docstring is the description.

    Raises:
        TypeError: when a field cannot be applied to the resource.
    """

    def decorate(cls: type[T]) -> type[T]:
        strawberry.input(cls, description=described(cls))
        types = get_type_hints(cls)
        cls.filter_fields = tuple(
            _filter_field(f"{cls.__name__}.{field.name}", field, types[field.name])
            for field in fields(cls)  # type: ignore[arg-type]  # strawberry.input made it one
        )
        cls.check(resource)
        return cls

    return decorate


def criterion(description: str, *, ids_of: Resource | None = None) -> Any:
    """A field of a filter: the criterion of the same name.

    Args:
        description: Of the field.
        ids_of: The resource whose ids an `IDFilter` takes.
    """
    return strawberry.field(default=UNSET, description=description, metadata={CRITERION: ids_of})


def _filter_field(path: str, field: Field[Any], annotation: Any) -> FilterField:
    name = field.name
    if CRITERION not in field.metadata:
        raise TypeError(f"{path} filters nothing: declare it with `criterion(...)`")
    value_type, *_ = get_args(annotation) or (annotation,)
    if value_type is bool:
        return FilterField(name, frozenset({"eq"}), lambda value: [Condition(name, "eq", value)])
    if not issubclass(value_type, Comparators):
        raise TypeError(f"{path} must be `bool | None`, or one of gql/schema/inputs/comparators.py")
    ids_of: Resource | None = field.metadata[CRITERION]
    if (value_type is IDFilter) != (ids_of is not None):
        raise TypeError(f"{path}: an IDFilter, and nothing else, needs `ids_of=` a resource")
    convert = None if ids_of is None else partial(read_id, name=ids_of.name)
    return FilterField(
        name,
        frozenset(value_type.comparators.values()),
        lambda value: value.conditions(name, convert),
    )
