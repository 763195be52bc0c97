"""Phone numbers and other addresses of a customer, as platforms write them."""

import re

from gql.models.phone_numbers import international_form

_CHANNEL = re.compile(r"^(?:whatsapp|tel|sms|messenger|rcs):", re.IGNORECASE)
_NUMBER = re.compile(r"\+?[0-9(][0-9 ().\-/]*")


def without_channel(address: str) -> str:
    """`+15550100` of `whatsapp:+15550100`, in the form whose digits numbers are compared by."""
    return international_form(_CHANNEL.sub("", address))


def split_address(address: str | None) -> tuple[str, str | None]:
    """The number, empty where there is none, and the address where it is written otherwise.

    `sip:desk@example.com`, `client:anna` and `anonymous` have no number.
    """
    if not address:
        return "", None
    number = without_channel(address)
    if not _NUMBER.fullmatch(number):
        return "", address
    return number, None if number == address else address
