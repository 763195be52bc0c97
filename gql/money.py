"""Money, as one fixed-point number everywhere: whole micro-units, millionths of a currency unit.

The database stores and adds up micro-units, exactly. GraphQL prints them as decimals with six
digits, REST as JSON numbers: 50,000 micro-units are `"0.050000"` there and `0.05` here.
"""

from decimal import Context, Decimal

SCALE = 6
"""Decimals of an amount."""

MICROS_PER_UNIT = 10**SCALE

MICRO = Decimal(1).scaleb(-SCALE)
"""One micro-unit in currency units, 0.000001."""

MAX_MICROS = 2**63 - 1
"""What a column holds; the smallest amount is its negative."""

MOST_PRICED = 10**18
"""Most micro-units that a quantity may cost, so that a few such amounts fit in a column."""

_EXACT = Context(prec=100)
"""Keeps every digit that a client can send, where Python's own context rounds to 28."""


def micros_to_decimal(micros: int) -> Decimal:
    """Micro-units as an exact amount."""
    return micros * MICRO


def micros_to_float(micros: int | None) -> float | None:
    """Micro-units as a JSON number; None stays None.

    Dividing two integers rounds once, to the float that prints as that very decimal.
    """
    return None if micros is None else micros / MICROS_PER_UNIT


def decimal_to_micros(amount: Decimal) -> Decimal:
    """An amount in micro-units, exact, also when they are not whole."""
    return amount.scaleb(SCALE, _EXACT)
