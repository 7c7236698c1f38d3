"""${message}

Revision ID: ${up_revision}
Revises: ${down_revision | comma,n}

A batch alter of `occupancy` on SQLite drops its guard: call booking.slots.guards.install afterwards.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
