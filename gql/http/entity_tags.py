"""Entity tags and conditional requests: RFC 9110, sections 8.8.3 and 13.

https://www.rfc-editor.org/rfc/rfc9110.html#section-13

A tag is the hash of a body: it changes with whatever is shown. Where what the body was made of has
a version (`gql/engine/data_version.py`), that stands behind it: `"<hash>.<version>"`. By the
version a 304 needs no body; when tags are compared it is left out, as a version changes more often
than what is shown. What has been compressed is another representation, whose strong tag must be
another one too, so it has `-gzip` at its end, which is left out too.
"""

import asyncio
import hashlib
import re
from collections.abc import Iterator

from cachetools import LRUCache
from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import Scope

from gql.errors import PreconditionFailed
from gql.http.headers import header_values

CONDITIONS = ("if-match", "if-none-match")
REVALIDATED = "private, no-cache"
"""The `Cache-Control` of what one caller's cache may keep, if it asks each time."""

_MOST_HASHES = 10_000
"""Of so many versions; some megabytes."""

_LONG = 262_144
"""Bytes from which on a body is hashed in a thread."""

_READING = frozenset({"GET", "HEAD", "QUERY"})
_GZIP = "-gzip"
_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_OF_THE_BODY = frozenset({"content-type", "content-length", "content-disposition"})


class BodyHashes:
    """The hashes of bodies by version, of those that stayed the same as versions changed.

    A client that is answered 304 keeps its tag, whose version is of the past from then on; by this
    the next 304 needs no body either.
    """

    def __init__(self) -> None:
        self._hashes: LRUCache[str, str] = LRUCache(_MOST_HASHES)

    def record(self, tag: str) -> None:
        """A client has what this tag is of, under another one."""
        body, version = _parts(tag[1:-1])
        if version:
            self._hashes[version] = body

    def named_tag(self, scope: Scope, version: str) -> str | None:
        """The tag that a client names of a body of this version; None where it names none."""
        for _, opaque in _tags(",".join(header_values(scope, b"if-none-match"))):
            body, named = _parts(opaque)
            if named == version or body == self._hashes.get(version):
                return f'"{opaque}"'
        return None


def entity_tag(body: bytes, version: str | None = None) -> str:
    """The strong tag of a body, and of the version of what it was made of."""
    digest = hashlib.sha256(body).hexdigest()[:32]
    return f'"{digest}.{version}"' if version else f'"{digest}"'


async def entity_tag_of_read(body: bytes, version: str | None = None) -> str:
    """The same of a body that may be long: hashing leaves the interpreter to the event loop."""
    if len(body) < _LONG:
        return entity_tag(body, version)
    return await asyncio.to_thread(entity_tag, body, version)


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


def names_version(scope: Scope) -> bool:
    """Whether a request has a tag with a version, and all that it asks is whether that changed."""
    if header_values(scope, b"if-match"):
        return False
    named = _tags(",".join(header_values(scope, b"if-none-match")))
    return any(_parts(opaque)[1] for _, opaque in named)


def conditional(scope: Scope, response: Response, bodies: BodyHashes | None = None) -> Response:
    """The answer to a read: this response, which has an `ETag`, or a 304 where that will do.

    Args:
        scope: Of the request.
        response: The answer.
        bodies: Where a body is noted that stayed the same, if its tag has a version.

    Raises:
        PreconditionFailed: when it must not be shown.
    """
    tag = response.headers["etag"]
    if not is_not_modified(scope, tag):
        return response
    if bodies is not None:
        bodies.record(tag)
    headers = {name: value for name, value in response.headers.items() if name not in _OF_THE_BODY}
    return Response(status_code=304, headers={**headers, "etag": named_tag(scope, tag)})


def mark_compressed(headers: MutableHeaders) -> None:
    """Change the `ETag` of an answer that has been compressed."""
    tag = headers.get("etag")
    if tag is not None and headers.get("content-encoding") == "gzip":
        headers["etag"] = tag_of_gzip(tag)


def named_tag(scope: Scope, tag: str) -> str:
    """The tag as the client names it: what it has may be compressed, or of an earlier version."""
    body, _ = _parts(tag[1:-1])
    for _, opaque in _tags(",".join(header_values(scope, b"if-none-match"))):
        if _parts(opaque)[0] == body:
            return f'"{opaque}"'
    return tag


def _names(values: list[str], tag: str, *, weakly: bool) -> bool:
    """Whether a header is `*`, or a list of tags of which one is of the body of this strong tag."""
    value = ",".join(values)
    body, _ = _parts(tag[1:-1])
    return value.strip() == "*" or any(
        _parts(opaque)[0] == body and (weakly or not is_weak) for is_weak, opaque in _tags(value)
    )


def _parts(opaque: str) -> tuple[str, str]:
    """The hash of a body, and the version; empty where there is none."""
    body, _, version = opaque.removesuffix(_GZIP).partition(".")
    return body, version


def _tags(value: str) -> Iterator[tuple[bool, str]]:
    """Of each tag of a list whether it is weak, and what it says between its quotes.

    A tag may have commas in it, so the list is not simply split.
    """
    for match in _TAG.finditer(value):
        yield match[1] is not None, match[2]
