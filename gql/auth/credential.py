"""What every kind of credential offers, and the values that it takes and returns."""

import math
from dataclasses import dataclass
from typing import ClassVar, Protocol

from gql.accounts.logins import Login
from gql.database import Database
from gql.identity import Identity, Method
from gql.settings import Settings
from gql.stores.rate_limits import KeyLimits


@dataclass(frozen=True, slots=True)
class Presented:
    """The credentials in a request, not yet verified.

    Attributes:
        token: What follows `Bearer` in the Authorization header.
        cookie: The dashboard cookie.
        forgeable: Whether another site could have made a browser send this and change something.
    """

    token: str | None
    cookie: str | None
    forgeable: bool


@dataclass(frozen=True, slots=True)
class Verified:
    """A credential that is valid now.

    Attributes:
        seconds: How long it stays valid by its own terms, from now.
        key_limits: What is stored of an API key's rate limits, and of those that it descends from.
    """

    identity: Identity
    organization_name: str
    seconds: float = math.inf
    key_limits: KeyLimits = ()


class Credential(Protocol):
    """One kind of credential."""

    method: ClassVar[Method]

    def __init__(self, database: Database, settings: Settings) -> None:
        """Raise `ValueError` when the settings for it cannot be used."""
        ...

    def presented(self, presented: Presented) -> str | None:
        """The secret that a request presents for this kind, or None when it presents none.

        Raises:
            Forbidden: when one is presented in a way that another site could have forged.
        """
        ...

    async def verify(self, secret: str) -> Verified:
        """Whom the secret stands for.

        Raises:
            Unauthenticated: when it is not valid.
            Unavailable: when the database cannot be reached.
        """
        ...

    def login_of(self, secret: str) -> Login | None:
        """The login that the secret comes from; None for one that nobody can log out of.

        Raises:
            Unauthenticated: when the secret is not valid.
        """
        ...
