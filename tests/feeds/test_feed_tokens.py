"""The secrets of the feeds."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking import create_app, feeds
from booking.errors import DatabaseUnavailable, Invalid, NotFound
from booking.feeds.models import FeedToken
from booking.people.models import Professional
from tests.builders import NOW, Cast
from tests.notify.postman import free_port
from tests.starting import settings_in

HOUR = timedelta(hours=1)


def only(session: Session) -> FeedToken:
    session.rollback()
    return session.scalars(sa.select(FeedToken)).one()


def test_a_secret_has_256_bits_and_is_not_stored(session: Session, cast: Cast) -> None:
    token = feeds.issue(cast.roux, " Téléphone ", "initiales", NOW)
    stored = only(session)
    assert len(token) == 43, "32 random bytes in base64"
    assert token not in {str(value) for value in vars(stored).values()}
    assert (stored.label, stored.wording, stored.created_at) == ("Téléphone", "initiales", NOW)
    assert feeds.issue(cast.roux, "Ordinateur", "occupe", NOW) != token


@pytest.mark.parametrize(
    ("label", "wording", "field", "rule"),
    [
        pytest.param("", "occupe", "label", "required", id="no label"),
        pytest.param("   ", "occupe", "label", "required", id="blank"),
        pytest.param("x" * 61, "occupe", "label", "too_long", id="61 characters"),
        pytest.param("a\x00b", "occupe", "label", "control_characters", id="a control character"),
        pytest.param("a\nb", "occupe", "label", "control_characters", id="two lines"),
        pytest.param("1 84 12 76 451 089 46", "occupe", "label", "nir", id="a social security number"),
        pytest.param("Téléphone", "tout", "wording", "unknown", id="no such wording"),
    ],
)
def test_what_a_link_cannot_be(session: Session, cast: Cast, label: str, wording: str, field: str, rule: str) -> None:
    with pytest.raises(Invalid) as caught:
        feeds.issue(cast.roux, label, wording, NOW)
    assert (caught.value.field, caught.value.rule) == (field, rule)
    assert feeds.tokens(session, cast.roux) == []


def test_nobody_unknown_or_gone_has_a_link(session: Session, cast: Cast) -> None:
    session.execute(sa.update(Professional).where(Professional.id == cast.roux).values(retired_at=NOW))
    session.commit()
    for professional_id in (cast.roux, 999):
        with pytest.raises(NotFound):
            feeds.issue(professional_id, "Téléphone", "occupe", NOW)


def test_revoking_keeps_its_first_hour(session: Session, cast: Cast) -> None:
    feeds.issue(cast.roux, "Téléphone", "occupe", NOW)
    feeds.revoke(only(session).id, NOW)
    feeds.revoke(only(session).id, NOW + HOUR)
    assert only(session).revoked_at == NOW
    with pytest.raises(NotFound):
        feeds.revoke(999, NOW)


def test_revoking_all_leaves_the_others_alone(session: Session, cast: Cast) -> None:
    for professional_id, label in ((cast.roux, "Téléphone"), (cast.roux, "Ordinateur"), (cast.diop, "Téléphone")):
        feeds.issue(professional_id, label, "occupe", NOW)
    assert feeds.revoke_all(cast.roux, NOW) == 2
    session.rollback()
    assert [(each.label, each.revoked_at) for each in feeds.tokens(session, cast.roux)] == [
        ("Ordinateur", NOW),
        ("Téléphone", NOW),
    ]
    assert [each.revoked_at for each in feeds.tokens(session, cast.diop)] == [None]


def test_use_is_noted_once_an_hour(session: Session, cast: Cast) -> None:
    feeds.issue(cast.roux, "Téléphone", "occupe", NOW)
    key = only(session).id
    for at in (NOW, NOW + HOUR / 2, NOW + HOUR):
        feeds.note_use(key, at)
        expected = NOW + HOUR if at == NOW + HOUR else NOW
        assert only(session).last_used_at == expected


def test_a_reading_survives_a_database_that_is_gone(tmp_path: Path) -> None:
    app = create_app(settings_in(tmp_path, f"postgresql://nobody@127.0.0.1:{free_port()}/nothing"))
    with app.app_context():
        feeds.note_use(1, NOW)
        with pytest.raises(DatabaseUnavailable):
            feeds.revoke(1, NOW)
