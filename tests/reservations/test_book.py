"""Booking: what is written, what is refused, and that nothing is written when it is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking import schema
from booking.db import in_transaction
from booking.errors import BookingError, Invalid, KeyReused, NotFound, SlotTaken, SlotUnavailable
from booking.people.directory import NewUsager, create_visitor
from booking.people.models import Professional, Service, Usager
from booking.reservations import Book, book
from booking.reservations.models import Appointment, History
from booking.rooms.models import Room
from booking.slots.models import Absence, Closure, Occupancy
from tests.builders import NOW, Cast, act, paris, rows_of

NINE = paris("2026-11-23 09:00")


def entretien(cast: Cast, start: datetime = NINE, **more: Any) -> Book:
    """M. Diallo's interview with Mme Roux."""
    command = Book("key-1", cast.entretien, start, cast.roux, cast.diallo)
    return replace(command, **more)


def test_it_takes_the_professional_the_usager_and_the_least_versatile_room(cast: Cast, session: Session) -> None:
    outcome = book(entretien(cast), act())
    assert (outcome.status, outcome.room, outcome.sequence, outcome.replayed) == ("booked", "B1", 0, False)
    start, end = int(NINE.timestamp()), int(NINE.timestamp()) + 1800
    taken = session.execute(sa.select(Occupancy.resource_id, Occupancy.starts_at, Occupancy.ends_at)).all()
    assert sorted(taken) == sorted([(cast.roux, start, end), (cast.diallo, start, end), (cast.b1, start, end)])


def test_buffers_take_the_professional_and_the_room_but_not_the_usager(cast: Cast, session: Session) -> None:
    half_past = paris("2026-11-23 09:30")
    book(Book("k", cast.consultation, half_past, cast.lenoir, cast.diallo), act())
    at = int(half_past.timestamp())
    query = sa.select(Occupancy.resource_id, Occupancy.starts_at - at, Occupancy.ends_at - at)
    assert sorted(session.execute(query)) == sorted(
        [(cast.lenoir, -300, 2400), (cast.c1, -300, 2400), (cast.diallo, 0, 1800)]
    )


def test_by_phone_no_room_is_taken(cast: Cast, session: Session) -> None:
    outcome = book(entretien(cast, type_id=cast.appel), act())
    assert outcome.room is None
    assert session.scalars(sa.select(Occupancy.resource_id)).all() == [cast.roux, cast.diallo]


def test_history_says_who_did_what_with_ids_only(cast: Cast, session: Session) -> None:
    book(entretien(cast), act(agent_id=cast.amina))
    row = session.scalars(sa.select(History)).one()
    assert (row.action, row.agent_id, row.origin, row.reason, row.at) == ("booked", cast.amina, "web", None, NOW)
    assert row.after["attendance"] == {str(cast.diallo): "expected"}
    assert row.after["room"] == cast.b1


def test_an_usager_is_created_with_the_appointment(cast: Cast, session: Session) -> None:
    outcome = book(entretien(cast, usager=NewUsager(last_name="Nguyen", first_name="Linh")), act())
    appointment = session.get_one(Appointment, outcome.appointment_id)
    assert appointment.participations[0].usager.name == "NGUYEN Linh"


def test_somebody_who_cannot_climb_stairs_gets_a_step_free_room(cast: Cast) -> None:
    usager = NewUsager(last_name="Nguyen", step_free=True)
    assert book(entretien(cast, usager=usager), act()).room == "B2"


def test_a_room_can_be_asked_for(cast: Cast) -> None:
    assert book(entretien(cast, room_id=cast.b2), act()).room == "B2"


def test_a_confidential_service_books_by_code_only(cast: Cast, session: Session) -> None:
    outcome = book(Book("k", cast.depistage, NINE, cast.petit, None), act())
    usager = session.get_one(Appointment, outcome.appointment_id).participations[0].usager
    assert (usager.last_name, usager.email, usager.service_id) == (None, None, cast.sante_sexuelle)
    assert usager.code is not None
    assert outcome.room == "C4"


def test_the_same_key_books_once_and_gives_the_same_answer(cast: Cast, session: Session) -> None:
    first = book(entretien(cast), act())
    again = book(entretien(cast), act())
    assert again == replace(first, replayed=True)
    assert session.scalar(sa.select(sa.func.count()).select_from(Appointment)) == 1


def test_a_key_cannot_serve_for_another_command(cast: Cast) -> None:
    book(entretien(cast), act())
    with pytest.raises(KeyReused):
        book(entretien(cast, start=paris("2026-11-23 10:00")), act())


