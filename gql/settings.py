"""Every setting of the gateway, and the only reader of the environment.

On one page, long as it is: docs/settings.md, `jackfield doctor` and the search for misspelt names
are made of this one class, and most of it is the text that they print.
"""

import re
from functools import cached_property
from ipaddress import ip_network
from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, HttpUrl, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from gql.quota import LARGEST

SECRETS_FILE = Path("var/secrets.env")
"""Where `jackfield serve --local` keeps the secrets that it generated."""

ANY_ORIGIN = "*"

ANY_PORT = "*"
LARGEST_PORT = 65_535

SHORTEST_SECRETS_KEY = 32
"""Characters of a key that nobody guesses."""

_ORIGIN = re.compile(r"([a-z][a-z0-9+.-]*)://(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([0-9]{1,5}))?/?")
_FORMER_SWITCH = {
    **dict.fromkeys(("true", "1", "on", "yes", "y", "t"), "transaction"),
    **dict.fromkeys(("false", "0", "no", "n", "f"), "off"),
}
_DEFAULT_PORTS = {"http": "80", "https": "443"}

Pooler = Literal["off", "session", "transaction", "named"]
PlanMode = Literal["generic", "auto"]

_POSTGRESQL = ("postgresql://", "postgres://")

JwtAlgorithm = Literal["HS256", "RS256", "ES256", "EdDSA"]


