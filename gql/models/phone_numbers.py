"""One form for the ways in which people write one phone number."""

import re
from functools import lru_cache

import phonenumbers

_SETTLED = re.compile(r"\+1[2-9]\d{9}|\+[1-9](?!\d{0,2}0)\d{6,14}|[^+0].*|", re.DOTALL)
"""Numbers in E.164 in which no trunk prefix can be, and what begins with neither `+` nor `00`."""

CACHED = 8_192
"""Numbers whose form is cached; each is read for about a tenth of a millisecond, else."""


def international_form(number: str) -> str:
    """A phone number in E.164 where the way in which it is written changes its digits.

    `+44 (0)20 7946 0018`, `+44 020 7946 0018` and `0044 20 7946 0018` are all `+442079460018`: the
    trunk prefix `0` is for calls within the country, but in Italy it is a part of the number. That
    takes a list of countries; `phonenumbers` has Google's. A number without the code of its country
    stays as it is, and so does whatever has the right digits, or is no number.

    https://www.itu.int/rec/T-REC-E.164 and https://github.com/google/libphonenumber
    """
    return number if _SETTLED.fullmatch(number) else _read(number)


@lru_cache(CACHED)
def _read(number: str) -> str:
    international = f"+{number[2:]}" if number.startswith("00") else number
    try:
        parsed = phonenumbers.parse(international, None)
    except phonenumbers.NumberParseException:
        return number
    if parsed.extension or not phonenumbers.is_possible_number(parsed):
        return number
    form = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return number if _digits(form) == _digits(number) else form


def _digits(text: str) -> str:
    return "".join(each for each in text if each in "0123456789")
