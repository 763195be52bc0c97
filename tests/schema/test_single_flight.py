"""Things are made one at a time and once each, and those who leave give their turn back."""

import asyncio

import pytest

from gql.engine.compile_lock import YIELDS, CompileLock
from gql.errors import Overloaded
from gql.schema import single_flight
from gql.schema.single_flight import SingleFlight


class Maker:
    """Makes a text louder, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.turns = SingleFlight(self._make, CompileLock())

    def _make(self, text: str) -> str:
        self.asked.append(text)
        if text == "bad":
            raise ValueError(text)
        return text.upper()


async def test_those_who_want_the_same_share_it() -> None:
    maker = Maker()

    made = await asyncio.gather(*(maker.turns.take(text) for text in "aabacb"))

    assert made == ["A", "A", "B", "A", "C", "B"]
    assert maker.asked == ["a", "b", "c"]
    assert len(maker.turns) == 0


async def test_those_who_want_the_same_share_its_failure_and_the_next_one_tries_again() -> None:
    maker = Maker()

    made = await asyncio.gather(
        *(maker.turns.take("bad") for _ in range(3)), return_exceptions=True
    )

    assert [type(each) for each in made] == [ValueError] * 3
    with pytest.raises(ValueError, match="bad"):
        await maker.turns.take("bad")
    assert maker.asked == ["bad", "bad"]
    assert await maker.turns.take("good") == "GOOD"


async def test_others_are_served_between_two() -> None:
    maker = Maker()
    order: list[str] = []

    async def serve() -> None:
        for _ in range(YIELDS):
            await asyncio.sleep(0)
        order.append("served")

    async def take(text: str) -> None:
        order.append(await maker.turns.take(text))
        if text != "c":
            await serve()

    await asyncio.gather(*(take(text) for text in "abc"))

    assert order == ["A", "served", "B", "served", "C"]


async def test_too_many_are_refused_and_told_when_to_come_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(single_flight, "MOST_WAITING", 2)
    maker = Maker()

    made = await asyncio.gather(
        *(maker.turns.take(text) for text in "abca"), return_exceptions=True
    )

    assert [made[0], made[1], made[3]] == ["A", "B", "A"]
    assert isinstance(made[2], Overloaded)
    assert made[2].extensions == {"code": "UNAVAILABLE", "retry_after": 1.0}
    assert await maker.turns.take("c") == "C"


@pytest.mark.parametrize("leaving", [0, 1], ids=["whose turn it is", "who waits"])
async def test_who_is_cancelled_gives_the_turn_back(leaving: int) -> None:
    maker = Maker()
    taking = [asyncio.create_task(maker.turns.take(text)) for text in "abc"]
    for _ in range(3):
        await asyncio.sleep(0)

    taking[leaving].cancel()
    await asyncio.wait(taking)

    assert [task.cancelled() for task in taking] == [place == leaving for place in range(3)]
    assert maker.asked == [text for place, text in enumerate("abc") if place != leaving]
    assert len(maker.turns) == 0


async def test_what_one_of_two_still_wants_is_made() -> None:
    maker = Maker()
    leaves, stays = (asyncio.create_task(maker.turns.take("a")) for _ in range(2))
    await asyncio.sleep(0)

    leaves.cancel()

    assert await stays == "A"
    assert maker.asked == ["a"]


async def test_what_was_given_back_is_made_when_it_is_wanted_again() -> None:
    maker = Maker()
    leaves = asyncio.create_task(maker.turns.take("a"))
    await asyncio.sleep(0)
    leaves.cancel()
    await asyncio.sleep(0)

    assert await maker.turns.take("a") == "A"
    assert maker.asked == ["a"]
