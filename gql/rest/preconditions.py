"""`ETag` and `If-Match`: the version of a graph's structure as an entity tag (RFC 9110, 8.8.3)."""

import re

from gql.errors import VersionConflict

_TAG = re.compile(r'(?:W/)?"?([0-9]{1,18})"?')


def version_headers(version: int | str | None) -> dict[str, str]:
    """A version as an entity tag: `"3"`; nothing for what has none."""
    return {} if version is None else {"ETag": f'"{version}"'}


def expected_version(if_match: str | None) -> int | None:
    """The version that a write expects; None when any will do.

    Raises:
        VersionConflict: when the header holds no tag that a graph could have.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    match = _TAG.fullmatch(if_match.strip())
    if match is None:
        raise VersionConflict(f'If-Match is {if_match[:60]!r}, but graphs have tags like "3".')
    return int(match[1])
