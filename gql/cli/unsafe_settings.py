"""What is unsafe about settings in production, for `jackfield doctor`."""

import resource
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sqlalchemy import make_url

from gql.settings import SECRETS_FILE

if TYPE_CHECKING:
    from gql.settings import Settings

FURTHER_FILES = 100
"""Files that a process opens beside its connections: databases, modules, pipes."""

SHORTEST_TOKEN = 32
"""Characters of a secret that nobody guesses."""

LARGEST_NETWORK = 1 << 24
"""Addresses of the largest network that somebody's proxies are in: 10.0.0.0/8."""


@dataclass(frozen=True)
class Unsafe:
    """A setting to change.

    Attributes:
        setting: Its variable, or the file.
        problem: One sentence.
        advice: What to do.
    """

    setting: str
    problem: str
    advice: str


def unsafe_settings(settings: "Settings") -> list[Unsafe]:
    """All that is wrong; nothing when the gateway serves this machine alone, as by default."""
    checks = (_public, _origins, _credentials, _stores, _process)
    return [problem for check in checks for problem in check(settings)]


def _public(settings: "Settings") -> Iterator[Unsafe]:
    public = settings.public_url
    serves_others = not is_local(settings.host)
    if serves_others and public is None:
        yield Unsafe(
            "GQL_PUBLIC_URL",
            f"The gateway listens on {settings.host}, and cookies are sent without TLS too.",
            "Set it to the address of the proxy that ends TLS: https://gateway.example.com",
        )
    if public is not None and public.scheme == "http" and not is_local(public.host or ""):
        yield Unsafe(
            "GQL_PUBLIC_URL",
            "Keys, passwords and cookies travel unencrypted.",
            "Serve over TLS, and let it begin with https://",
        )
    proxies = [ip_network(each.strip()) for each in settings.trusted_proxies.split(",") if each]
    if serves_others and all(each.is_loopback for each in proxies):
        yield Unsafe(
            "GQL_TRUSTED_PROXIES",
            "No proxy on another machine is trusted, so everybody behind one has its address, and"
            " wrong passwords of one count against all.",
            "Set it to the addresses of the proxies.",
        )
    for network in proxies:
        if network.num_addresses > LARGEST_NETWORK and network.version == 4:  # noqa: PLR2004
            yield Unsafe(
                "GQL_TRUSTED_PROXIES",
                f"Whoever is in {network} can claim any address.",
                "Name the proxies alone.",
            )


def _origins(settings: "Settings") -> Iterator[Unsafe]:
    for origin in sorted(settings.trusted_origins):
        parts = urlsplit(origin)
        if parts.scheme == "http" and not is_local(parts.hostname or ""):
            yield Unsafe(
                "GQL_CORS_ORIGINS",
                f"Whoever is between {origin} and its visitors can change its pages, which may use"
                " the logins of these people.",
                "Name its https:// address.",
            )


def _credentials(settings: "Settings") -> Iterator[Unsafe]:
    token = settings.metrics_token
    if token is not None and len(token.get_secret_value()) < SHORTEST_TOKEN:
        yield Unsafe(
            "GQL_METRICS_TOKEN",
            f"It has fewer than {SHORTEST_TOKEN} characters.",
            "Use what `openssl rand -hex 32` prints.",
        )
    has_other_issuer = settings.jwt_public_key is not None or settings.jwt_jwks_file is not None
    if has_other_issuer and settings.jwt_audience is None:
        yield Unsafe(
            "GQL_JWT_AUDIENCE",
            "Tokens that the issuer made for other services are accepted here too.",
            "Set it to what the issuer writes into `aud` for this gateway.",
        )
    if has_other_issuer and settings.jwt_issuer is None:
        yield Unsafe(
            "GQL_JWT_ISSUER",
            "Tokens of any issuer with this key are accepted.",
            "Set it to what the issuer writes into `iss`.",
        )


def _stores(settings: "Settings") -> Iterator[Unsafe]:
    files = [SECRETS_FILE]
    for each in (settings, *settings.of_replicas()):
        url = make_url(each.database_url)
        if settings.embedded:
            files.append(Path(url.database or ""))
        # A host in the query is the folder of a Unix socket.
        elif url.host and not is_local(url.host) and settings.database_tls in {"disable", "prefer"}:
            yield Unsafe(
                "GQL_DATABASE_TLS",
                f"`{settings.database_tls}` towards {url.host} lets whoever is in between read"
                " along.",
                "Set it to verify-full, or at least to require.",
            )
    redis = settings.redis_url
    if redis is not None:
        parts = urlsplit(redis.get_secret_value())
        if parts.scheme == "redis" and not is_local(parts.hostname or "localhost"):
            yield Unsafe(
                "GQL_REDIS_URL",
                f"The way to {parts.hostname} is not encrypted.",
                "Use rediss://, which is Redis over TLS.",
            )
    for file in files:
        if file.is_file() and file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            yield Unsafe(str(file), "Other users of this machine may open it.", f"chmod 600 {file}")


def _process(settings: "Settings") -> Iterator[Unsafe]:
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if files < settings.max_connections + FURTHER_FILES:
        yield Unsafe(
            "GQL_MAX_CONNECTIONS",
            f"{settings.max_connections} connections do not fit into {files} open files.",
            f"Set `ulimit -n {settings.max_connections + FURTHER_FILES}`, or fewer connections.",
        )


def is_local(host: str) -> bool:
    """Whether a host is this very machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