class Settings(BaseSettings):
    """One frozen value per process; no secret has a default.

    Raises:
        pydantic.ValidationError: when a variable does not parse.
    """

    model_config = SettingsConfigDict(
        env_prefix="GQL_",
        env_file=SECRETS_FILE,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
    )

    database_url: str = Field(
        "sqlite:///var/jackfield.db",
        description="`sqlite:///path` or `postgresql://user:password@host/database`.",
    )
    read_database_urls: str | None = Field(
        None,
        description="Replicas of a PostgreSQL, with commas between them:"
        " `postgresql://user:password@replica/database`. Reads go there; see docs/deployment.md.",
    )
    max_replica_lag: float = Field(
        10,
        ge=2,
        le=3_600,
        description="Seconds behind the primary from which on a replica is not used.",
    )
    replica_wait: float = Field(
        0.1,
        ge=0,
        le=10,
        description="Seconds that a read waits for a replica that lacks what its client wrote; then"
        " the primary serves it.",
    )
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=1, le=65535, description="Port to listen on.")
    workers: int = Field(1, ge=1, le=64, description="Server processes.")
    shutdown_timeout: int = Field(
        10,
        ge=2,
        description="Seconds from SIGTERM to the end of the process."
        " In the first fifth of them `/readyz` is 503 and requests are still accepted.",
    )

    public_url: HttpUrl | None = Field(
        None,
        description="Where browsers reach the gateway: `https://gateway.example.com`. It decides"
        " whether cookies are `Secure`, and which `Origin` is this site; without it the request"
        " does.",
    )
    cors_origins: str | None = Field(
        None,
        description="Origins whose pages may use the gateway, with commas between them:"
        " `https://app.example.com,http://localhost:5173`; `*` for any, then without cookies."
        " See docs/cors.md.",
    )
    trusted_proxies: str = Field(
        "127.0.0.1,::1",
        description="Addresses and networks of proxies whose `X-Forwarded-For` and"
        " `X-Forwarded-Proto` are believed, with commas between them.",
    )
    max_connections: int = Field(
        800, ge=1, description="Most connections of a process; each one more is answered 503."
    )
    max_header_bytes: int = Field(
        65_536, ge=1_024, description="Longest head of a request: its first line and its headers."
    )
    header_timeout: float = Field(
        10, gt=0, description="Seconds for the head of a request to arrive."
    )
    body_timeout: float = Field(
        30,
        gt=0,
        description="Seconds for its body to arrive; of `/api/v1/ingest`, whose body may take any"
        " time, the longest silence.",
    )
    send_timeout: float = Field(
        30,
        gt=0,
        description="Seconds in which a client must take 32 KB of its answer, or the rest.",
    )

    secret_key: SecretStr | None = Field(
        None, description="Signs dashboard cookies; without it there are none."
    )
    jwt_secret: SecretStr | None = Field(None, description="Shared secret of HS256 tokens.")
    jwt_public_key: str | None = Field(
        None, description="PEM public key of RS256, ES256 or EdDSA tokens."
    )
    jwt_jwks_file: Path | None = Field(None, description="JWKS file with the public keys.")
    jwt_algorithm: JwtAlgorithm = Field("HS256", description="The only algorithm accepted.")
    jwt_audience: str | None = Field(None, description="Required `aud`, when set.")
    jwt_issuer: str | None = Field(None, description="Required `iss`, when set.")
    secrets_key: SecretStr | None = Field(
        None,
        description="Encrypts the secrets of webhook endpoints: what `openssl rand -hex 32` prints."
        " To replace it, put the new key first and a comma between them.",
    )
    credential_ttl: float = Field(
        5.0, ge=0, le=5, description="Seconds a verified credential is remembered per process."
    )
    dashboard_ttl: int = Field(
        28_800, ge=60, description="Seconds until a login, and a dashboard cookie, expires."
    )

    remembered_ttl: int = Field(
        2_592_000, ge=60, description="Seconds until a login with `remember_me` expires."
    )
    login_attempts: int = Field(
        5, ge=1, description="Wrong passwords for one account from one address within the window."
    )
    login_attempts_per_account: int = Field(
        100,
        ge=1,
        description="Wrong passwords for one account within the window, from all addresses that it"
        " was not logged in from before.",
    )
    login_attempts_per_address: int = Field(
        1_000,
        ge=1,
        description="Wrong passwords from one address within the window, for all accounts that were"
        " not logged in from there before.",
    )
    login_window: int = Field(900, ge=1, description="Seconds until a wrong password is forgotten.")

    demo_keys: Path | None = Field(
        None,
        description="File with the API keys of the demo data: who opens the playground on this"
        " machine may log in to it by one click. `serve --local` sets it where the server listens"
        " on this machine alone.",
    )

    pool_size: int = Field(
        20,
        ge=1,
        le=500,
        description="Database connections per process, beside two for credentials.",
    )
    pool_timeout: float = Field(10, gt=0, description="Seconds to wait for a connection.")
    request_timeout: float = Field(
        15,
        gt=0,
        validation_alias=AliasChoices("GQL_REQUEST_TIMEOUT", "GQL_STATEMENT_TIMEOUT"),
        description="Seconds until a request is ended, with its statements."
        " The former name, `GQL_STATEMENT_TIMEOUT`, is read too.",
    )
    database_tls: Literal["disable", "prefer", "require", "verify-ca", "verify-full"] = Field(
        "prefer", description="TLS towards PostgreSQL, in libpq's words."
    )
    pooler: Pooler = Field(
        "off",
        validation_alias=AliasChoices("GQL_POOLER", "GQL_TRANSACTION_POOLER"),
        description="What is between the gateway and PostgreSQL, as `jackfield doctor` finds:"
        " `session`, a pooler in session mode; `transaction`, one in transaction mode; `named`,"
        " such a one that keeps named statements, like PgBouncer 1.21 and later, with the role set"
        " up for it; see docs/deployment.md. The former name, `GQL_TRANSACTION_POOLER`, is read"
        " too, and there `true` means `transaction`.",
    )
    plan_mode: PlanMode | None = Field(
        None,
        description="How PostgreSQL plans compiled statements: `generic`, once for all values;"
        " `auto`, as it sees fit. When not set, `auto` where the extension `citus` is installed,"
        " and `generic` elsewhere.",
    )

    redis_url: SecretStr | None = Field(
        None,
        description="`redis://`, `rediss://` or `unix://`: keeps live SMS sessions,"
        " which the database does without it, counts for all processes, and tells them what was"
        " revoked.",
    )
    sms_session_ttl: int = Field(
        86_400, ge=1, le=31_536_000, description="Seconds that a live SMS session is kept."
    )

    sms_ids: Literal["integer", "string"] = Field(
        "integer",
        description="How REST writes the ids of SMS conversations and their messages: as numbers,"
        " or as strings for clients that need these; see docs/moving-over.md.",
    )
    max_body_bytes: int = Field(1_000_000, ge=1, description="Largest request body.")
    max_downloads: int = Field(
        4, ge=1, description="Most downloads that a process sends at a time."
    )
    max_downloads_per_organization: int = Field(
        2, ge=1, description="Most of them that one organization has."
    )
    max_ingests: int = Field(
        4, ge=1, description="Most bodies of items that a process takes at a time."
    )
    max_ingests_per_organization: int = Field(
        2, ge=1, description="Most of them that one organization sends."
    )
    max_json_depth: int = Field(64, ge=1, le=500, description="Deepest nesting of a JSON body.")
    max_number_digits: int = Field(64, ge=20, description="Longest number in a JSON body.")
    max_tokens: int = Field(2_000, ge=1, description="Largest document, in GraphQL tokens.")
    max_depth: int = Field(15, ge=1, description="Deepest selection of an operation.")
    max_aliases: int = Field(50, ge=0, description="Most aliases of an operation.")
    max_root_fields: int = Field(20, ge=1, description="Most root fields of an operation.")
    max_cost: int = Field(
        2_000_000, ge=1, description="Most points that an operation may cost; see docs/cost.md."
    )
    max_resolver_cost: int = Field(
        50_000, ge=1, description="Most points of an operation that no compiled plan answers."
    )
    heavy_points: int = Field(
        50_000, ge=1, description="Points from which on an operation is heavy; see docs/limits.md."
    )
    max_heavy: int | None = Field(
        None,
        ge=1,
        description="Most heavy operations that a process runs at a time;"
        " when not set, its share of the processors, and at least 2.",
    )
    max_heavy_per_organization: int | None = Field(
        None, ge=1, description="Most of them of one organization; half of them, when not set."
    )
    max_light_per_organization: int | None = Field(
        None,
        ge=1,
        description="Most requests of one organization, but for the heavy ones, that use a"
        " connection of a process at a time; when not set, half of `GQL_POOL_SIZE`, and 4 with"
        " SQLite.",
    )
    max_heavy_waiting: int = Field(
        50, ge=0, description="Most heavy operations of one organization that wait."
    )
    max_response_bytes: int = Field(
        20_000_000, ge=100_000, le=1_000_000_000, description="Longest answer, uncompressed."
    )
    answer_cache_bytes: int = Field(
        16_000_000,
        ge=0,
        description="Memory of a process for answers to expensive queries, which are given again"
        " while nothing has changed; 0 for none. See docs/costs.md.",
    )
    compiled: bool = Field(
        True,
        description="Answer GraphQL queries by compiled plans, one statement each, where possible.",
    )
    introspection: bool = Field(True, description="Whether the schema may be asked for.")
    schema_files: bool = Field(
        True,
        description="Whether `/schema.graphql` and `/possible-types.json` are served, to callers"
        " with a credential; never without `GQL_INTROSPECTION`.",
    )
    suggestions: bool = Field(
        True,
        description="Whether errors say `Did you mean ...`. Without `GQL_INTROSPECTION` too, they"
        " leave out each name of the schema that was not sent.",
    )

    rate_limit: Literal["enforce", "measure", "off"] = Field(
        "enforce",
        description="Whether a request over a rate limit is refused, or only counted in `/metrics`;"
        " see docs/limits.md.",
    )
    rate_limit_requests: int = Field(
        120_000,
        ge=0,
        le=LARGEST,
        description="Requests of an organization in a minute; 0 for any number.",
    )
    rate_limit_points: int = Field(
        120_000_000,
        ge=0,
        le=LARGEST,
        description="Points of an organization's requests in a minute; 0 for any number.",
    )
    rate_limit_key_requests: int = Field(
        0,
        ge=0,
        le=LARGEST,
        description="Requests of an API key in a minute, where the key has no limit of its own;"
        " 0 for any number.",
    )
    rate_limit_key_points: int = Field(
        0,
        ge=0,
        le=LARGEST,
        description="Points of an API key's requests in a minute, where the key has no"
        " limit of its own; 0 for any number.",
    )

    rate_limit_hook_requests: int = Field(
        6_000,
        ge=0,
        le=LARGEST,
        description="Deliveries to one webhook endpoint in a minute, where a long one counts once"
        " for each 64 KB; 0 for any number.",
    )
    inbox_days: int = Field(
        30,
        ge=1,
        le=3_650,
        description="Days that webhook deliveries are kept, and longer while they wait.",
    )

    webhook_networks: str | None = Field(
        None,
        description="Private networks that webhooks may be sent to, with commas between them:"
        " `10.20.0.0/16,127.0.0.1`; without it they go to public addresses alone."
        " See docs/webhooks-out.md.",
    )
    webhook_http: bool = Field(
        False, description="Whether webhooks may be sent by `http`, which anybody between can read."
    )
    webhook_ports: str = Field(
        "80,443,8080,8443",
        description="Ports that webhooks may be sent to, with commas between them; `*` for any.",
    )
    webhook_timeout: float = Field(
        15,
        gt=0,
        le=60,
        description="Seconds for one attempt of a delivery, from the look-up of the name to the"
        " end of the answer.",
    )
    webhook_days: int = Field(
        30,
        ge=1,
        le=3_650,
        description="Days that deliveries to webhook subscriptions are kept, and longer while they"
        " are pending.",
    )
    max_webhook_deliveries: int = Field(
        100_000,
        ge=1_000,
        le=1_000_000_000,
        description="Most of them of an organization that are kept, of the newest; pending ones"
        " stay.",
    )

    event_days: int = Field(
        7,
        ge=1,
        le=3_650,
        description="Days that events are kept: so long may a subscriber be away without missing"
        " one.",
    )
    max_events: int = Field(
        100_000,
        ge=1_000,
        le=1_000_000_000,
        description="Most events of an organization that are kept, of the newest.",
    )

    max_subscriptions: int = Field(
        200,
        ge=0,
        le=100_000,
        description="Subscriptions and live transcripts of an organization at once in a process.",
    )

    metrics_token: SecretStr | None = Field(
        None, description="Opens `/metrics` as bearer token; without it there is no such address."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least severity that is logged."
    )

    @field_validator("database_url")
    @classmethod
    def _check_database_url(cls, url: str) -> str:
        if url.startswith(("sqlite:///", *_POSTGRESQL)):
            return url
        raise ValueError("must start with sqlite:/// or postgresql://")

    @field_validator("pooler", mode="before")
    @classmethod
    def _read_former_pooler(cls, pooler: object) -> object:
        """`GQL_TRANSACTION_POOLER` was a switch, in the words that pydantic takes for one."""
        word = str(pooler).lower()
        return _FORMER_SWITCH.get(word, word)

    @field_validator("read_database_urls")
    @classmethod
    def _check_read_database_urls(cls, urls: str | None, info: ValidationInfo) -> str | None:
        addresses = _listed(urls)
        if not all(each.startswith(_POSTGRESQL) for each in addresses):
            raise ValueError("must start with postgresql://, each of them")
        if addresses and not info.data.get("database_url", "").startswith(_POSTGRESQL):
            raise ValueError("has replicas, and GQL_DATABASE_URL is no PostgreSQL")
        return ",".join(addresses) or None

    @field_validator("public_url")
    @classmethod
    def _check_public_url(cls, url: HttpUrl | None) -> HttpUrl | None:
        if url is None or url == HttpUrl(f"{url.scheme}://{url.host}:{url.port}"):
            return url
        raise ValueError("must be a scheme, a host and a port alone: https://gateway.example.com")

    @field_validator("cors_origins")
    @classmethod
    def _check_cors_origins(cls, origins: str | None) -> str | None:
        """Origins as browsers write them (RFC 6454, 6.2): in lower case, without a default port."""
        parts = _listed(origins)
        if parts == [ANY_ORIGIN]:
            return ANY_ORIGIN
        return ",".join(map(_browsers_origin, parts)) or None

    @field_validator("trusted_proxies")
    @classmethod
    def _check_trusted_proxies(cls, proxies: str) -> str:
        for proxy in filter(None, map(str.strip, proxies.split(","))):
            ip_network(proxy)
        return proxies

    @field_validator("webhook_networks")
    @classmethod
    def _check_webhook_networks(cls, networks: str | None) -> str | None:
        parts = _listed(networks)
        for part in parts:
            ip_network(part)
        return ",".join(parts) or None

    @field_validator("webhook_ports")
    @classmethod
    def _check_webhook_ports(cls, ports: str) -> str:
        parts = _listed(ports)
        if parts != [ANY_PORT] and not all(
            part.isascii() and part.isdigit() and 0 < int(part) <= LARGEST_PORT for part in parts
        ):
            raise ValueError("must be numbers from 1 to 65535 with commas between them, or `*`")
        return ",".join(parts)

    @field_validator("secrets_key")
    @classmethod
    def _check_secrets_key(cls, keys: SecretStr | None) -> SecretStr | None:
        parts = _listed(None if keys is None else keys.get_secret_value())
        if any(len(part) < SHORTEST_SECRETS_KEY for part in parts):
            raise ValueError(f"needs at least {SHORTEST_SECRETS_KEY} characters")
        return SecretStr(",".join(parts)) if parts else None

    @field_validator("redis_url")
    @classmethod
    def _check_redis_url(cls, url: SecretStr | None) -> SecretStr | None:
        schemes = ("redis://", "rediss://", "unix://")
        if url is None or url.get_secret_value().startswith(schemes):
            return url
        raise ValueError("must start with redis://, rediss:// or unix://")

    @cached_property
    def trusted_origins(self) -> frozenset[str]:
        """The origins whose pages may send cookies; none where any origin may call."""
        origins = frozenset(self.cors_origins.split(",")) if self.cors_origins else frozenset()
        return origins - {ANY_ORIGIN}

    @cached_property
    def hides_names(self) -> bool:
        """Whether errors leave out the names of the schema that were not sent."""
        return not (self.introspection or self.suggestions)

    @cached_property
    def shares_sessions(self) -> bool:
        """Whether a pooler gives each transaction another session of PostgreSQL."""
        return self.pooler in {"transaction", "named"}

    @cached_property
    def embedded(self) -> bool:
        """Whether the database is a SQLite file inside this process."""
        return self.database_url.startswith("sqlite:")

    def of_replicas(self) -> "list[Settings]":
        """The settings for each replica: its address in place of the primary's."""
        return [
            self.model_copy(update={"database_url": url, "read_database_urls": None})
            for url in _listed(self.read_database_urls)
        ]


def _listed(text: str | None) -> list[str]:
    """The parts of a text with commas between them."""
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def _browsers_origin(text: str) -> str:
    match = _ORIGIN.fullmatch(text.lower())
    if match is None:
        raise ValueError(
            f"has {text!r}, and an origin is a scheme, a host and perhaps a port:"
            " https://app.example.com; `*` stands alone"
        )
    scheme, host, port = match.groups()
    is_default = port is None or port == _DEFAULT_PORTS.get(scheme)
    return f"{scheme}://{host}" if is_default else f"{scheme}://{host}:{port}"


def variables() -> frozenset[str]:
    """The names of all variables that are read, former names too: `GQL_DATABASE_URL`."""
    names = set()
    for name, field in Settings.model_fields.items():
        names.add(f"GQL_{name.upper()}")
        if isinstance(field.validation_alias, AliasChoices):
            names.update(str(choice) for choice in field.validation_alias.choices)
    return frozenset(names)
