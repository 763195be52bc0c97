"""The ids that a request names, of any types and any number, as rows of one statement."""

from typing import Any

from sqlalchemy import BigInteger, FromClause, Integer, Text, bindparam, column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from gql.sql.keys import Keys


class _Ids(FunctionElement[Any]):
    """Two lists, of the types' names and of the numbers, which each dialect unfolds its own way."""

    inherit_cache = True


def ids_of(slot: int) -> FromClause:
    """The ids that a slot names: `kind`, `number`, and their `place` in the request."""
    kinds = bindparam(f"s{slot}_kinds", type_=Keys(True))
    numbers = bindparam(f"s{slot}_numbers", type_=Keys(False))
    return _Ids(kinds, numbers).table_valued(
        column("kind", Text()), column("number", BigInteger()), column("place", Integer())
    )


@compiles(_Ids, "postgresql")
def _postgresql(element: _Ids, compiler: Any, **kw: Any) -> str:
    kinds, numbers = (compiler.process(clause, **kw) for clause in element.clauses)
    return (  # both are parameters
        "(SELECT kind, number, place"
        f" FROM unnest({kinds}, {numbers}) WITH ORDINALITY AS ids(kind, number, place))"
    )


@compiles(_Ids, "sqlite")
def _sqlite(element: _Ids, compiler: Any, **kw: Any) -> str:
    """The other list by index, not by a join, which would read it again for each row."""
    kinds, numbers = (compiler.process(clause, **kw) for clause in element.clauses)
    return (  # both are parameters
        f"(SELECT {kinds} ->> key AS kind, value AS number, key AS place FROM json_each({numbers}))"
    )
