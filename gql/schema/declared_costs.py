"""What fields and types cost by their declarations: what is charged, and what the SDL prints.

`charges.py` multiplies these figures, and adds what arguments make the database look at.
"""

from dataclasses import dataclass

from graphql import (
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
)

from gql.domain.calls import CALLS
from gql.engine.fields import (
    BATCH_ITEMS,
    BATCH_RESULTS,
    COMPUTED_PAGE,
    NUMBER_POINTS,
    OWN_POINTS,
    SOURCE,
    ConnectionField,
    ConnectionSource,
    CostReportField,
    CostReportSource,
    CountSource,
    FieldSource,
    JsonPathSource,
    ManySource,
    NumberPoints,
    UnionSource,
)
from gql.engine.plan import DEFINITION
from gql.ingest.apply import MOST_ITEMS
from gql.query.paging import DEFAULT_PAGE
from gql.query.weights import (
    AMOUNT,
    JSON_VALUE,
    LEAF,
    LIST,
    OBJECT,
    PAGE_INFO,
    SUMMED_CALL,
    TOTAL,
)
from gql.schema.costs import DEFAULT_GROUPS
from gql.schema.list_arguments import SLICING_ARGUMENTS
from gql.schema.query import MAX_IDS

DEFAULT_LIST_SIZE = 20
"""How long a plain list is taken to be, when its declaration does not say."""

_LEAF_WEIGHTS = {"Decimal": AMOUNT, "JSON": JSON_VALUE}
"""The weights of leaves by the name of their type; of every other type `LEAF`."""

_PAGE_FIELDS = frozenset({ConnectionField.TOTAL_COUNT, ConnectionField.HAS_NEXT_PAGE})
"""A type with one of these describes a page: a connection has a total, `PageInfo` a next page."""


@dataclass(frozen=True, slots=True)
class ListSize:
    """How long a list is taken to be: the arguments of `@listSize`.

    Attributes:
        assumed: Where no argument says.
        slicing_arguments: The arguments that say.
        sized_fields: The fields of the result that are the list; none where the result itself is.
    """

    assumed: int
    slicing_arguments: tuple[str, ...] = ()
    sized_fields: tuple[str, ...] = ()


def source_of(field: GraphQLField) -> FieldSource | None:
    """The declaration of a field; None where it is not one that the engine plans."""
    source: FieldSource | None = field.extensions[DEFINITION].metadata.get(SOURCE)
    return source


def field_weight(field: GraphQLField) -> int:
    """The points of a field for each object that it is selected on, without what is below it."""
    own_points: int = field.extensions[DEFINITION].metadata.get(OWN_POINTS, 0)
    return own_points + _weight_of_type(field)


def _weight_of_type(field: GraphQLField) -> int:  # noqa: PLR0911 -- a case per source
    source, target = source_of(field), get_named_type(field.type)
    if source is ConnectionField.TOTAL_COUNT:
        return TOTAL.points
    if source is ConnectionField.PAGE_INFO:
        return PAGE_INFO.points
    if isinstance(source, CostReportSource):
        return LIST.points + CALLS.usual * SUMMED_CALL.points
    if isinstance(source, JsonPathSource):
        return JSON_VALUE.points
    if isinstance(source, (ConnectionSource, CountSource)):
        return LIST.points
    if is_leaf_type(target):
        return _LEAF_WEIGHTS.get(target.name, LEAF).points
    is_own_list = is_object_list(field) and not isinstance(source, ConnectionField)
    return LIST.points if is_own_list else 0


def type_weight(kind: GraphQLNamedType) -> int:
    """The points of each object of a type, without its fields.

    A page and its `pageInfo` are no objects of their own, nor is the object of the root fields.
    """
    if not isinstance(kind, GraphQLObjectType):
        return OBJECT.points
    sources = [source_of(field) for field in kind.fields.values()]
    is_page = any(
        isinstance(source, ConnectionField) and source in _PAGE_FIELDS for source in sources
    )
    return 0 if is_page else OBJECT.points


def is_object_list(field: GraphQLField) -> bool:
    """Whether a field is a plain list of objects."""
    is_leaf = is_leaf_type(get_named_type(field.type))
    return is_list_type(get_nullable_type(field.type)) and not is_leaf


def is_computed_page(field: GraphQLField) -> bool:
    """Whether a field gives a page that a resolver makes."""
    return COMPUTED_PAGE in field.extensions[DEFINITION].metadata


def number_points(field: GraphQLField) -> NumberPoints | None:
    """What a field costs by a number in one of its arguments; None where there is no such."""
    declared: NumberPoints | None = field.extensions[DEFINITION].metadata.get(NUMBER_POINTS)
    return declared


def batch_items(field: GraphQLField) -> str | None:
    """The list of its input that has the items, of a mutation that has a result for each."""
    name: str | None = field.extensions[DEFINITION].metadata.get(BATCH_ITEMS)
    return name


def is_batch_results(field: GraphQLField) -> bool:
    """Whether a field has a result for each item of a batch."""
    return BATCH_RESULTS in field.extensions[DEFINITION].metadata


def list_size(  # noqa: PLR0911 -- a case per source
    field: GraphQLField,
) -> ListSize | None:
    """How long the list is that a field gives, itself or in pages.

    None for a field without a list, and for the parts of a page or of a batch: they are as long as
    that.
    """
    lists = (ConnectionField.EDGES.value, ConnectionField.NODES.value)
    if is_computed_page(field):
        return ListSize(DEFAULT_PAGE, ("first",), lists)
    if batch_items(field) is not None:
        return ListSize(MOST_ITEMS, sized_fields=("results",))
    if is_batch_results(field):
        return None
    match source_of(field):
        case ConnectionSource():
            return ListSize(DEFAULT_PAGE, SLICING_ARGUMENTS, lists)
        case ConnectionField():
            return None
        case ManySource(usual=size):
            return ListSize(size)
        case UnionSource(union):
            return ListSize(union.limit)
        case CostReportSource():
            return ListSize(DEFAULT_GROUPS, ("first",), (CostReportField.GROUPS.value,))
        case CostReportField():
            return None
    if not is_object_list(field):
        return None
    return ListSize(MAX_IDS if "ids" in field.args else DEFAULT_LIST_SIZE)
