"""Bodies of any length, which a handler reads and uses while they are sent.

The connection bounds the length of every body and the time that it takes. A handler that takes a
body piece by piece, and holds the client back while it works, says so; then neither is bounded, but
only how long the client is silent. It says so once it knows who sends: a stranger's body stays
bounded.
"""

from collections.abc import Mapping

from starlette.types import Scope

_KEY = "has_streamed_body"


def expect_streamed_body(scope: Scope) -> None:
    """Take the body of a request as it comes, however long that lasts."""
    # The server's own scope has the same dictionary, also where a middleware has copied the rest.
    scope["state"][_KEY] = True


def is_streamed_body(scope: Mapping[str, object]) -> bool:
    """Whether the handler of a request takes its body as it comes."""
    state = scope.get("state")
    return isinstance(state, dict) and _KEY in state
