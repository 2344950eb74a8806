"""What Alembic runs: `bot.database` hands over a connection, in a transaction of its own."""

from alembic import context

from bot.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    # SQLite changes a table by making it anew.
    render_as_batch=True,
)
context.run_migrations()
