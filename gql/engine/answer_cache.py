"""Answers to expensive queries, for whoever asks the same before anything has changed.

A dashboard of a year's costs reads half a million calls' sums, and is opened by several people. An
answer is cached with the change stamps of the tables that it was read from, as they were then, and
is given again where one tiny statement reads the same stamps: it is then what the database would
print. That is what a 304 rests on, too; see `gql/engine/data_version.py`. It is looked for by all
else that shapes it, so that a query that nobody has sent before costs nothing more.
"""

from typing import NamedTuple

from gql.engine.cache import SegmentedCache
from gql.engine.data_version import VersionedStatement

CACHED_FROM = 10_000
"""Points of an operation whose answer is cached: comparing stamps costs a hundredth of it."""

_BYTES_OF_ENTRY = 500


class _Answer(NamedTuple):
    stamps: bytes
    body: bytes


class AnswerCache:
    """The answers of one process.

    Args:
        capacity: Bytes that all of them may take; with 0 none is cached.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._answers: SegmentedCache[_Answer] = SegmentedCache(
            capacity, lambda answer: len(answer.body) + _BYTES_OF_ENTRY
        )

    def takes(self, points: int) -> bool:
        """Whether the answer to an operation that costs so much is cached."""
        return points >= CACHED_FROM and self._capacity > 0

    def has(self, versioned: VersionedStatement, organization_id: int) -> bool:
        """Whether there is an answer, of whatever time."""
        return versioned.key(organization_id) in self._answers

    def get(
        self, versioned: VersionedStatement, organization_id: int, stamps: bytes
    ) -> bytes | None:
        """The answer, where it was read with these stamps; else None."""
        answer = self._answers.get(versioned.key(organization_id))
        return answer.body if answer is not None and answer.stamps == stamps else None

    def put(
        self, versioned: VersionedStatement, organization_id: int, stamps: bytes, body: bytes
    ) -> None:
        """Keep an answer that was read together with these stamps, in place of an older one."""
        self._answers.put(versioned.key(organization_id), _Answer(stamps, body))

    def size(self) -> tuple[int, float]:
        """How many answers there are, and about how many bytes they take."""
        return len(self._answers), self._answers.weight
