"""What is wrong with something that is no item, for whoever wrote it: each field with its fault."""

from typing import NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

MOST_FAULTS = 5
"""Most faults in one line of text."""

_MESSAGES = {
    "extra_forbidden": "an item of this kind has no such field",
    "missing": "the field is missing",
    "timezone_aware": "the time has no zone; write times like 2026-11-28T09:30:00Z",
    "union_tag_invalid": "`kind` is '{tag}', and not one of {expected_tags}",
    "union_tag_not_found": "the object has no `kind`, like call or message",
}
"""By pydantic's type of an error, where its own words are about Python and its types.

https://docs.pydantic.dev/latest/errors/validation_errors/
"""


class ItemFault(NamedTuple):
    """A field that is wrong.

    Attributes:
        path: The names and indexes that lead to it; empty for the item as a whole.
        message: What is wrong with it.
    """

    path: tuple[str | int, ...]
    message: str


def item_faults(error: ValidationError) -> list[ItemFault]:
    """The faults that a model of an item found."""
    return [
        ItemFault(fault["loc"], _message(fault))
        for fault in error.errors(include_url=False, include_input=False)
    ]


def _message(fault: ErrorDetails) -> str:
    template = _MESSAGES.get(fault["type"])
    return fault["msg"] if template is None else template.format(**fault.get("ctx", {}))


def faults_line(error: ValidationError) -> str:
    """The faults that `ITEM` found, in one line; it begins each path with the item's kind."""
    faults = item_faults(error)
    texts = [
        ": ".join(filter(None, (".".join(map(str, fault.path[1:])), fault.message)))
        for fault in faults[:MOST_FAULTS]
    ]
    more = len(faults) - MOST_FAULTS
    return "; ".join(texts) + (f"; and {more} more" if more > 0 else "")
