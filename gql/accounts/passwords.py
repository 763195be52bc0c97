"""Passwords: the rules for new ones, their hashes, and checks that do not block the event loop."""

import asyncio
import base64
import hashlib
import os
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from gql.errors import BadInput, RateLimited

SHORTEST = 12
"""Characters of a new password."""

LONGEST = 1_000
"""Characters of any password."""

MOST_WAITING = 32
"""Checks that may be queued: some three seconds of work."""

Result = TypeVar("Result")

HASHER = PasswordHasher(time_cost=2, memory_cost=65_536, parallelism=1)
"""Argon2id over 64 MiB, a tenth of a second of one core.

A change of these figures is for new passwords; a stored hash carries its own.
"""


class Passwords:
    """Hashes and checks passwords in one thread of its own, away from the event loop.

    It is one thread, since anybody can send wrong passwords: then one core is busy with them and
    the others serve. argon2 releases the interpreter lock while it computes.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="passwords")
        self._waiting = 0

    async def hash(self, password: str) -> str:
        """The hash of a new password, to be stored.

        Raises:
            BadInput: when it cannot be one.
            RateLimited: when too many are waiting.
        """
        if not SHORTEST <= len(password) <= LONGEST:
            raise BadInput(f"A password has {SHORTEST} to {LONGEST:,} characters.")
        secret = _bytes(password)
        return await self._run(lambda: HASHER.hash(secret))

    async def match(self, password: str, stored_hash: str | None) -> bool:
        """Whether the password has that hash; as slow when there is none.

        Raises:
            RateLimited: when too many are waiting.
        """
        try:
            secret = _bytes(password)
        except BadInput:
            stored_hash, secret = None, b""
        against = _decoy_hash() if stored_hash is None else stored_hash
        return await self._run(lambda: _verify(against, secret))

    async def _run(self, work: Callable[[], Result]) -> Result:
        if self._waiting >= MOST_WAITING:
            raise RateLimited("Too many people are logging in; try again in a moment.", 1)
        self._waiting += 1
        # Counted until it is done: a caller that goes away does not stop the thread.
        future = asyncio.get_running_loop().run_in_executor(self._thread, work)
        future.add_done_callback(self._leave)
        return await future

    def _leave(self, _future: object) -> None:
        self._waiting -= 1


def stamp_of(stored_hash: str | None) -> str:
    """A digest that changes with the password and tells nothing of it: a security stamp."""
    return hashlib.sha256(f"login:{stored_hash}".encode()).hexdigest()[:32]


def _bytes(password: str) -> bytes:
    """The password in Unicode's form NFKC, as keyboards compose one letter in several ways.

    Raises:
        BadInput: when it has half of a surrogate pair.
    """
    try:
        return unicodedata.normalize("NFKC", password).encode()
    except UnicodeEncodeError as error:
        raise BadInput("A password is text, which this is not.") from error


def _decoy_hash() -> str:
    """A hash like those of ours, which no password has.

    The obvious thing for an unknown account is to answer at once. But then the time of the answer
    tells which accounts there are, and with them whom to write to and what to guess for. Checking
    against this takes as long as against a real one.
    """
    salt, rest = (base64.b64encode(os.urandom(n)).rstrip(b"=").decode() for n in (16, 32))
    cost = f"m={HASHER.memory_cost},t={HASHER.time_cost},p={HASHER.parallelism}"
    return f"$argon2id$v=19${cost}${salt}${rest}"


def _verify(stored_hash: str, secret: bytes) -> bool:
    try:
        return HASHER.verify(stored_hash, secret)
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False
