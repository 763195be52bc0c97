"""Entity tags and conditional requests: RFC 9110, sections 8.8.3 and 13.

https://www.rfc-editor.org/rfc/rfc9110.html#section-13

A tag is the hash of a body: it changes with whatever is shown, and nothing has to be counted for it
when something is written. What has been compressed is another representation, whose strong tag must
be another one too, so it has `-gzip` at its end; when tags are compared that is left out.
"""

import hashlib
import re
from collections.abc import Iterator

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import Scope

from gql.errors import PreconditionFailed
from gql.http.headers import header_values

CONDITIONS = ("if-match", "if-none-match")
REVALIDATED = "private, no-cache"
"""The `Cache-Control` of what one caller's cache may keep, if it asks each time."""

_READING = frozenset({"GET", "HEAD", "QUERY"})
_GZIP = "-gzip"
_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_OF_THE_BODY = frozenset({"content-type", "content-length", "content-disposition"})


def entity_tag(body: bytes) -> str:
    """The strong tag of a body."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def tag_of_gzip(tag: str) -> str:
    """The tag of the same body, compressed."""
    return f'{tag[:-1]}{_GZIP}"'


def is_not_modified(scope: Scope, tag: str) -> bool:
    """Whether a request only reads, and its client has what has this tag already.

    The conditions are evaluated in the order of RFC 9110, 13.2.2; those of dates are ignored
    (13.1.3), as nothing here tells when it was modified.

    Raises:
        PreconditionFailed: when the request must not be done.
    """
    if_match = header_values(scope, b"if-match")
    if if_match and not _names(if_match, tag, weakly=False):
        raise PreconditionFailed
    if_none_match = header_values(scope, b"if-none-match")
    if not if_none_match or not _names(if_none_match, tag, weakly=True):
        return False
    if scope["method"] not in _READING:
        raise PreconditionFailed
    return True


def conditional(scope: Scope, response: Response) -> Response:
    """The answer to a read: this response, which has an `ETag`, or a 304 where that will do.

    Raises:
        PreconditionFailed: when it must not be shown.
    """
    tag = response.headers["etag"]
    if not is_not_modified(scope, tag):
        return response
    headers = {name: value for name, value in response.headers.items() if name not in _OF_THE_BODY}
    return Response(status_code=304, headers={**headers, "etag": named_tag(scope, tag)})


def mark_compressed(headers: MutableHeaders) -> None:
    """Change the `ETag` of an answer that has been compressed."""
    tag = headers.get("etag")
    if tag is not None and headers.get("content-encoding") == "gzip":
        headers["etag"] = tag_of_gzip(tag)


def named_tag(scope: Scope, tag: str) -> str:
    """The tag as the client named it: what it has may be compressed."""
    compressed = tag_of_gzip(tag)
    named = ",".join(header_values(scope, b"if-none-match"))
    return compressed if compressed in named else tag


def _names(values: list[str], tag: str, *, weakly: bool) -> bool:
    """Whether a header is `*`, or a list of tags of which one is this strong tag."""
    value = ",".join(values)
    return value.strip() == "*" or any(
        opaque.removesuffix(_GZIP) == tag[1:-1] and (weakly or not is_weak)
        for is_weak, opaque in _tags(value)
    )


def _tags(value: str) -> Iterator[tuple[bool, str]]:
    """Of each tag of a list whether it is weak, and what it says between its quotes.

    A tag may have commas in it, so the list is not simply split.
    """
    for match in _TAG.finditer(value):
        yield match[1] is not None, match[2]
