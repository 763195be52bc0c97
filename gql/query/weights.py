"""What each unit of an operation or a REST read weighs: one table, in points.

A point is about a microsecond of the database's CPU, or of the event loop for introspection. The
weights follow figures that were measured once, on 25,200 calls of one organization on SQLite and on
PostgreSQL, and are rounded up to the slower of the two; `make bench B=--weights` measures them
again. Points admit an operation, no more: how long it takes depends on how many rows there are, and
on the machine.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Weight:
    """What one unit costs.

    Attributes:
        points: How much.
        unit: Of what, for the documentation.
    """

    points: int
    unit: str


LEAF = Weight(1, "a number, a text, an instant, ...")
AMOUNT = Weight(2, "a `Decimal`")
JSON_VALUE = Weight(3, "a `JSON` value")
JSON_STEP = Weight(1, "a step of a JSON Pointer")
OBJECT = Weight(2, "an object")
LIST = Weight(10, "a list, or a number of records: a subquery under each object that has it")
PAGE_INFO = Weight(100, "`pageInfo`")
TOTAL = Weight(100, "`totalCount`, where an index or the rollup has it")
KEY = Weight(10, "a value that an index finds, of those in a filter")
WORDS = Weight(10_000, "words that full-text indexes find, of `search` and of `said` in a filter")
COUNTED_ROW = Weight(1, "a row that a total counts, or that a page passes over, in an index")
COMPARED_ROW = Weight(
    2,
    "a row that is looked at because no index has what a filter compares; for each condition in"
    " `any` and `none`",
)
SORTED_ROW = Weight(2, "a row that is sorted because no index has the order")
SUMMED_CALL = Weight(1, "a call that `costs` or `summary` adds up")
SCHEMA_VALUE = Weight(12, "a value below `__schema` or `__type`")

GROUPED_TOTALS = 100 * TOTAL.points
"""Points of a REST read of totals by day or by assistant: some thousand rows of the rollup."""

WEIGHTS = (
    LEAF,
    AMOUNT,
    JSON_VALUE,
    JSON_STEP,
    OBJECT,
    LIST,
    PAGE_INFO,
    TOTAL,
    KEY,
    WORDS,
    COUNTED_ROW,
    COMPARED_ROW,
    SORTED_ROW,
    SUMMED_CALL,
    SCHEMA_VALUE,
)
"""All of them, in the order of the documentation."""
