"""Rooms that are given by hand, and the appointments that may still change theirs so that another finds one.

Revision ID: 0014
Revises: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.reservations import append_only

revision = "0014"
down_revision = "0013"

REASONS = "'usager_request', 'service_request', 'professional_absent', 'closed', 'walk_in', 'hors_plage', 'swap', 'waiting_list', {new}'mistake', 'other'"
NEW = "'room_needed', "
# Nobody noted whether a room was named: whoever changed one meant it.
PIN = """UPDATE appointment SET room_pinned = true WHERE room_id IS NOT NULL AND EXISTS
(SELECT 1 FROM history WHERE history.appointment_id = appointment.id AND history.action = 'room_changed')"""
SECONDS = {
    "postgresql": "CAST(EXTRACT(EPOCH FROM starts_at) AS BIGINT)",
    "sqlite": "CAST(strftime('%s', starts_at) AS INTEGER)",
}
HERE = "FROM participation WHERE appointment_id = appointment.id AND attendance NOT IN ('excused', 'revoked')"
SIT = """INSERT INTO seated (appointment_id, type_id, persons, starts_at) SELECT id, type_id,
(SELECT COUNT(*) FROM appointment_professional WHERE appointment_id = appointment.id)
+ COALESCE(capacity, (SELECT COUNT(*) {here})), {seconds} FROM appointment
WHERE room_id IS NOT NULL AND NOT room_pinned AND cancelled_at IS NULL
AND NOT EXISTS (SELECT 1 {here} AND attendance <> 'expected')"""


def upgrade() -> None:
    _allow(without="", new=NEW)
    # A column with its own constraint: SQLite adds it without rebuilding a table that others reference.
    op.execute("ALTER TABLE appointment ADD COLUMN room_pinned BOOLEAN DEFAULT false NOT NULL")
    op.create_table(
        "seated",
        sa.Column("appointment_id", sa.Integer(), nullable=False),
        sa.Column("type_id", sa.Integer(), nullable=False),
        sa.Column("persons", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointment.id"], name=op.f("fk_seated_appointment_id_appointment")
        ),
        sa.ForeignKeyConstraint(["type_id"], ["appointment_type.id"], name=op.f("fk_seated_type_id_appointment_type")),
        sa.PrimaryKeyConstraint("appointment_id", name=op.f("pk_seated")),
    )
    op.create_table(
        "given_up",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_given_up")),
    )
    op.execute(PIN)
    op.execute(SIT.format(here=HERE, seconds=SECONDS[op.get_bind().dialect.name]))


def downgrade() -> None:
    op.drop_table("given_up")
    op.drop_table("seated")
    op.execute("ALTER TABLE appointment DROP COLUMN room_pinned")
    append_only.uninstall(op.get_bind())
    op.execute("UPDATE history SET reason = 'other' WHERE reason = 'room_needed'")
    append_only.install(op.get_bind())
    _allow(without=NEW, new="")


def _allow(without: str, new: str) -> None:
    """The reasons that history may give. The table is not rebuilt: others reference it, and it only grows."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_history_reason"), "history", type_="check")
        allowed = REASONS.format(new=new)
        op.create_check_constraint(op.f("ck_history_reason"), "history", f"reason IS NULL OR reason IN ({allowed})")
        return
    # What SQLite documents for a constraint that changes nothing of what is stored (« Making Other Kinds Of Table Schema Changes »).
    connection = op.get_bind()
    before, after = REASONS.format(new=without), REASONS.format(new=new)
    stored = "FROM sqlite_master WHERE type = 'table' AND name = 'history'"
    if before not in connection.exec_driver_sql(f"SELECT sql {stored}").scalar_one():
        raise RuntimeError("the reasons of history are not written as expected: its constraint was changed by hand")
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    connection.exec_driver_sql(
        "UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = 'history'", (before, after)
    )
    connection.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = OFF")
