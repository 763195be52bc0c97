"""Phone numbers and other addresses of a customer, as platforms write them."""

import re
from functools import lru_cache

import phonenumbers

from gql.errors import BadInput
from gql.models.phone_numbers import CACHED, international_form

REGION = "The country of phone numbers that come without its code, in two letters, like `GB`."
"""What a region is, wherever one can be said."""

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


def with_country_code(text: str, region: str | None) -> str:
    """A number that is written without the code of its country, in E.164; else the text as it is.

    What is too short or too long for a number of the country stays too, such as a short code. The
    channel before a number stays before it: `whatsapp:07700 900123` is `whatsapp:+447700900123`.

    Args:
        text: A number, or another address.
        region: The country, in two letters; None where it is not known.
    """
    if region is None or text.startswith("+"):
        return text
    channel = _CHANNEL.match(text)
    start = 0 if channel is None else channel.end()
    return text[:start] + _in_region(text[start:], region)


@lru_cache(CACHED)
def _in_region(text: str, region: str) -> str:
    if text.startswith("+") or not _NUMBER.fullmatch(text):
        return text
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return text
    length = phonenumbers.is_possible_number_with_reason(number)
    if length != phonenumbers.ValidationResult.IS_POSSIBLE:
        return text
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def checked_region(text: str | None) -> str | None:
    """A country of phone numbers, as `with_country_code` takes it.

    Raises:
        BadInput: when there is none with these letters.
    """
    region = None if text is None else text.upper()
    if region is not None and region not in phonenumbers.SUPPORTED_REGIONS:
        raise BadInput(
            f"The region {str(text)[:10]!r} is no country in two letters, like US or GB."
        )
    return region
