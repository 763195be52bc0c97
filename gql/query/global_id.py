"""Global ids: unique over all resources, and the same from Python and from a database."""

from gql.errors import BadInput
from gql.models.types import MAX_ID
from gql.query.resource import Record


def global_id(record: Record) -> str:
    """The resource's name, an underscore and the integer: `call_101`."""
    return f"{record.resource.name}_{record.id}"


def split_id(text: str) -> tuple[str | None, int]:
    """The resource's name (None when the text is an integer alone) and the integer of an id.

    Raises:
        BadInput: when it is neither form.
    """
    name, _, digits = text.rpartition("_")
    is_decimal = digits.isascii() and digits.isdigit() and str(int(digits[:20])) == digits
    if is_decimal and not text.startswith("_"):
        value = int(digits)
        if 0 < value <= MAX_ID:
            return name or None, value
    raise BadInput(f"{text[:60]!r} is not an id: write it like `call_101` or `101`.")


def read_id(text: str, name: str) -> int:
    """The integer of an id that must be of the resource `name`.

    Raises:
        BadInput: when it is malformed or of another resource.
    """
    resource_name, value = split_id(text)
    if resource_name in {None, name}:
        return value
    article = "an" if name[0] in "aeiou" else "a"
    raise BadInput(f"`{text[:60]}` is not the id of {article} {name}: this needs `{name}_...`.")
