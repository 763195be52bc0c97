"""The header `Jackfield-Explain: 1`: an answer that also says how it came about."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson

from gql.engine.explain import Explanation
from gql.identity import Identity, Permission
from gql.schema.rendering import Answer

HEADER = b"jackfield-explain"


def wants_explanation(headers: Mapping[bytes, bytes], caller: Identity) -> bool:
    """Whether a request asks for it.

    Raises:
        Forbidden: when it does, and the caller may not.
    """
    wanted = headers.get(HEADER) == b"1"
    if wanted:
        caller.require(Permission.EXPLAIN)
    return wanted


def explained(answer: Answer, explanation: Explanation) -> Answer:
    """The same answer, with `extensions.explain` at its end."""
    extensions: Mapping[str, Any] = {"explain": explanation.document(answer.body)}
    printed = orjson.dumps(extensions, default=str)
    return replace(answer, body=answer.body[:-1] + b',"extensions":' + printed + b"}")
