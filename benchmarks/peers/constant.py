"""The gateway itself with `/graphql` answering a constant: what everything but the answer costs.

python -m benchmarks.peers.constant PORT
"""

import sys

import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gql.app import create_app
from gql.app.composition import middleware, wrapped
from gql.app.logs import log_config
from gql.auth.middleware import caller_of
from gql.identity import Identity
from gql.settings import Settings

JSON = "application/json"
ANSWER = b'{"data":{"__typename":"Query"}}'


async def constant(scope: Scope, receive: Receive, send: Send) -> None:
    """Read the request, and give every authenticated caller the same answer."""
    is_authenticated = isinstance(await caller_of(scope), Identity)
    request = Request(scope, receive)
    await request.body()
    answer = Response(
        ANSWER if is_authenticated else b"", 200 if is_authenticated else 401, media_type=JSON
    )
    await answer(scope, receive, send)


def main() -> None:
    """Serve as `jackfield serve` does, with one door replaced."""
    settings = Settings(compiled=False)
    app = create_app(settings)
    measured = app.state.metrics
    counter = None if measured is None else measured.requests
    layers = middleware(constant, app.state.authentication, settings, counter)
    app.middleware_stack = wrapped(app.router, layers)
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        log_config=log_config(settings.log_level),
        access_log=False,
        server_header=False,
        lifespan="on",
    )


if __name__ == "__main__":
    main()
