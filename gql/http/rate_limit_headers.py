"""The headers `RateLimit-Policy` and `RateLimit`: what a caller may use, and what is left.

https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/

`"requests";q=600;w=60` is a quota of 600 requests in a window of 60 seconds, and
`"requests";r=599;t=58` says that 599 of them are left, for 58 seconds. The draft knows no unit of
quotas that fits points, so `qu="points"` is of our own.
"""

import math
from functools import lru_cache

from starlette.types import Scope

from gql.quota import Allowance, NamedWindow, Unit

POLICY = b"ratelimit-policy"
USAGE = b"ratelimit"

_ALLOWANCE = "allowance"


def show_rate_limits(scope: Scope, allowance: Allowance) -> None:
    """Have the answer to this request say what the caller has left."""
    scope["state"][_ALLOWANCE] = allowance


def rate_limit_headers(scope: Scope) -> list[tuple[bytes, bytes]]:
    """The headers of the answer; none for a caller who is not known or has no quota."""
    allowance: Allowance | None = scope.get("state", {}).get(_ALLOWANCE)
    return [] if allowance is None else headers_of(allowance)


def headers_of(allowance: Allowance) -> list[tuple[bytes, bytes]]:
    """The headers of a caller's answers; none without a quota."""
    if not allowance.limits:
        return []
    now = allowance.now()
    usages = ", ".join([_usage(each, now) for each in allowance.limits])
    return [(POLICY, _policies(allowance.limits)), (USAGE, usages.encode())]


@lru_cache(maxsize=1_024)
def _policies(limits: tuple[NamedWindow, ...]) -> bytes:
    """The header that is the same for every answer to a caller."""
    return ", ".join(map(_policy, limits)).encode()


def _policy(limit: NamedWindow) -> str:
    quota = limit.window.quota
    unit = "" if quota.unit == Unit.REQUESTS else f';qu="{quota.unit}"'
    return f'"{limit.name}";q={quota.most}{unit};w={quota.seconds}'


def _usage(limit: NamedWindow, now: float) -> str:
    window = limit.window
    remaining = window.remaining(now)
    seconds = math.ceil(window.seconds_left(now))
    return f'"{limit.name}";r={max(0, remaining)};t={seconds}'
