"""What a 404 says, noun by noun, where callers of the documented API know the words."""

from gql.errors import NotFound

_WORDS = {
    "assistant": "Assistant with ID {key}",
    "assistant_with_number": "Assistant with phone number {key}",
    "call": "Call with ID {key}",
    "call_with_sid": "Call with SID {key}",
}
"""By noun: what is "not found in your organization"."""


def not_found(error: NotFound) -> str:
    """The detail of a 404; a noun without documented words has those of the error."""
    words = _WORDS.get(error.noun)
    if words is None:
        return error.message
    return f"{words.format(key=error.key)} not found in your organization"
