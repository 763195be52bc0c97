"""Answers to equal subscriptions: each event is read and printed once for all who are sent it."""

from collections.abc import Awaitable, Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count

from gql.single_flight import SingleFlight

MOST_BYTES = 100_000
"""Of the answers that are kept for those who are a little behind, of one group."""

MOST_ANSWERS = 100
"""The same, as a number of answers."""

ReadAnswer = Callable[[], Awaitable[bytes | None]]
"""Reads what an event shows now, and prints it; None where the event is not to be told."""


@dataclass(eq=False)
class _Answer:
    """What was read for an event.

    Attributes:
        began: When, by the group's count; not before the read did.
        ended: When it had ended; None before.
        printed: Nothing where the event is not to be told.
    """

    began: int
    ended: int | None = None
    printed: bytes | None = None


class _Group:
    """Subscriptions that are sent the same."""

    def __init__(self) -> None:
        self._answers: dict[int, _Answer] = {}
        self._reads: SingleFlight[_Answer, None] = SingleFlight(cancel_abandoned=True)
        self._instants = count()
        self._stored_bytes = 0
        self.readers = 0

    def now(self) -> int:
        """A number above those of all reads so far."""
        return next(self._instants)

    async def answer(self, seq: int, newest: int, read: ReadAnswer) -> _Answer:
        """The answer for an event, to whoever was sent nothing that was read after `newest`."""
        answer = self._answers.get(seq)
        if answer is None or answer.began < newest:
            self._forget(seq)
            answer = self._answers[seq] = _Answer(self.now())
            self._trim()
        if answer.ended is None:
            await self._reads.run(answer, lambda: self._read(seq, answer, read))
        return answer

    async def _read(self, seq: int, answer: _Answer, read: ReadAnswer) -> None:
        answer.printed = await read()
        answer.ended = self.now()
        if self._answers.get(seq) is answer:
            self._stored_bytes += len(answer.printed or b"")
            self._trim()

    def _trim(self) -> None:
        most_bytes = MOST_BYTES if self.readers > 1 else 0
        while self._stored_bytes > most_bytes or len(self._answers) > MOST_ANSWERS:
            self._forget(next(iter(self._answers)))

    def _forget(self, seq: int) -> None:
        answer = self._answers.pop(seq, None)
        if answer is not None and answer.ended is not None:
            self._stored_bytes -= len(answer.printed or b"")


class AnswerReader:
    """Gives one subscriber the answers of its group.

    An answer shows its object as it was when it was read, not as it was at the event. So an answer
    that others have read already is good only for whoever was sent nothing that was read later:
    else they would see an object as it was before what they have seen of it. What was sent over an
    earlier connection is not known, so nothing counts that was read before this one began.
    """

    def __init__(self, group: _Group) -> None:
        self._group = group
        self._newest = group.now()

    async def answer(self, seq: int, read: ReadAnswer) -> bytes | None:
        """The answer for an event; None where it is not to be told.

        Args:
            seq: The number of the event.
            read: Reads and prints it, where nobody has.
        """
        answer = await self._group.answer(seq, self._newest, read)
        if answer.ended is not None:
            self._newest = max(self._newest, answer.ended)
        return answer.printed


class SharedAnswers:
    """The groups of one process, by what makes subscriptions equal."""

    def __init__(self) -> None:
        self._groups: dict[Hashable, _Group] = {}

    def __len__(self) -> int:
        return len(self._groups)

    @contextmanager
    def join(self, key: Hashable) -> Iterator[AnswerReader]:
        """Belong to a group until the block ends."""
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = _Group()
        group.readers += 1
        try:
            yield AnswerReader(group)
        finally:
            group.readers -= 1
            if not group.readers:
                del self._groups[key]
