"""Logging in by password: the limit of attempts, and the token and cookie for a right one."""

import hashlib
import ipaddress
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.responses import Response
from starlette.types import Scope

from gql.accounts.logins import new_login_id
from gql.accounts.passwords import Passwords
from gql.accounts.people import PasswordClaim, Person, check_password
from gql.auth.bearer import can_issue, issue_token
from gql.auth.cookie import set_cookie
from gql.auth.csrf import OTHER_SITE, from_another_site
from gql.auth.dashboard import DashboardCredential
from gql.database import Database
from gql.errors import DeadlineExceeded, Forbidden, RateLimited, Unauthenticated, Unavailable
from gql.settings import Settings
from gql.stores.throttle import Limit, ProcessThrottle, Throttle

_OFF = (
    "Logins by password are off: set GQL_JWT_SECRET (for tokens) or GQL_SECRET_KEY (for the "
    "dashboard) on the gateway to allow them."
)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A person who gave the right password.

    Attributes:
        token: A JWT; None when the gateway has no secret to sign one with.
        cookie: The dashboard cookie; None when there is no key to sign it with.
        seconds: How long both are good.
    """

    person: Person
    token: str | None = field(repr=False)
    cookie: str | None = field(repr=False)
    seconds: int
    _scope: Scope = field(repr=False)

    def set_cookie(self, response: Response) -> None:
        """Set the cookie, where there is one."""
        if self.cookie is not None:
            set_cookie(response, self.cookie, scope=self._scope, seconds=self.seconds)


class PasswordLogin:
    """One per process: the thread that checks passwords, and the count of wrong ones.

    Args:
        database: Where people are looked up.
        settings: The limits, and what logins are signed with.
        throttle: Counts wrong passwords; by default in this process.
        timer: Measures the seconds of that default.

    Raises:
        ValueError: when a secret of the settings cannot be used.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        throttle: Throttle | None = None,
        *,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._settings = settings
        self._passwords = Passwords()
        if throttle is None:
            throttle = ProcessThrottle(settings.login_window, settings.remembered_ttl, timer)
        self._throttle = throttle
        self._dashboard = DashboardCredential(database, settings)

    async def __call__(self, scope: Scope, claim: PasswordClaim, *, remember_me: bool) -> LoggedIn:
        """Log somebody in.

        Args:
            scope: Of the request: where it comes from, and how.
            claim: Who they say they are.
            remember_me: For `remembered_ttl` instead of `dashboard_ttl` seconds.

        Raises:
            Forbidden: when a page of another site sent it.
            RateLimited: after too many wrong passwords for the account or from the address.
            Unauthenticated: when account, password or organization do not match, or the person is
                deactivated; all in the same words.
            Unavailable: when nothing can be signed, or the database cannot be reached.
        """
        # Else another site could log its visitors in as somebody of its choice.
        if from_another_site(scope):
            raise Forbidden(OTHER_SITE)
        if not can_issue(self._settings) and not self._dashboard.can_seal:
            raise Unavailable(_OFF)
        person = await self._person(scope, claim)
        return self._logged_in(scope, person, remember_me=remember_me)

    async def _person(self, scope: Scope, claim: PasswordClaim) -> Person:
        address = _address(scope)
        account = hashlib.sha256(claim.account.encode()).hexdigest()
        limits = await self._limits(account, address)
        try:
            attempt = await self._throttle.take(limits)
        except RateLimited:
            _log.warning("a login was not tried: too many failed", extra={"address": address})
            raise
        try:
            person = await check_password(self._database, self._passwords, claim)
        except Unauthenticated:
            _log.info("refused a password", extra={"address": address})
            raise
        except (RateLimited, Unavailable, DeadlineExceeded):
            await self._throttle.give_back(limits, attempt)
            raise
        await self._throttle.give_back(limits, attempt)
        await self._throttle.note_login((account, address))
        _log.info("logged in by password", extra={"address": address, "user_id": person.id})
        return person

    async def _limits(self, account: str, address: str) -> tuple[Limit, ...]:
        """What a wrong password for an account from an address counts against.

        The obvious limits are one per account and one per address. But with the first, whoever
        knows an account locks its owner out with five requests from anywhere; and with the second,
        one guesser behind a proxy locks out everybody behind it. So what stops a guesser is the
        limit of both together. The other two only bound guesses from many addresses and at many
        accounts; they are far higher, and where the account was logged in from this address before
        they do not count at all. https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies
        is the idea, with addresses for devices.
        """
        settings = self._settings
        together = Limit(("account and address", f"{account} {address}"), settings.login_attempts)
        if await self._throttle.had_login((account, address)):
            return (together,)
        return (
            together,
            Limit(("account", account), settings.login_attempts_per_account),
            Limit(("address", address), settings.login_attempts_per_address),
        )

    def _logged_in(self, scope: Scope, person: Person, *, remember_me: bool) -> LoggedIn:
        settings = self._settings
        seconds = settings.remembered_ttl if remember_me else settings.dashboard_ttl
        token = cookie = None
        login_id = new_login_id()
        if can_issue(settings):
            token = issue_token(
                settings,
                person.organization_id,
                user_id=person.id,
                permissions=person.permissions,
                seconds=seconds,
                login_id=login_id,
                stamp=person.stamp,
            )
        if self._dashboard.can_seal:
            cookie = self._dashboard.seal_person(person, login_id=login_id, remember_me=remember_me)
        return LoggedIn(person, token, cookie, seconds, scope)


def _address(scope: Scope) -> str:
    """The address that the server sees; of IPv6 the /64 network, all of which one customer has.

    Requests over a Unix socket have no address and share a count.
    """
    client = scope.get("client")
    host = client[0] if client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return str(host)
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(address), 64), strict=False))
