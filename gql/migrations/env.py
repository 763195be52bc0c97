"""What Alembic runs around the revisions: they share the runner's connection and transaction."""

from alembic import context

from gql.models import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite rolls tables back like rows, once the transaction was opened by hand as ours is.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
