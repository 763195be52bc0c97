"""Executed statements, summed up."""

import re
from collections.abc import Iterable

_TABLE = re.compile(r"(?:FROM|INTO|^UPDATE)\s+\"?(\w+)")


def verbs_and_tables(texts: Iterable[str]) -> list[str]:
    """Each statement as its verb and its table: `DELETE graph_node`.

    SQLite traces a DELETE again for each row whose foreign keys it looks at; that counts once.
    """
    summaries: list[str] = []
    last = ""
    for text in texts:
        table = _TABLE.search(text)
        assert table is not None, text
        verb = text.split(maxsplit=1)[0]
        if verb != "DELETE" or text != last:
            summaries.append(f"{verb} {table[1]}")
        last = text
    return summaries