@pytest.mark.parametrize("key", ["", "k" * 65, "a\x00b", "a\nb"], ids=["empty", "too long", "NUL", "two lines"])
def test_a_key_that_the_table_cannot_hold_is_refused(cast: Cast, key: str) -> None:
    with pytest.raises(Invalid):
        book(entretien(cast, key=key), act())


REFUSED_TIMES = [
    ("2026-11-20 09:00", "past", "the Friday before has gone by"),
    ("2026-11-22 13:00", "past", "it begins at this very instant"),
    ("2026-11-28 09:00", "closed", "a Saturday"),
    ("2026-12-25 09:00", "closed", "Christmas, a Friday"),
    ("2026-11-23 08:00", "closed", "the site opens at 8h30"),
    ("2026-11-23 17:15", "closed", "it would end after 17h30"),
    ("2026-11-23 08:30", "no_opening", "Mme Roux begins at 9h00"),
    ("2026-11-23 11:45", "no_opening", "it would end after her morning"),
    ("2026-11-23 09:10", "off_grid", "her slots begin every 30 minutes from 9h00"),
    ("2026-11-23 09:30:01", "off_grid", "not even a multiple of 5 minutes"),
    ("2026-11-24 09:00", "absent", "she is away on Tuesday"),
    ("2026-11-25 09:00", "closed", "the site is closed that Wednesday"),
]


@pytest.mark.parametrize(("start", "rule", "because"), REFUSED_TIMES, ids=[row[2] for row in REFUSED_TIMES])
def test_the_rule_that_forbids_a_time_is_named(cast: Cast, start: str, rule: str, because: str) -> None:
    away(cast)
    with pytest.raises(SlotUnavailable) as refused:
        book(entretien(cast, start=paris(start)), act())
    assert refused.value.rule == rule, because
    assert refused.value.alternatives


def away(cast: Cast) -> None:
    """Mme Roux is absent on the Tuesday, and the site closed on the Wednesday."""
    tuesday = [paris("2026-11-24 00:00"), paris("2026-11-25 00:00")]
    wednesday = [paris("2026-11-25 00:00"), paris("2026-11-26 00:00")]

    def add(session: Session) -> None:
        session.add(
            Absence(uid="a", professional_id=cast.roux, starts_at=tuesday[0], ends_at=tuesday[1], created_at=NOW)
        )
        session.add(Closure(site_id=cast.site, starts_at=wednesday[0], ends_at=wednesday[1], label="Travaux"))

    in_transaction(add)


def test_a_taken_slot_gives_the_nearest_alternatives_the_same_professional_first(cast: Cast) -> None:
    book(entretien(cast), act())
    with pytest.raises(SlotTaken) as refused:
        book(entretien(cast, key="other", usager=cast.kone), act())
    assert refused.value.rule == "professional_busy"
    given = [(slot.start, slot.professional_id) for slot in refused.value.alternatives]
    assert given == [
        (NINE, cast.diop),
        (paris("2026-11-23 09:30"), cast.roux),
        (paris("2026-11-23 09:30"), cast.diop),
        (paris("2026-11-23 10:00"), cast.roux),
        (paris("2026-11-23 10:30"), cast.roux),
    ]


def test_an_usager_cannot_be_in_two_places(cast: Cast) -> None:
    book(entretien(cast), act())
    with pytest.raises(SlotTaken) as refused:
        book(entretien(cast, key="other", professional_id=cast.diop), act())
    assert refused.value.rule == "usager_busy"


def test_a_slot_may_touch_another(cast: Cast) -> None:
    book(entretien(cast), act())
    assert book(entretien(cast, key="next", start=paris("2026-11-23 09:30")), act()).room == "B1"


def test_when_every_room_is_taken_it_says_so(cast: Cast) -> None:
    block(cast.b1, cast.b2)
    with pytest.raises(SlotTaken) as refused:
        book(entretien(cast), act())
    assert refused.value.rule == "no_room"


def block(*resources: int) -> None:
    """Block these resources from 9h00 to 9h30."""
    start = int(NINE.timestamp())
    rows = [{"resource_id": key, "starts_at": start, "ends_at": start + 1800, "block": "test"} for key in resources]
    in_transaction(lambda session: session.execute(sa.insert(Occupancy), rows) and None)


