"""What the database takes to be a letter."""

from sqlalchemy import text

from gql.database.engine import Database


async def knows_all_letters(database: Database) -> bool:
    """Whether it has the lower case of letters beyond ASCII; by locale `C` PostgreSQL has not."""
    async with database.engine.connect() as connection:
        return bool(await connection.scalar(text("SELECT lower('\u00c9') = '\u00e9'")))
