"""Media types: which one the answer has by `Accept`, and whether a body's can be read."""

from functools import lru_cache
from typing import NamedTuple

from gql.errors import NotAcceptable, UnsupportedMediaType

GRAPHQL_RESPONSE = "application/graphql-response+json"
"""The media type of GraphQL over HTTP, by which a status is known to come from GraphQL."""

JSON = "application/json"
"""What clients from before that specification read: the status is 200 for nearly everything."""

HTML = "text/html"

NDJSON = "application/x-ndjson"
"""A JSON value in each line."""

EVENT_STREAM = "text/event-stream"
"""Server-Sent Events: https://html.spec.whatwg.org/multipage/server-sent-events.html"""

PRODUCED = (GRAPHQL_RESPONSE, JSON)


@lru_cache(maxsize=64)
def response_type(accept: str) -> str:
    """The media type of the answer to a request with this `Accept` header.

    The highest `q` wins, then the more exact range (RFC 9110, 12.5.1). Between equals, a client
    that names both types gets the GraphQL one; one that sends a wildcard or no header gets JSON, as
    it may know no other.

    Raises:
        NotAcceptable: when the header names none that can be produced.
    """
    if not accept.strip():
        return JSON
    offers = [_offer(media_type, accept) for media_type in PRODUCED]
    best = max(offers)
    if best.quality > 0:
        return best.media_type
    raise NotAcceptable(
        f"The Accept header allows none of what this endpoint produces: {' or '.join(PRODUCED)}.",
        produces=list(PRODUCED),
    )


@lru_cache(maxsize=64)
def accepts_events(accept: str) -> bool:
    """Whether a client names Server-Sent Events among what it accepts."""
    offer = _offer(EVENT_STREAM, accept)
    return offer.exactness == _NAMED and offer.quality > 0


@lru_cache(maxsize=64)
def prefers_html(accept: str) -> bool:
    """Whether a client asks for a page sooner than for JSON, as browsers do in an address bar."""
    html = _offer(HTML, accept)
    json = max(_offer(media_type, accept).quality for media_type in PRODUCED)
    return html.exactness == _NAMED and html.quality > json


@lru_cache(maxsize=64)
def require_json(content_type: str) -> None:
    """Check that a body of this `Content-Type` can be read.

    Raises:
        UnsupportedMediaType: unless it is `application/json` in UTF-8.
    """
    media_type, parameters = _split(content_type)
    if media_type != JSON:
        mistake = f"not {media_type}" if media_type else "which is missing"
        raise UnsupportedMediaType(f"Send a body of Content-Type {JSON}, {mistake}.")
    charset = parameters.get("charset", "utf-8")
    if charset not in {"utf-8", "utf8"}:
        raise UnsupportedMediaType(f"Send the body in UTF-8, not {charset}.")


_NAMED = 2
"""The exactness of a range that is the media type itself."""


class _Offer(NamedTuple):
    """How much a client wants a media type; the greatest is the one to send."""

    quality: float
    exactness: int
    preference: bool
    media_type: str


def _offer(media_type: str, accept: str) -> _Offer:
    """What the most exact matching range of the header says about a media type."""
    exactness, quality = -1, 0.0
    for entry in accept.split(","):
        name, parameters = _split(entry)
        if parameters.get("charset", "utf-8") not in {"utf-8", "utf8"}:
            continue
        matched = {"*/*": 0, "application/*": 1, media_type: _NAMED}.get(name, -1)
        if matched > exactness:
            exactness, quality = matched, _quality(parameters.get("q", "1"))
    preferred = GRAPHQL_RESPONSE if exactness == _NAMED else JSON
    return _Offer(quality, exactness, media_type == preferred, media_type)


def _split(value: str) -> tuple[str, dict[str, str]]:
    """A header value as its name and its parameters, all in lower case."""
    name, *rest = (part.strip().lower() for part in value.split(";"))
    pairs = (part.partition("=") for part in rest)
    return name, {key.strip(): text.strip().strip('"') for key, _, text in pairs}


def _quality(text: str) -> float:
    """A weight from 0 to 1; one that does not parse is 0: not acceptable."""
    try:
        quality = float(text)
    except ValueError:
        return 0.0
    return quality if 0 <= quality <= 1 else 0.0
