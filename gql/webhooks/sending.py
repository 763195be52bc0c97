"""Sends one webhook, and says what came of it: https://www.standardwebhooks.com."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

import httpcore2
import httpx2
from standardwebhooks import Webhook

from gql import __version__
from gql.http.retry_after import retry_after
from gql.settings import Settings
from gql.webhooks.addresses import CheckedBackend, UrlRules

LONGEST_ANSWER = 65_536
"""Bytes of an answer that are read, so that its connection can be used again."""

LONGEST_EXCERPT = 500
"""Characters of the answer of a failure that are kept."""

LONGEST_PAUSE = 4 * 3_600.0
"""Seconds that a receiver may ask to be left alone for; after more it is asked all the same."""

MOST_CONNECTIONS = 200

_HEADERS = {
    "content-type": "application/json",
    "user-agent": f"Jackfield/{__version__} (webhooks)",
}


@dataclass(frozen=True)
class Attempt:
    """What came of sending a webhook.

    Attributes:
        status: Of the answer; None without one.
        error: Why it failed; None when it did not.
        retry_after: Seconds for which the receiver asks to be left alone.
    """

    status: int | None = None
    error: str | None = None
    retry_after: float | None = None

    @property
    def unsubscribes(self) -> bool:
        """Whether the receiver wants no more."""
        return self.status == HTTPStatus.GONE


def signed_headers(
    secrets: Sequence[str], message_id: str, instant: datetime, body: bytes
) -> dict[str, str]:
    """The headers of a webhook, with a signature by each secret.

    https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

    Args:
        secrets: `whsec_` and the key in base64.
        message_id: The same in each attempt.
        instant: Of this attempt, in UTC.
        body: What is signed.
    """
    text = body.decode()
    signatures = [Webhook(secret).sign(message_id, instant, text) for secret in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(instant.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


class WebhookClient:
    """Sends webhooks, on connections that it keeps for a while.

    Args:
        settings: Where they may go, and how long an attempt may take.
    """

    def __init__(self, settings: Settings) -> None:
        self._seconds = settings.webhook_timeout
        self._backend = CheckedBackend(UrlRules.of(settings))
        self._pool: httpcore2.AsyncConnectionPool | None = None

    async def send(self, url: str, headers: dict[str, str], body: bytes) -> Attempt:
        """Post a body once; an answer of 200 to 299 is a success."""
        try:
            async with asyncio.timeout(self._seconds):
                return await self._post(httpx2.URL(url), {**_HEADERS, **headers}, body)
        except TimeoutError:
            return Attempt(error=f"no answer within {self._seconds:g} seconds")
        except (httpcore2.TimeoutException, httpcore2.NetworkError) as error:
            return Attempt(error=_short(str(error)) or type(error).__name__)
        except (httpcore2.ProtocolError, httpcore2.UnsupportedProtocol) as error:
            return Attempt(error=_short(f"the answer is not HTTP: {error}"))

    async def close(self) -> None:
        """Close the connections."""
        if self._pool is not None:
            await self._pool.aclose()

    async def _post(self, url: httpx2.URL, headers: dict[str, str], body: bytes) -> Attempt:
        target = httpcore2.URL(
            scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
        )
        raw_headers = [(name.encode(), value.encode()) for name, value in headers.items()]
        pool = self._pool or self._open()
        async with pool.stream("POST", target, headers=raw_headers, content=body) as response:
            excerpt = await _beginning(response)
        if HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES:
            return Attempt(response.status)
        answered = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in response.headers
        }
        text = _short(excerpt.decode("utf-8", "replace"))
        error = f"answered {response.status}" + (f": {text}" if text else "")
        return Attempt(response.status, error, retry_after(answered, longest=LONGEST_PAUSE))

    def _open(self) -> httpcore2.AsyncConnectionPool:
        """Make the pool at the first use: it reads the certificates of all authorities."""
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=httpx2.create_ssl_context(),
            max_connections=MOST_CONNECTIONS,
            keepalive_expiry=30.0,
            network_backend=self._backend,
        )
        return self._pool


async def _beginning(response: httpcore2.Response) -> bytes:
    """The first bytes of an answer; where it has more, its connection is closed."""
    beginning = b""
    async for part in response.aiter_stream():
        beginning += part
        if len(beginning) > LONGEST_ANSWER:
            break
    return beginning[:LONGEST_ANSWER]


def _short(text: str) -> str:
    """Some text of others, to be kept and shown: in one line, without what no database stores."""
    return "".join(filter(str.isprintable, " ".join(text.split())))[:LONGEST_EXCERPT]
