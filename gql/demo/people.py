"""Demo customers: names in several scripts, numbers in several spellings."""

from random import Random

from gql.demo.chance import pick
from gql.demo.tenant import Customer

_NAMES = (
    "José García",
    "李小龙",
    "Zoë O'Brien 🎧",
    "Ана Петрова",
    "Priya Raghunathan",
    "Søren Ångström",
    "محمد علي",
    "Grace Hopper",
    'Bob "Bobby" Tables',
    "Łukasz Żak",
    "Nguyễn Thị Hoa",
    "Mary Ann Smith-Jones",
)
_SPELLINGS = (
    "+1555{:07d}",
    "+1555{:07d}",
    "+4930{:07d}",
    "+9198{:08d}",
    "+1 (555) 9{:06d}",
    "+44 20 7{:07d}",
)


def customers(dice: Random, count: int, *, first: int = 1_000) -> tuple[Customer, ...]:
    """`count` customers whose numbers all differ, and begin somewhat after `first`."""
    start = first + dice.randrange(300_000)
    return tuple(
        Customer(
            pick(dice, _NAMES),
            _SPELLINGS[number % len(_SPELLINGS)].format(start + number),
        )
        for number in range(count)
    )