def test_the_next_room_is_given_when_the_preferred_one_is_closed(cast: Cast) -> None:
    closed = Closure(
        site_id=cast.site,
        room_id=cast.b1,
        starts_at=paris("2026-11-23 08:00"),
        ends_at=paris("2026-11-23 10:00"),
        label="Peinture",
    )
    in_transaction(lambda session: session.add(closed))
    assert book(entretien(cast), act()).room == "B2"


REFUSED = [
    ({"type_id": 999}, NotFound, "unknown type"),
    ({"type_id": 999_999_999_999_999}, NotFound, "15 digits"),
    ({"professional_id": 999}, NotFound, "unknown professional"),
    ({"professional_id": -1}, NotFound, "negative"),
    ({"usager": 999}, NotFound, "unknown usager"),
    ({"usager": 123_456_789_012_345}, NotFound, "15 digits again"),
    ({"usager": None}, Invalid, "an open service needs somebody"),
    ({"room_id": 999}, NotFound, "unknown room"),
    ({"room_id": "c1"}, SlotUnavailable, "a cabinet for an interview"),
    ({"room_id": "en1"}, SlotUnavailable, "a PC is never proposed for another kind"),
    ({"professional_id": "lenoir"}, SlotUnavailable, "a doctor of another service"),
    ({"type_id": "consultation"}, SlotUnavailable, "a social worker gives no consultation"),
    ({"type_id": "appel", "room_id": "b1"}, Invalid, "a call takes no room"),
    (
        {"type_id": "consultation", "professional_id": "lenoir", "room_id": "c4"},
        SlotUnavailable,
        "kept for a service",
    ),
    (
        {"type_id": "depistage", "professional_id": "petit"},
        Invalid,
        "a named person in a confidential service",
    ),
    ({"usager": NewUsager(last_name="Nguyen", email="a@b@c")}, Invalid, "a new usager with a wrong address"),
    ({"usager": NewUsager(last_name="Nguyen", service_id=2)}, Invalid, "a namespace that is not the type's"),
]


@pytest.mark.parametrize(("change", "error", "because"), REFUSED, ids=[row[2] for row in REFUSED])
def test_bad_commands_write_nothing(
    cast: Cast, session: Session, change: dict[str, object], error: type[BookingError], because: str
) -> None:
    named = {name: getattr(cast, value) if isinstance(value, str) else value for name, value in change.items()}
    before = rows_of(session, schema.metadata)
    with pytest.raises(error):
        book(entretien(cast, **named), act())
    assert rows_of(session, schema.metadata) == before, because


def test_a_new_named_usager_is_refused_by_a_confidential_service(cast: Cast) -> None:
    with pytest.raises(Invalid) as refused:
        book(Book("k", cast.depistage, NINE, cast.petit, NewUsager(last_name="Nguyen")), act())
    assert refused.value.rule == "anonymous"


def test_somebody_of_a_confidential_namespace_is_unknown_elsewhere(cast: Cast) -> None:
    visitor = in_transaction(lambda s: create_visitor(s, s.get_one(Service, cast.sante_sexuelle), NOW))
    with pytest.raises(NotFound):
        book(entretien(cast, usager=visitor), act())
    assert book(Book("k", cast.depistage, NINE, cast.petit, visitor), act()).room == "C4"


def test_a_retired_professional_and_a_retired_room_are_not_given(cast: Cast) -> None:
    def retire(session: Session) -> None:
        session.get_one(Professional, cast.diop).retired_at = NOW
        session.get_one(Room, cast.b1).retired_at = NOW

    in_transaction(retire)
    with pytest.raises(SlotUnavailable) as refused:
        book(entretien(cast, professional_id=cast.diop), act())
    assert refused.value.rule == "not_qualified"
    assert book(entretien(cast), act()).room == "B2"


def test_the_desk_lead_time_of_a_type_binds_reception(cast: Cast, session: Session) -> None:
    in_transaction(lambda s: s.execute(sa.text("UPDATE appointment_type SET desk_lead_time = 1440")) and None)
    with pytest.raises(SlotUnavailable) as refused:
        book(entretien(cast), act())
    assert refused.value.rule == "desk_lead_time"


def test_an_error_while_filing_messages_leaves_nothing(cast: Cast, session: Session) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    before = rows_of(session, schema.metadata)
    with pytest.raises(ZeroDivisionError):
        book(entretien(cast, usager=NewUsager(last_name="Nguyen")), act(tell=fail))
    assert rows_of(session, schema.metadata) == before
    assert session.scalar(sa.select(sa.func.count()).select_from(Usager)) == 2
