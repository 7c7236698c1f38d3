"""The languages that professionals and usagers speak beside French, and who needs an interpreter.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

from alembic import op

from booking.slots import revisions

revision = "0011"
down_revision = "0010"

# Columns with their own constraints: SQLite adds them without rebuilding tables that others reference.
COLUMNS = (
    ("professional", "languages", "VARCHAR(400) DEFAULT '' NOT NULL"),
    (
        "usager",
        "spoken_language",
        "VARCHAR(3) CONSTRAINT ck_usager_spoken_language CHECK (length(spoken_language) BETWEEN 2 AND 3)",
    ),
    (
        "usager",
        "interpreter_needed",
        "BOOLEAN DEFAULT false NOT NULL CONSTRAINT ck_usager_interpreter_needed CHECK (NOT interpreter_needed OR spoken_language IS NOT NULL)",
    ),
)


def upgrade() -> None:
    for table, name, kind in COLUMNS:
        op.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind}")
    revisions.install(op.get_bind())


def downgrade() -> None:
    revisions.uninstall(op.get_bind())  # a trigger watches a column that goes
    for table, name, _ in reversed(COLUMNS):
        op.execute(f"ALTER TABLE {table} DROP COLUMN {name}")
    revisions.install(op.get_bind())
