"""What was said and written, as Python finds it: it splits the texts of the demo by itself."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from sqlalchemy import select

from gql.database import Database
from gql.models.call import Call
from gql.models.message import ChatMessage, Transcript
from gql.models.scope import owned, parameters, table_of

WORD = re.compile(r"[^\W_]+")
CALLS, MESSAGES, TRANSCRIPTS = table_of(Call), table_of(ChatMessage), table_of(Transcript)


@dataclass(frozen=True)
class StoredText:
    """A text that a member of the first organization may find."""

    kind: str
    id: int
    call: int
    channel: str
    text: str
    written_at: datetime

    @property
    def words(self) -> list[str]:
        return WORD.findall(self.text.lower())

    def count(self, *phrase: str, prefix: bool = False) -> int:
        """How often the words stand side by side."""
        return sum(
            all(
                word.startswith(each) if prefix and each == phrase[-1] else word == each
                for word, each in zip(self.words[start:], phrase, strict=False)
            )
            for start in range(len(self.words) - len(phrase) + 1)
        )


async def stored_texts(database: Database, *, archived: bool = False) -> list[StoredText]:
    """Every text that is searched, newest first within each kind; of archived ones if told so."""
    calls = select(CALLS).where(owned(CALLS))
    messages = select(MESSAGES).where(owned(MESSAGES)).order_by(MESSAGES.c.id.desc())
    segments = select(TRANSCRIPTS).where(owned(TRANSCRIPTS)).order_by(TRANSCRIPTS.c.id.desc())
    async with database.engine.connect() as connection:
        rows = [
            (await connection.execute(statement, parameters(1))).mappings().all()
            for statement in (calls.order_by(CALLS.c.id.desc()), messages, segments)
        ]
    visible = {
        row["id"]: row["channel"].upper() for row in rows[0] if archived or not row["is_archived"]
    }

    def texts() -> Iterator[StoredText]:
        for row in rows[1]:
            if row["call_id"] in visible and row["role"] in {"user", "assistant"}:
                channel = visible[row["call_id"]]
                written_at = row["occurred_at"] or row["timestamp"]
                yield StoredText(
                    "MESSAGES", row["id"], row["call_id"], channel, row["content"], written_at
                )
        for row in rows[2]:
            if row["call_id"] in visible and row["is_final"]:
                channel = visible[row["call_id"]]
                written_at = row["occurred_at"] or row["created_at"]
                yield StoredText(
                    "TRANSCRIPTS", row["id"], row["call_id"], channel, row["content"], written_at
                )
        for row in rows[0]:
            if row["id"] in visible and row["summary"]:
                channel = visible[row["id"]]
                yield StoredText(
                    "SUMMARIES", row["id"], row["id"], channel, row["summary"], row["started_at"]
                )

    return list(texts())


Passes = Callable[[StoredText], bool]


def searches(texts: list[StoredText]) -> Iterator[tuple[str, Passes]]:
    """Texts to search for, made of words that the demo has, and what they find."""
    often = Counter(word for each in texts for word in dict.fromkeys(each.words) if word.isascii())
    rare = [word for word, number in often.items() if 2 <= number <= 40 and len(word) > 4]
    first, second = rare[0], rare[len(rare) // 2]
    yield first, lambda each: each.count(first) > 0
    yield second.upper(), lambda each: each.count(second) > 0
    beginning = second[:4]
    yield f"{beginning}*", lambda each: each.count(beginning, prefix=True) > 0
    long = next(each for each in texts if second in each.words and len(each.words) > 4)
    left, right = next(pair for pair in pairwise(long.words) if second in pair)
    yield f'"{left} {right}"', lambda each: each.count(left, right) > 0
    yield f"{left}'{right}", lambda each: each.count(left, right) > 0
    yield f"{right} {left}", lambda each: each.count(left) > 0 and each.count(right) > 0
