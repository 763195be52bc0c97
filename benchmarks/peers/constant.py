"""The gateway itself with `/graphql` answering a constant: what everything but the answer costs.

python -m benchmarks.peers.constant PORT
"""

import sys

import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gql.app import create_app
from gql.app.logs import log_config
from gql.auth.middleware import caller_of
from gql.identity import Identity
from gql.settings import Settings

ANSWER = b'{"data":{"__typename":"Query"}}'


async def constant(request: Request) -> Response:
    """Read what was asked, and answer the same to everybody whom the gateway lets in."""
    if not isinstance(await caller_of(request.scope), Identity):
        return Response(status_code=401)
    await request.body()
    return Response(ANSWER, media_type="application/json")


def main() -> None:
    """Serve as `jackfield serve` does, with one route replaced."""
    settings = Settings(compiled=False)
    app = create_app(settings)
    replaced = Route("/graphql", constant, methods=["POST"])
    app.router.routes[:] = [
        replaced if getattr(route, "path", None) == "/graphql" else route
        for route in app.router.routes
    ]
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
