"""Nothing is sent to a private address, by whatever name or detour."""

import asyncio
from ipaddress import ip_address
from typing import Any

import httpcore2
import pytest

from gql.errors import BadInput
from gql.webhooks.addresses import CheckedBackend, UrlRules, is_public
from gql.webhooks.sending import WebhookClient
from tests.databases import Copy, settings_for
from tests.webhooks.conftest import LOCAL, Sending, sending_on
from tests.webhooks.receivers import Receiver

PUBLIC = ["8.8.8.8", "93.184.215.14", "2606:2800:21f:cb07::1", "64:ff9b::8.8.8.8", "::ffff:8.8.8.8"]
PRIVATE = [
    *("127.0.0.1", "127.255.255.254", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1"),  # noqa: S104 -- refused
    *("169.254.169.254", "100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "239.255.255.255"),
    *("240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254"),
    *("ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254"),
    *("::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b:1::1", "2002:7f00:1::", "2001:0:1::1"),
    *("fec0::1", "100::1", "5f00::1"),
]
PUBLIC_RULES = UrlRules(allows_http=False, ports=frozenset({443, 8443}), networks=())


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_allowed(address: str) -> None:
    assert is_public(ip_address(address))
    assert PUBLIC_RULES.allows(ip_address(address))


@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_address_is_refused(address: str) -> None:
    assert not is_public(ip_address(address))
    assert not PUBLIC_RULES.allows(ip_address(address))


def test_private_networks_are_allowed_that_the_operator_names() -> None:
    rules = UrlRules.of(settings_for("sqlite:///x", webhook_networks="10.1.0.0/16, fd00::/8"))
    tried = ("10.1.2.3", "::ffff:10.1.2.3", "fd00::1", "10.2.0.1", "127.0.0.1")

    assert [rules.allows(ip_address(each)) for each in tried] == [True, True, True, False, False]


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://example.com/", "must begin with https"),
        ("ftp://example.com/", "must begin with https"),
        ("https://example.com:25/", "has the port 25; allowed are 443, 8443"),
        ("https://example.com:0/", "has the port 0: ports are 1 to 65535"),
        ("https://user:secret@example.com/", "must have no user, no password and no fragment"),
        ("https://example.com/#part", "must have no user, no password and no fragment"),
        ("https://10.0.0.1/", "has a private address: use a public one"),
        (
            "https://[::ffff:127.0.0.1]/",
            "has a private address: use a public one",
        ),
        ("https://", "is not a URL: write it like https://example.com/hooks"),
        ("https://example.com/a b", "is not a URL: write it like https://example.com/hooks"),
        ("https://example.com/\n", "is not a URL: write it like https://example.com/hooks"),
        ("https://[::1/", "is not a URL: write it like https://example.com/hooks"),
        ("example.com", "is not a URL: write it like https://example.com/hooks"),
        ("https://example.com/" + "x" * 2_000, "has more than 2,000 characters"),
    ],
)
def test_a_url_is_refused(url: str, problem: str) -> None:
    with pytest.raises(BadInput) as caught:
        PUBLIC_RULES.check_url(url)
    assert caught.value.message == problem


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "https://example.com:8443/a?b=c",
        "https://8.8.8.8/",
        "https://größe.example/",
    ],
)
def test_a_url_is_allowed(url: str) -> None:
    PUBLIC_RULES.check_url(url)


async def test_a_name_of_this_machine_is_not_connected_to(fresh: Copy, receiver: Receiver) -> None:
    port = receiver.url.split(":")[2]
    async with sending_on(fresh, webhook_networks=None) as sending:
        number = await sending.subscribe(f"http://localhost:{port}")
        await sending.write(*(await sending.calls(1)))
        await sending.sender.drain()

        ((state, error),) = await sending.deliveries(number, "state", "error")
    assert state == "pending"
    assert error in {
        f"localhost is at {address}, which is a private address" for address in ("127.0.0.1", "::1")
    }
    assert receiver.received == []


@pytest.mark.parametrize("host", ["0x7f.1", "2130706433", "127.1"])
async def test_another_spelling_of_an_address_is_not_connected_to(host: str) -> None:
    """The system reads these as 127.0.0.1."""
    backend = CheckedBackend(PUBLIC_RULES)
    with pytest.raises(
        httpcore2.ConnectError, match=r"is at 127\.0\.0\.1, which is a private address"
    ):
        await backend.connect_tcp(host, 80)


async def test_the_address_that_was_checked_is_connected_to(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that points elsewhere a moment later gains nothing: it is looked up once."""
    looked_up: list[Any] = []
    addresses = iter(["127.0.0.1", "169.254.169.254"])

    async def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        looked_up.append(host)
        return [(2, 1, 6, "", (next(addresses), port))]

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "getaddrinfo", getaddrinfo)
    client = WebhookClient(settings_for("sqlite:///x", **LOCAL))
    url = receiver.url.replace("127.0.0.1", "receiver.example")
    attempt = await client.send(url, {}, b"{}")
    await client.close()
    client = WebhookClient(settings_for("sqlite:///x", **LOCAL))
    again = await client.send(url, {}, b"{}")
    await client.close()

    assert (attempt.status, attempt.error) == (204, None)
    assert again.error == "receiver.example is at 169.254.169.254, which is a private address"
    assert looked_up == [b"receiver.example", b"receiver.example"]
    assert [each.headers["host"] for each in receiver.received] == [url.split("/")[2]]


async def test_one_private_address_among_others_is_enough(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def getaddrinfo(_host: str, port: int, **_: Any) -> list[Any]:
        return [(2, 1, 6, "", (each, port)) for each in ("8.8.8.8", "10.0.0.1")]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    with pytest.raises(httpcore2.ConnectError, match=r"is at 10\.0\.0\.1"):
        await CheckedBackend(PUBLIC_RULES).connect_tcp("mixed.example", 443)


async def test_an_environment_s_proxy_is_not_used(
    sending: Sending, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would connect to whatever it likes."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    await sending.subscribe(receiver.url)
    await sending.write(*(await sending.calls(1)))
    await sending.sender.drain()

    assert len(receiver.accepted) == 1


async def test_what_is_no_http_is_a_failure() -> None:
    async def serve(_reader: Any, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = WebhookClient(settings_for("sqlite:///x", **LOCAL))
    attempt = await client.send(f"http://127.0.0.1:{port}/", {}, b"{}")
    await client.close()
    server.close()

    assert attempt.status is None
    assert attempt.error
