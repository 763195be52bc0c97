"""Messages of graphql-core without the names of the schema that the sender has not sent.

`Field 'x' argument 'y' of type 'Z!' is required` tells whoever guesses one name two others. Where
neither introspection nor suggestions may tell them, messages do not either.
"""

import json
import re
from collections.abc import Iterable
from typing import Any

from graphql import GraphQLError

from gql.errors import GatewayError
from gql.steps import pause_if_long

HIDDEN = "…"
"""Stands for a name."""

_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")
_QUOTED = re.compile(r"'[^']*'")


def hide_names(
    errors: Iterable[GraphQLError], text: str, variables: dict[str, Any] | None = None
) -> list[GraphQLError]:
    """The errors, whose quoted names are those of a document and of its variables alone."""
    sent = set(_NAME.findall(text + json.dumps(variables or {}, default=str)))

    def hide(name: re.Match[str]) -> str:
        return name[0] if name[0] in sent else HIDDEN

    def without(error: GraphQLError) -> GraphQLError:
        pause_if_long()
        if isinstance(error.original_error, GatewayError):
            return error
        return GraphQLError(
            _QUOTED.sub(lambda quoted: _NAME.sub(hide, quoted[0]), error.message),
            error.nodes,
            path=error.path,
            original_error=error.original_error,
        )

    return [without(error) for error in errors]
