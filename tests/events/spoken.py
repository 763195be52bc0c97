"""A call that is spoken while somebody listens, as its platform tells it."""

from dataclasses import dataclass
from typing import Any

from tests.conftest import GraphQL
from tests.schema.item_mutations import FIRST, results, send

SID = "CA-live"


@dataclass
class SpokenCall:
    """A call of the first organization.

    Attributes:
        graphql: What brings items in.
        sid: What the platform calls it.
        id: What the gateway does, once it has begun.
    """

    graphql: GraphQL
    sid: str = SID
    id: str = ""

    async def begin(self, **values: Any) -> None:
        """It is new, and goes on."""
        call = {"externalId": self.sid, "occurredAt": FIRST, "startedAt": FIRST}
        answer = await send(
            self.graphql, "upsertCalls", calls=[{**call, "status": "ONGOING", **values}]
        )
        self.id = answer["results"][0]["callId"]
        assert answer == results("CREATED", call=self.id)

    async def change(self, **values: Any) -> None:
        """Say more of it."""
        call = {"externalId": self.sid, "occurredAt": FIRST, **values}
        answer = await send(self.graphql, "upsertCalls", calls=[call])
        assert answer == results("UPDATED", call=self.id)

    async def say(self, *words: str, first: int = 0, **values: Any) -> None:
        """Bring in segments of speech, numbered from `first`; those that are there are changed."""
        segments = [
            {
                "call": self.sid,
                "key": f"segment {number}",
                "occurredAt": FIRST,
                "position": number,
                "speaker": "USER",
                "content": content,
                **values,
            }
            for number, content in enumerate(words, first)
        ]
        answer = await send(self.graphql, "appendTranscript", segments=segments)
        assert not answer["userErrors"], answer
        assert {each["callId"] for each in answer["results"]} == {self.id}, answer
