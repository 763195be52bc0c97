"""Settings of the session that a statement runs in."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


async def lift_statement_timeout(connection: AsyncConnection) -> None:
    """Let the statements of this transaction take as long as they need; SQLite sets no limit."""
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SET LOCAL statement_timeout = 0"))
