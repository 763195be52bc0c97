"""What a caller may use in a window of time, and what of it has been used."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from gql.errors import RateLimited

LARGEST = 2_147_483_647
"""The largest quota: what a GraphQL Int can show."""


class Unit(StrEnum):
    """What a quota counts: requests at either door, or the points that they cost."""

    REQUESTS = "requests"
    POINTS = "points"


@dataclass(frozen=True, slots=True)
class Quota:
    """How much may be used in a window of time.

    Attributes:
        most: How much.
        seconds: How long a window is. It begins with the first use.
    """

    unit: Unit
    most: int
    seconds: int


class Synchronizer(Protocol):
    """Adds up what several processes use."""

    def note_use(self, window: "Window", now: float) -> None:
        """A window was used, or has begun."""
        ...

    def is_reachable(self, now: float) -> bool:
        """Whether it is known what other processes use."""
        ...


class Window:
    """The current window of one quota.

    Windows are fixed, not sliding: a caller learns one instant at which all is free again, and a
    request costs two additions. Around that instant a caller can use up to twice the quota.

    Args:
        quota: What may be used.
        key: Names the quota among all quotas: `{7}:requests`.
        workers: Processes that share the quota.
        synchronizer: Between them; without one, each process has its part of the quota.

    Attributes:
        ends: By the timer of whoever calls; a window that has ended begins anew when it is used.
        used: By this process.
        used_elsewhere: By the others, when the synchronizer asked last.
        unsent: The part of `used` that the synchronizer has not sent yet.
        is_synchronized: Whether it has asked since this window began.
    """

    __slots__ = (
        "_part",
        "_synchronizer",
        "ends",
        "is_synchronized",
        "key",
        "quota",
        "unsent",
        "used",
        "used_elsewhere",
    )

    def __init__(
        self,
        quota: Quota,
        key: str,
        *,
        workers: int = 1,
        synchronizer: Synchronizer | None = None,
    ) -> None:
        self.quota = quota
        self.key = key
        self._part = max(1, quota.most // workers)
        self._synchronizer = synchronizer
        self.ends = -math.inf
        self.used = self.used_elsewhere = self.unsent = 0
        self.is_synchronized = False

    def most(self, now: float) -> int:
        """How much this process lets through: the quota, or its part while it knows no other."""
        synchronizer = self._synchronizer
        if synchronizer is not None and synchronizer.is_reachable(now):
            return self.quota.most
        return self._part

    def remaining(self, now: float) -> int:
        """How much is left; less than nothing where more was used and only measured."""
        synchronizer = self._synchronizer
        if now >= self.ends:
            return self.most(now)
        if synchronizer is not None and synchronizer.is_reachable(now):
            return self.quota.most - self.used - self.used_elsewhere
        return self._part - self.used

    def seconds_left(self, now: float) -> float:
        """How long until all is free again; a whole window when it has not begun."""
        return self.ends - now if now < self.ends else float(self.quota.seconds)

    def can_take(self, amount: int, now: float, used_before: int = 0) -> bool:
        """Whether so much may still be used.

        More than the whole quota is taken for the whole: else it could never be used.

        Args:
            amount: How much.
            now: By the timer.
            used_before: How much of it was counted before.
        """
        remaining = self.remaining(now) + used_before
        return remaining >= amount or remaining >= self.most(now)

    def use(self, amount: int, now: float) -> None:
        """Count a use, whether there is room for it or not."""
        if now >= self.ends:
            self.ends = now + self.quota.seconds
            self.used = self.used_elsewhere = self.unsent = 0
            self.is_synchronized = False
        self.used += amount
        if self._synchronizer is not None:
            self.unsent += amount
            self._synchronizer.note_use(self, now)

    def take_unsent(self) -> int:
        """What has to be sent, which then counts as sent."""
        amount, self.unsent = self.unsent, 0
        return amount

    def learn(self, total: int, amount: int, ends: float) -> None:
        """Take over what the synchronizer says.

        Args:
            total: What all processes have used, this one's last amount included.
            amount: The one that was sent last.
            ends: When the window ends.
        """
        if total == amount:  # all that is known there: the window before this one has ended
            self.used = amount + self.unsent
        self.used_elsewhere = max(0, total - (self.used - self.unsent))
        self.ends = ends
        self.is_synchronized = True


@dataclass(frozen=True, slots=True, eq=False)
class NamedWindow:
    """The window of a quota, as one credential has it.

    Attributes:
        name: Short, for headers and metrics: `requests`, `key-points`.
        holder: Whose quota it is, to begin a sentence with: `Your organization`.
        window: Which other credentials may have too, by another name.
    """

    name: str
    holder: str
    window: Window

    @property
    def unit(self) -> Unit:
        return self.window.quota.unit


class Allowance:
    """Every quota that one credential uses: its organization's and, of an API key, the key's.

    Args:
        limits: The quotas, by their names.
        is_enforced: Whether what is over a quota is refused, and not only counted.
        over: Counts by the name of the quota what is over it.
        timer: Seconds from any origin, never going back.
    """

    __slots__ = ("_is_enforced", "_over", "_timer", "limits", "points", "requests")

    def __init__(
        self,
        limits: Sequence[NamedWindow],
        *,
        is_enforced: bool,
        over: Counter[str],
        timer: Callable[[], float],
    ) -> None:
        self.limits = tuple(limits)
        self.requests = tuple(each for each in limits if each.unit == Unit.REQUESTS)
        self.points = tuple(each for each in limits if each.unit == Unit.POINTS)
        self._is_enforced = is_enforced
        self._over = over
        self._timer = timer

    def now(self) -> float:
        """The instant by which its windows are read."""
        return self._timer()

    def use_request(self, number: int = 1) -> None:
        """Count a request, or one that counts as several, against every quota, or against none.

        Raises:
            RateLimited: when one of them has not so many left.
        """
        self._use(self.requests, number)

    def use_points(self, points: int, *, used_before: int = 0) -> None:
        """Count the points of an operation against every quota, or against none.

        Args:
            points: What it costs.
            used_before: How many of them were counted before, as for a comparison of versions that
                did not answer it.

        Raises:
            RateLimited: when one of them has not so many left.
        """
        if points:
            self._use(self.points, points, used_before)

    def count_points(self, points: int) -> None:
        """Count the points of a part of work that cannot be refused any more."""
        now = self._timer()
        for limit in self.points:
            limit.window.use(points, now)

    def _use(self, limits: tuple[NamedWindow, ...], amount: int, used_before: int = 0) -> None:
        now = self._timer()
        for limit in limits:
            if not limit.window.can_take(amount, now, used_before):
                self._over[limit.name] += 1
                if self._is_enforced:
                    raise _refusal(limit, now)
        for limit in limits:
            limit.window.use(amount - used_before, now)


def _refusal(limit: NamedWindow, now: float) -> RateLimited:
    window, quota = limit.window, limit.window.quota
    seconds = math.ceil(window.seconds_left(now))
    most = f"{window.most(now)} {quota.unit} in {quota.seconds} seconds"
    if quota.unit == Unit.POINTS:
        left = f" and has {max(0, window.remaining(now))} left, fewer than this operation costs"
    else:
        left = " and has none left"
    return RateLimited(
        f"{limit.holder} may use {most}{left}; try again in {seconds} seconds.", seconds
    )


UNLIMITED = Allowance((), is_enforced=False, over=Counter(), timer=float)
"""Without any quota."""
