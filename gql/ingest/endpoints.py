"""Webhook endpoints: how they are made and get other secrets, and the check of signatures."""

import time
from collections.abc import Callable, Sequence
from typing import Literal

from gql.accounts.hook_endpoints import StoredEndpoint, add_endpoint, change_endpoint, read_endpoint
from gql.accounts.secret_box import SecretBox, new_webhook_secret, require_box
from gql.database import DatabaseAccess, Snapshot
from gql.errors import BadInput
from gql.ingest.inbox import counts_by_state
from gql.ingest.phone_numbers import checked_region
from gql.ingest.signatures import BadSignatureError, Delivery, verify
from gql.ingest.sources import SOURCE_BY_NAME
from gql.ingest.sources.source import Source
from gql.models.enums import DeliveryState, HookRole
from gql.models.types import LONGEST_NAME

Unlinked = Literal["call", "dead"]
"""What becomes of a carrier's delivery whose call nobody names: a call of its own, or nothing."""

WAIT_HOURS = 24
"""How long one waits by default."""

_LONGEST_SECRET = 1_000


async def create_endpoint(
    database: DatabaseAccess,
    box: SecretBox | None,
    organization_id: int,
    *,
    source: str,
    name: str | None = None,
    secret: str | None = None,
    role: HookRole | None = None,
    wait_hours: int = WAIT_HOURS,
    unlinked: Unlinked = "call",
    region: str | None = None,
) -> tuple[StoredEndpoint, str | None]:
    """A new endpoint, and its secret where the gateway made that: nobody can read it again.

    Args:
        database: Where it is written, in a transaction of its own unless one is open.
        box: Encrypts the secret.
        organization_id: Who owns it.
        source: The name of a source.
        name: For people; the source's, without.
        secret: What the source signs with, where it makes that itself. Without it every delivery
            is refused until `rotate_secret` says it.
        role: Whether it makes calls, or only adds to those of others; by default as its source.
        wait_hours: How long a carrier's deliveries wait for the call that they belong to.
        unlinked: What becomes of them then.
        region: The country of numbers that come without its code, in two letters.

    Raises:
        BadInput: when there is no such source, or a value cannot be used.
        NotFound: when there is no such organization.
        Unavailable: when there is no key to encrypt the secret with.
    """
    kind = source_named(source)
    if not 0 < wait_hours <= 24 * 30:
        raise BadInput("The hours to wait must be 1 to 720.")
    name = (kind.title if name is None else name).strip()
    if not 0 < len(name) <= LONGEST_NAME or "\0" in name:
        raise BadInput(f"The name must have 1 to {LONGEST_NAME} characters, and no NUL.")
    region = checked_region(region)
    secret, shown = _new_secret(kind, secret)
    endpoint = await add_endpoint(
        database,
        organization_id,
        source=kind.name,
        name=name,
        role=role or (HookRole.CARRIER if kind.is_carrier else HookRole.PRIMARY),
        secret=None if secret is None else require_box(box).seal(secret),
        settings={
            "wait_hours": wait_hours,
            "unlinked": unlinked,
            **({} if region is None else {"region": region}),
        },
    )
    return endpoint, shown


async def rotate_secret(
    database: DatabaseAccess,
    snapshot: Snapshot,
    box: SecretBox | None,
    organization_id: int,
    endpoint_id: int,
    secret: str | None = None,
    *,
    end_previous: bool = False,
) -> tuple[StoredEndpoint, str | None]:
    """The endpoint with another secret, and that where the gateway made it.

    The one before counts too, until the next rotation; with `end_previous` no longer than now.

    Raises:
        BadInput: when the source signs nothing, or the secret is missing or cannot be used.
        NotFound: when the organization has no such endpoint.
        Unavailable: when there is no key to encrypt the secret with.
    """
    before = await read_endpoint(snapshot, organization_id, endpoint_id)
    kind = source_named(before.source)
    if kind.issuer == "platform" and secret is None:
        raise BadInput(f"{kind.title} makes the secret itself: copy it from there.")
    if kind.issuer == "nobody":
        raise BadInput(f"What comes from {kind.title} is not signed: there is no secret.")
    secret, shown = _new_secret(kind, secret)
    sealed = require_box(box).seal(secret or "")
    previous = None if end_previous else before.secret
    endpoint = await change_endpoint(
        database, organization_id, endpoint_id, secret=sealed, secret_previous=previous
    )
    return endpoint, shown


def source_named(name: str) -> Source:
    """A source by its name.

    Raises:
        BadInput: when there is none.
    """
    source = SOURCE_BY_NAME.get(name)
    if source is None:
        names = ", ".join(SOURCE_BY_NAME)
        raise BadInput(f"There is no source {name[:40]!r}: choose one of {names}.")
    return source


def check_signature(
    endpoint: StoredEndpoint,
    box: SecretBox | None,
    delivery: Delivery,
    timer: Callable[[], float] = time.time,
) -> None:
    """Pass when a delivery was signed with a secret of the endpoint, recently.

    Raises:
        BadSignatureError: when it was not, or the endpoint has no secret yet.
        Unavailable: when the secret cannot be read.
    """
    source = SOURCE_BY_NAME[endpoint.source]
    if source.scheme is None:
        return
    others = source.other_schemes.items()
    scheme = next((other for name, other in others if name in delivery.headers), source.scheme)
    if not endpoint.sealed_secrets:
        message = "The endpoint has no secret yet: jackfield hooks rotate says it."
        raise BadSignatureError(message)
    opened = require_box(box)
    verify(scheme, delivery, [opened.open(each) for each in endpoint.sealed_secrets], timer())


async def attention_needed(snapshot: Snapshot, endpoints: Sequence[StoredEndpoint]) -> list[str]:
    """What somebody has to do about endpoints, a sentence each, with the command."""
    organizations = sorted({each.organization_id for each in endpoints})
    numbers = {each: await counts_by_state(snapshot, each) for each in organizations}
    sentences = []
    for endpoint in endpoints:
        owner, name = endpoint.organization_id, f"{endpoint.source} endpoint {endpoint.id}"
        if SOURCE_BY_NAME[endpoint.source].scheme is not None and endpoint.secret is None:
            sentences.append(
                f"{name} refuses all: jackfield hooks rotate {endpoint.id} -o {owner}"
                " --secret-env NAME"
            )
        dead = numbers[owner].get(endpoint.id, {}).get(DeliveryState.DEAD, 0)
        if dead:
            sentences.append(
                f"{name} has {dead:,} dead: jackfield hooks show -o {owner} --endpoint"
                f" {endpoint.id} --state dead"
            )
    return sentences


def _new_secret(kind: Source, secret: str | None) -> tuple[str | None, str | None]:
    """The secret of an endpoint, and what of it has to be shown."""
    if secret is not None:
        if kind.issuer == "nobody":
            raise BadInput(f"What comes from {kind.title} is not signed: leave the secret out.")
        if not 0 < len(secret.strip()) <= _LONGEST_SECRET:
            raise BadInput(f"The secret must have 1 to {_LONGEST_SECRET} characters.")
        return secret.strip(), None
    if kind.issuer != "gateway":
        return None, None
    generated = new_webhook_secret()
    return generated, generated
