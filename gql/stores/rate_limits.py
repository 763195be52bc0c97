"""The quotas of organizations and API keys, and what this process has counted of them."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from gql.quota import LARGEST, UNLIMITED, Allowance, NamedWindow, Quota, Synchronizer, Unit, Window
from gql.settings import Settings

KEY_QUOTAS: Mapping[str, tuple[Unit, int]] = {
    "requests_per_minute": (Unit.REQUESTS, 60),
    "requests_per_hour": (Unit.REQUESTS, 3_600),
    "requests_per_day": (Unit.REQUESTS, 86_400),
    "points_per_minute": (Unit.POINTS, 60),
}
"""The members of a key's `rate_limit`, with what each counts and the seconds of its window."""

MINUTE = 60

_KEY = "This API key"
_ANCESTOR = "A key that this API key was made with"

_SWEEP_SECONDS = 60.0
_log = logging.getLogger(__name__)

KeyLimits = tuple[tuple[int, Mapping[str, Any] | None], ...]
"""The id and the stored `rate_limit` of a key, then those of the keys that it descends from."""


class SharedTotals(Synchronizer, Protocol):
    """Where processes add up what they use."""

    async def close(self) -> None:
        """Send what is left, and end the connection."""
        ...


class RateLimits:
    """One per process.

    Args:
        settings: The quotas that hold for all, whether they are enforced, and how many processes
            there are.
        totals: Shared with the other processes.
        timer: Seconds from any origin, never going back.

    Attributes:
        over: By the name of the quota, how many requests were over it.
    """

    def __init__(
        self,
        settings: Settings,
        totals: SharedTotals | None = None,
        *,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._totals = totals
        self._timer = timer
        self._windows: dict[tuple[str, Quota], tuple[Window, float]] = {}
        self._next_sweep = timer() + _SWEEP_SECONDS
        self.over: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._windows)

    def allowance(
        self, organization_id: int, api_key_id: int | None, key_limits: KeyLimits = ()
    ) -> Allowance:
        """What a credential may use; credentials share the windows of the quotas they share.

        Args:
            organization_id: Whose credential it is.
            api_key_id: Of the key that was presented.
            key_limits: What is stored with the key and with those that made it. A key uses up the
                quotas of its ancestors, else it could escape its own by making another.
        """
        if self._settings.rate_limit == "off":
            return UNLIMITED
        self._sweep()
        tenant = f"{{{organization_id}}}:rate"  # the braces are for a Redis cluster
        limits = [
            NamedWindow(
                str(quota.unit), "Your organization", self._window(f"{tenant}:organization", quota)
            )
            for quota in self._organization_quotas()
        ]
        for generation, (key_id, stored) in enumerate(key_limits):
            prefix, holder = (
                ("key", _KEY) if not generation else (f"ancestor-{generation}", _ANCESTOR)
            )
            fallback = self._key_quotas() if key_id == api_key_id else {}
            for name, most in {**fallback, **_usable(key_id, stored)}.items():
                quota = Quota(KEY_QUOTAS[name][0], most, KEY_QUOTAS[name][1])
                window = self._window(f"{tenant}:key:{key_id}", quota)
                limits.append(NamedWindow(f"{prefix}-{_short(name)}", holder, window))
        enforced = self._settings.rate_limit == "enforce"
        return Allowance(limits, is_enforced=enforced, over=self.over, timer=self._timer)

    def of_endpoint(self, organization_id: int, endpoint_id: int) -> Allowance:
        """What may be delivered to a webhook endpoint."""
        most = self._settings.rate_limit_hook_requests
        if self._settings.rate_limit == "off" or not most:
            return UNLIMITED
        self._sweep()
        quota = Quota(Unit.REQUESTS, most, MINUTE)
        window = self._window(f"{{{organization_id}}}:rate:hook:{endpoint_id}", quota)
        limit = NamedWindow("hook-requests", "This webhook endpoint", window)
        enforced = self._settings.rate_limit == "enforce"
        return Allowance([limit], is_enforced=enforced, over=self.over, timer=self._timer)

    async def close(self) -> None:
        """Send what other processes should know."""
        if self._totals is not None:
            await self._totals.close()

    def _organization_quotas(self) -> Iterator[Quota]:
        settings = self._settings
        of_units = {
            Unit.REQUESTS: settings.rate_limit_requests,
            Unit.POINTS: settings.rate_limit_points,
        }
        for unit, most in of_units.items():
            if most:
                yield Quota(unit, most, MINUTE)

    def _key_quotas(self) -> dict[str, int]:
        settings = self._settings
        of_names = {
            "requests_per_minute": settings.rate_limit_key_requests,
            "points_per_minute": settings.rate_limit_key_points,
        }
        return {name: most for name, most in of_names.items() if most}

    def _window(self, holder: str, quota: Quota) -> Window:
        window, _ = self._windows.get((holder, quota), (None, 0.0))
        if window is None:
            key = f"{holder}:{quota.unit}:{quota.seconds}"
            workers = self._settings.workers
            window = Window(quota, key, workers=workers, synchronizer=self._totals)
        self._windows[holder, quota] = window, self._timer()
        return window

    def _sweep(self) -> None:
        """Forget windows that have ended, once a minute.

        Only those that no credential was verified for in the last minute: one that is cached holds
        its windows for some seconds, and must not go on with one while others begin a new one.
        """
        now = self._timer()
        if now < self._next_sweep:
            return
        self._next_sweep = now + _SWEEP_SECONDS
        for key, (window, verified) in list(self._windows.items()):
            if max(window.ends, verified + _SWEEP_SECONDS) < now:
                del self._windows[key]


def _short(name: str) -> str:
    """A member of a `rate_limit` in the words of headers: `requests`, `requests-per-hour`."""
    return name.removesuffix("_per_minute").replace("_", "-")


def _usable(key_id: int, stored: Mapping[str, Any] | None) -> dict[str, int]:
    """The members of a stored `rate_limit` that are quotas; a member that is not is logged."""
    usable = {}
    for name, most in (stored or {}).items():
        if name in KEY_QUOTAS and type(most) is int and 0 < most <= LARGEST:
            usable[name] = most
        else:
            _log.warning("the rate_limit of API key %d has an unusable %s", key_id, name)
    return usable
