"""Where webhooks may be sent to: public addresses, unless the operator allows others.

Who makes a subscription is not who runs the gateway, and must not reach through it what only the
gateway can reach: other services of its machine and network, and the metadata of its cloud
(https://owasp.org/www-community/attacks/Server_Side_Request_Forgery). A name may point anywhere,
and elsewhere a moment later, so a name is looked up once for each connection, and the connection is
made to the very address that was checked. Redirects are not followed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from socket import IPPROTO_TCP, SOCK_STREAM
from typing import Any, Self

import anyio
import httpcore2
import httpx2

from gql.errors import BadInput
from gql.models.webhook import LONGEST_URL
from gql.settings import ANY_PORT, LARGEST_PORT, Settings

Address = IPv4Address | IPv6Address

_DEFAULT_PORTS = {"http": 80, "https": 443}

_NOT_A_URL = "is not a URL: write it like https://example.com/hooks"

_GLOBAL_UNICAST = IPv6Network("2000::/3")
"""https://www.iana.org/assignments/ipv6-address-space: all other addresses of IPv6 are for special
uses, but for those that NAT64 translates (RFC 6052)."""

_NAT64 = IPv6Network("64:ff9b::/96")
_IPV4_BITS = 2**32


class RefusedAddress(httpcore2.ConnectError):
    """Nothing may be sent to the address that a name points to."""


@dataclass(frozen=True)
class UrlRules:
    """Which URLs and addresses webhooks may be sent to.

    Attributes:
        allows_http: Whether `http` is allowed beside `https`.
        ports: Which ports; None for any.
        networks: Private networks that are allowed, too.
    """

    allows_http: bool
    ports: frozenset[int] | None
    networks: tuple[IPv4Network | IPv6Network, ...]

    @classmethod
    def of(cls, settings: Settings) -> Self:
        any_port = settings.webhook_ports == ANY_PORT
        ports = None if any_port else frozenset(map(int, settings.webhook_ports.split(",")))
        networks = (settings.webhook_networks or "").split(",")
        return cls(
            settings.webhook_http, ports, tuple(ip_network(each) for each in networks if each)
        )

    def check_url(self, text: str) -> None:
        """Pass for a URL that webhooks may be sent to, as far as that shows without a look-up.

        Raises:
            BadInput: for any other.
        """
        if len(text) > LONGEST_URL:
            raise BadInput(f"has more than {LONGEST_URL:,} characters")
        try:
            url = httpx2.URL(text)
        except (httpx2.InvalidURL, UnicodeError):
            raise BadInput(_NOT_A_URL) from None
        if not text.isprintable() or " " in text or not url.host:
            raise BadInput(_NOT_A_URL)
        if url.scheme != "https" and not (url.scheme == "http" and self.allows_http):
            schemes = "http or https" if self.allows_http else "https"
            raise BadInput(f"must begin with {schemes}")
        if url.userinfo or url.fragment:
            raise BadInput("must have no user, no password and no fragment")
        port = _DEFAULT_PORTS[url.scheme] if url.port is None else url.port
        if not 0 < port <= LARGEST_PORT:
            raise BadInput(f"has the port {port}: ports are 1 to {LARGEST_PORT}")
        if self.ports is not None and port not in self.ports:
            allowed = ", ".join(map(str, sorted(self.ports)))
            raise BadInput(f"has the port {port}; allowed are {allowed}")
        try:
            address = ip_address(url.host)
        except ValueError:
            return  # a name: what it points to is checked when it is connected to
        if not self.allows(address):
            raise BadInput("has a private address: use a public one")

    def allows(self, address: Address) -> bool:
        """Whether webhooks may be sent to an address."""
        address = _unwrapped(address)
        return is_public(address) or any(address in network for network in self.networks)


def is_public(address: Address) -> bool:
    """Whether anybody on the internet can be reached there: no private network, no group."""
    address = _unwrapped(address)
    if isinstance(address, IPv6Address) and (
        address not in _GLOBAL_UNICAST or address.sixtofour or address.teredo
    ):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _unwrapped(address: Address) -> Address:
    """The address of IPv4 that an address of IPv6 stands for, or itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) % _IPV4_BITS)
    return address.ipv4_mapped or address


class CheckedBackend(httpcore2.AsyncNetworkBackend):
    """Opens connections for the HTTP library, to addresses that the rules allow.

    TLS still checks the certificate for the name of the URL.

    Args:
        rules: Which addresses.
    """

    def __init__(self, rules: UrlRules) -> None:
        self._rules = rules
        self._backend = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 -- the library's own interface
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """A connection to the first address of a name that answers.

        Raises:
            RefusedAddress: when the name points to an address that is not allowed, to whatever
                others, too.
        """
        addresses = await _look_up(host, port)
        refused = [each for each in addresses if not self._rules.allows(each)]
        if refused:
            raise RefusedAddress(f"{host} is at {refused[0]}, which is a private address")
        failure: Exception = httpcore2.ConnectError(f"{host} has no address")
        for address in addresses:
            try:
                return await self._backend.connect_tcp(
                    str(address), port, timeout, local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure

    async def sleep(self, seconds: float) -> None:
        """Wait between two attempts of the library."""
        await self._backend.sleep(seconds)


async def _look_up(host: str, port: int) -> list[Address]:
    """The addresses of a name, or the one that it is."""
    try:
        records = await anyio.getaddrinfo(host, port, type=SOCK_STREAM, proto=IPPROTO_TCP)
    except OSError as error:
        raise httpcore2.ConnectError(f"{host} cannot be looked up: {error}") from error
    # The address of a link has the name of its network behind a percent sign.
    texts = dict.fromkeys(str(each[4][0]).partition("%")[0] for each in records)
    return [ip_address(text) for text in texts]
