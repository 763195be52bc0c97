"""Text: its order, its bytes, its upper case."""

from gql.sql.construct import Construct


class by_code_point(Construct[str]):
    """Text, compared and sorted by code points whatever the database's own collation.

    The one order that both databases have, and Python too.
    """

    postgresql = '({0} COLLATE "C")'
    sqlite = "({0} COLLATE BINARY)"


class hexadecimal(Construct[str]):
    """The bytes of text in UTF-8, in lower-case hexadecimal."""

    postgresql = "encode(convert_to({0}, 'UTF8'), 'hex')"
    sqlite = "lower(hex({0}))"


class uppercase(Construct[str]):
    """An ASCII word in upper case: the collation spares PostgreSQL the letters of a language."""

    postgresql = 'upper({0} COLLATE "C")'
    sqlite = "upper({0})"
