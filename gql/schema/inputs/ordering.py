"""The `orderBy` inputs: each order of the resource is a value of an enum."""

from enum import Enum
from typing import Any

import strawberry
from strawberry import UNSET

from gql.query.resource import Resource


@strawberry.enum(description="Which way a list is sorted.")
class OrderDirection(Enum):
    ASC = strawberry.enum_value("asc", description="Smallest, earliest or first letter first.")
    DESC = strawberry.enum_value("desc", description="Largest, latest or last letter first.")


def order_of(noun: str, resource: Resource, /, **descriptions: str) -> Any:
    """The input type `<noun>Order` with its enum `<noun>OrderField`.

    Raises:
        ValueError: when the descriptions are not exactly those of the resource's orders.
    """
    if resource.orders.keys() != descriptions.keys():
        raise ValueError(f"describe exactly the orders of {resource.name}")
    values = {
        order.upper(): strawberry.enum_value(order, description=text)
        for order, text in descriptions.items()
    }
    choices: Any = Enum(f"{noun}OrderField", values)  # type: ignore[misc]
    strawberry.enum(choices, description=f"What {noun} lists can be sorted by.")

    class Order:
        field: choices = strawberry.field(description="What to sort by.")
        direction: OrderDirection | None = strawberry.field(
            default=UNSET,
            description="Which way; without it names are sorted from A to Z, and all else from the"
            " largest or latest.",
        )

    return strawberry.input(Order, name=f"{noun}Order", description="How a list is sorted.")
