"""Text: its order, its bytes, its upper case."""

from gql.sql.construct import Construct


class by_code_point(Construct[str]):
    """Text, compared and sorted by code points whatever the database's own collation.

    The one order that both databases have, and Python too.
    """

    postgresql = '({0} COLLATE "C")'
    sqlite = "({0} COLLATE BINARY)"


class without_case(Construct[str]):
    """Text, such that LIKE compares it with a pattern in lower case, letter by letter.

    SQLite's `lower` is a function of Python, which needs the interpreter's lock for every row of a
    scan: the scans of one organization took it from the event loop 25,000 times each. But LIKE
    knows the case of ASCII there, so only other text is made lower case. ASCII text has as many
    bytes as characters.
    """

    postgresql = "lower({0})"
    sqlite = "CASE WHEN length({0}) <> length(CAST({0} AS BLOB)) THEN lower({0}) ELSE {0} END"


class hexadecimal(Construct[str]):
    """The bytes of text in UTF-8, in lower-case hexadecimal."""

    postgresql = "encode(convert_to({0}, 'UTF8'), 'hex')"
    sqlite = "lower(hex({0}))"


class uppercase(Construct[str]):
    """An ASCII word in upper case: the collation spares PostgreSQL the letters of a language."""

    postgresql = 'upper({0} COLLATE "C")'
    sqlite = "upper({0})"
