"""The request header `Jackfield-Explain: 1`, which adds to an answer how it was made."""

from collections.abc import Mapping

from gql.engine.explain import Explanation
from gql.identity import Identity, Permission
from gql.schema.rendering import HttpResponse

HEADER = b"jackfield-explain"


def wants_explanation(headers: Mapping[bytes, bytes], caller: Identity) -> bool:
    """Whether a request has the header.

    Raises:
        Forbidden: when it has, and the caller is neither an operator nor an administrator.
    """
    explain = headers.get(HEADER) == b"1"
    if explain and not is_operator(caller):
        caller.require(Permission.ADMIN)
    return explain


def is_operator(caller: Identity) -> bool:
    """Whether an explanation may say everything."""
    return Permission.EXPLAIN in caller.permissions


def explained(answer: HttpResponse, explanation: Explanation) -> HttpResponse:
    """The answer with `extensions.explain` added at its end."""
    return answer.with_extension("explain", explanation.document(answer.body))
