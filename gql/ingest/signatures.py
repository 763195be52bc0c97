"""How voice platforms sign the webhooks that they send, and the check of a signature.

A scheme reads the headers of a delivery and says which bytes were signed, with which digests, and
when. What all schemes have in common stands in `verify` alone: the window of time, several secrets
while one is replaced, and comparison in constant time. Nothing is parsed before it is verified.

| Scheme | Signed bytes | Where it is described |
| --- | --- | --- |
| `STANDARD` | id, time and body, joined by points | https://www.standardwebhooks.com |
| `RETELL` | body, then milliseconds | https://docs.retellai.com/features/secure-webhook |
| `ELEVENLABS` | seconds, point, body | https://elevenlabs.io/docs/eleven-api/resources/webhooks |
| `VAPI` | time, point, body | https://docs.vapi.ai/server-url/server-authentication |
| `TWILIO` | address and sorted parameters | https://www.twilio.com/docs/usage/security |
| `TELNYX` | seconds, bar, body (Ed25519) | https://developers.telnyx.com |
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class BadSignatureError(Exception):
    """A delivery that is not signed as its source signs, or not recently.

    The text is for the operator's log. The sender is told only that the signature is wrong.
    """


class Delivery(NamedTuple):
    """A webhook as it arrived.

    Attributes:
        url: The public address that the source called, with its query.
        headers: By name in lower case.
        body: The raw bytes.
    """

    url: str
    headers: Mapping[str, str]
    body: bytes


class Signature(NamedTuple):
    """What a delivery says of its signature.

    Attributes:
        message: The bytes that were signed.
        digests: The signatures that the delivery carries; one that fits is enough.
        signed_at: Seconds since 1970; None where the source signs no time.
        algorithm: The hash.
    """

    message: bytes
    digests: Sequence[bytes]
    signed_at: float | None = None
    algorithm: str = "sha256"


Check = Callable[[bytes, Signature], bool]
"""Whether one of the digests is the signature of the message under a key."""


def _hmac_fits(key: bytes, signature: Signature) -> bool:
    expected = hmac.new(key, signature.message, signature.algorithm).digest()
    # Every digest is compared, so that the time tells nothing of the position of the right one.
    return any([hmac.compare_digest(expected, digest) for digest in signature.digests])  # noqa: C419


def _secret_fits(key: bytes, signature: Signature) -> bool:
    """Whether the secret itself was sent."""
    return any([hmac.compare_digest(key, sent) for sent in signature.digests])  # noqa: C419


def _ed25519_fits(key: bytes, signature: Signature) -> bool:
    try:
        public_key = Ed25519PublicKey.from_public_bytes(key)
    except ValueError as error:
        message = "The public key of this endpoint is not 32 bytes in Base64."
        raise BadSignatureError(message) from error
    for digest in signature.digests:
        try:
            public_key.verify(digest, signature.message)
        except InvalidSignature:
            continue
        return True
    return False


@dataclass(frozen=True)
class Scheme:
    """How a source signs.

    Attributes:
        read: What a delivery says of its signature; raises BadSignatureError where it says nothing.
        past: Seconds after which a signature is too old.
        future: Seconds by which the source's clock may be ahead.
        fits: The check of the digests.
        key: The bytes of the key, from the secret as the source shows it.
    """

    read: Callable[[Delivery], Signature]
    past: float = 300
    future: float = 300
    fits: Check = _hmac_fits
    key: Callable[[str], bytes] = str.encode


def verify(scheme: Scheme, delivery: Delivery, secrets: Sequence[str], now: float) -> None:
    """Raise BadSignatureError unless a delivery is signed with one of the secrets, recently.

    Args:
        scheme: How the source signs.
        delivery: The webhook.
        secrets: The endpoint's secret, and the former one while it is being replaced.
        now: Seconds since 1970.
    """
    signature = scheme.read(delivery)
    if signature.signed_at is not None:
        age = now - signature.signed_at
        if age > scheme.past:
            message = f"It was signed {age:.0f} seconds ago; {scheme.past:.0f} are allowed."
            raise BadSignatureError(message)
        if -age > scheme.future:
            message = f"It was signed {-age:.0f} seconds in the future: compare the clocks."
            raise BadSignatureError(message)
    if not any([scheme.fits(scheme.key(secret), signature) for secret in secrets]):  # noqa: C419
        message = "The signature is not made with the secret of this endpoint: compare the secrets."
        raise BadSignatureError(message)


def _header(delivery: Delivery, *names: str) -> str:
    """The first of these headers that was sent."""
    for name in names:
        value = delivery.headers.get(name)
        if value is not None:
            return value
    message = f"The header {names[0]} is missing."
    raise BadSignatureError(message)


def _matched(pattern: re.Pattern[str], name: str, value: str) -> re.Match[str]:
    match = pattern.fullmatch(value)
    if match is None:
        message = f"The header {name} is not in the form of a signature."
        raise BadSignatureError(message)
    return match


def _base64(text: str, name: str, size: int) -> bytes:
    try:
        digest = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        message = f"The header {name} is not Base64."
        raise BadSignatureError(message) from error
    if len(digest) != size:
        message = f"The signature in {name} has {len(digest)} bytes; {size} were expected."
        raise BadSignatureError(message)
    return digest


_DIGITS = re.compile(r"[0-9]{1,15}")
_HEX_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_SHA256_BYTES, _SHA1_BYTES, _ED25519_BYTES = 32, 20, 64
_MILLISECONDS_FROM = 100_000_000_000
"""A time from here on is in milliseconds: in seconds it would be the year 5138."""


def _seconds(digits: str) -> float:
    number = int(digits)
    return number / 1000 if number >= _MILLISECONDS_FROM else float(number)


_RETELL = re.compile(r"v=([0-9]{1,15}),d=([0-9a-fA-F]{64})")


def _read_retell(delivery: Delivery) -> Signature:
    name = "x-retell-signature"
    match = _matched(_RETELL, name, _header(delivery, name))
    milliseconds, digest = match.groups()
    message = delivery.body + milliseconds.encode()
    return Signature(message, [bytes.fromhex(digest)], int(milliseconds) / 1000)


_ELEVENLABS = re.compile(r"t=([0-9]{1,12}),v0=([0-9a-fA-F]{64})")


def _read_elevenlabs(delivery: Delivery) -> Signature:
    name = "elevenlabs-signature"
    match = _matched(_ELEVENLABS, name, _header(delivery, name))
    seconds, digest = match.groups()
    message = seconds.encode() + b"." + delivery.body
    return Signature(message, [bytes.fromhex(digest)], int(seconds))


def _read_vapi(delivery: Delivery) -> Signature:
    """The defaults of what users of Vapi may set. It does not say the unit of the time."""
    name = "x-signature"
    digest = _matched(_HEX_SHA256, name, _header(delivery, name)).group()
    timestamp = _matched(_DIGITS, "x-timestamp", _header(delivery, "x-timestamp")).group()
    message = timestamp.encode() + b"." + delivery.body
    return Signature(message, [bytes.fromhex(digest)], _seconds(timestamp))


def _read_vapi_secret(delivery: Delivery) -> Signature:
    """Not signed: the secret itself, in the header of old or as a bearer token."""
    sent = _header(delivery, "x-vapi-secret", "authorization").removeprefix("Bearer ")
    return Signature(b"", [sent.encode("latin-1", "replace")])


def _read_bland(delivery: Delivery) -> Signature:
    name = "x-webhook-signature"
    digest = _matched(_HEX_SHA256, name, _header(delivery, name)).group()
    return Signature(delivery.body, [bytes.fromhex(digest)])


def _read_standard(delivery: Delivery) -> Signature:
    """Both names of the headers: those of the specification, and those of its first author."""
    delivery_id = _header(delivery, "webhook-id", "svix-id")
    timestamp = _header(delivery, "webhook-timestamp", "svix-timestamp")
    _matched(_DIGITS, "webhook-timestamp", timestamp)
    parts = _header(delivery, "webhook-signature", "svix-signature").split(" ")
    digests = [
        _base64(text, "webhook-signature", _SHA256_BYTES)
        for version, _, text in (part.partition(",") for part in parts)
        if version == "v1"
    ]
    if not digests:
        message = "The header webhook-signature has no signature of version v1."
        raise BadSignatureError(message)
    signed = b".".join((delivery_id.encode(), timestamp.encode(), delivery.body))
    return Signature(signed, digests, int(timestamp))


def _standard_key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError) as error:
        message = "The secret of this endpoint is not `whsec_` and Base64."
        raise BadSignatureError(message) from error


def _read_telnyx(delivery: Delivery) -> Signature:
    name = "telnyx-signature-ed25519"
    timestamp = _matched(_DIGITS, "telnyx-timestamp", _header(delivery, "telnyx-timestamp")).group()
    digest = _base64(_header(delivery, name), name, _ED25519_BYTES)
    signed = timestamp.encode() + b"|" + delivery.body
    return Signature(signed, [digest], int(timestamp))


def _telnyx_key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret, validate=True)
    except (binascii.Error, ValueError) as error:
        message = "The public key of this endpoint is not Base64."
        raise BadSignatureError(message) from error


_TWILIO_SETTINGS = "x-twilio-webhooks-signature-settings"


def _read_twilio(delivery: Delivery) -> Signature:
    """Twilio signs the address it calls, not a time: only the delivery's own ids end a replay.

    A form is signed with its parameters: names in the order of their bytes, and of one name each
    value once. Of any other body the address carries the SHA-256.
    """
    name = "x-twilio-signature"
    algorithm, size = _twilio_algorithm(delivery.headers.get(_TWILIO_SETTINGS))
    digest = _base64(_header(delivery, name), name, size)
    url = delivery.url.partition("#")[0]
    body_hash = dict(parse_qsl(urlsplit(url).query)).get("bodySHA256")
    if body_hash is not None:
        actual = hashlib.sha256(delivery.body).hexdigest()
        if not hmac.compare_digest(actual.encode(), body_hash.lower().encode()):
            message = "The address names another SHA-256 than that of the body."
            raise BadSignatureError(message)
        return Signature(url.encode(), [digest], algorithm=algorithm)
    try:
        form = parse_qsl(delivery.body.decode(), keep_blank_values=True)
    except UnicodeDecodeError as error:
        message = "The body is not a form in UTF-8."
        raise BadSignatureError(message) from error
    pairs = sorted(set(form), key=lambda pair: (pair[0].encode(), pair[1].encode()))
    signed = url + "".join(field + value for field, value in pairs)
    return Signature(signed.encode(), [digest], algorithm=algorithm)


def _twilio_algorithm(settings: str | None) -> tuple[str, int]:
    """The hash and the size of its digest; SHA-1 unless a header names another."""
    if settings is None:
        return "sha1", _SHA1_BYTES
    named = dict(part.strip().partition("=")[::2] for part in settings.split(","))
    algorithm = named.get("algorithm", "HMAC_SHA1")
    if algorithm == "HMAC_SHA256":
        return "sha256", _SHA256_BYTES
    if algorithm == "HMAC_SHA1":
        return "sha1", _SHA1_BYTES
    message = f"The header {_TWILIO_SETTINGS} names an unknown algorithm."
    raise BadSignatureError(message)


_HALF_AN_HOUR = 1_800

STANDARD = Scheme(_read_standard, key=_standard_key)
RETELL = Scheme(_read_retell)
ELEVENLABS = Scheme(_read_elevenlabs, past=_HALF_AN_HOUR)
VAPI = Scheme(_read_vapi)
VAPI_SECRET = Scheme(_read_vapi_secret, fits=_secret_fits)
BLAND = Scheme(_read_bland)
TWILIO = Scheme(_read_twilio)
TELNYX = Scheme(_read_telnyx, fits=_ed25519_fits, key=_telnyx_key)
