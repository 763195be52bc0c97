"""PostgreSQL's advisory locks of one organization; the end of the transaction releases them.

https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS. SQLite needs none: a
transaction that writes is the only one.
"""

from sqlalchemy import BigInteger, ColumnElement, Select, bindparam, func, select

CALL_ROLLUP = 0x63616C6C
"""The lock of folding changes of calls into sums. Any fixed number does; each lock has another."""

INBOX = 0x686F6F6B
"""The lock of applying webhook deliveries."""


def try_lock(lock: int, organization_id: int) -> Select[tuple[bool]]:
    """Whether the transaction has the lock now; it does not wait for another one."""
    return select(func.pg_try_advisory_xact_lock(lock, _hashed(organization_id)))


def wait_for_lock(lock: int, organization_id: int) -> Select[tuple[None]]:
    """Waits until no other transaction has the lock, and takes it."""
    return select(func.pg_advisory_xact_lock(lock, _hashed(organization_id)))


def _hashed(organization_id: int) -> ColumnElement[int]:
    """The second key in 32 bits; organizations with equal hashes only wait for each other."""
    return func.hashint8(bindparam("organization_id", organization_id, type_=BigInteger()))
