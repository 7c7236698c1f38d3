"""What an entry of a feed says, by link and by service."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.feeds import wording
from booking.feeds.wording import Facts, Person

DIALLO = Person("Diallo", "Amadou")
KONE = Person("Koné", None)


def facts(confidentiality: str = "open", mode: str = "in_person", people: tuple[Person, ...] = (DIALLO,)) -> Facts:
    room = "B3" if mode == "in_person" else None
    return Facts(confidentiality, mode, room, "Entretien", people)


@pytest.mark.parametrize(
    ("link", "of", "title", "place"),
    [
        pytest.param("occupe", facts(), "Occupé", None, id="occupe says nothing more"),
        pytest.param("initiales", facts(), "RDV A. D.", "B3", id="initials and room"),
        pytest.param("complet", facts(), "DIALLO Amadou – Entretien", "B3", id="name, type and room"),
        pytest.param(
            "complet", facts("compartmented"), "RDV A. D.", "B3", id="a compartmented service allows initials at most"
        ),
        pytest.param("initiales", facts("confidential"), "Occupé", None, id="a confidential service allows nothing"),
        pytest.param("complet", facts("confidential"), "Occupé", None, id="whatever the link asks for"),
        pytest.param("initiales", facts(mode="phone"), "RDV A. D.", "Par téléphone", id="by phone"),
        pytest.param("complet", facts(mode="home"), "DIALLO Amadou – Entretien", "À domicile", id="at home"),
        pytest.param(
            "initiales", facts(people=(DIALLO, KONE)), "RDV A. D., K.", "B3", id="two people, one with one name"
        ),
        pytest.param(
            "complet", facts(people=(DIALLO, KONE)), "DIALLO Amadou, KONÉ – Entretien", "B3", id="both by their names"
        ),
    ],
)
def test_entries(link: str, of: Facts, title: str, place: str | None) -> None:
    assert wording.entry(link, of) == (title, place)


@pytest.mark.parametrize(
    ("link", "title"), [("occupe", "Indisponible"), ("initiales", "Absent"), ("complet", "Absent")]
)
def test_absences(link: str, title: str) -> None:
    assert wording.absence(link) == title


@given(
    link=st.sampled_from(["occupe", "initiales", "complet"]),
    level=st.sampled_from(["open", "compartmented", "confidential"]),
    mode=st.sampled_from(["in_person", "phone", "video", "home"]),
)
def test_a_full_name_needs_an_open_service_and_a_full_link(link: str, level: str, mode: str) -> None:
    title, place = wording.entry(link, facts(level, mode))
    assert ("DIALLO" in title) == ((link, level) == ("complet", "open"))
    assert (place is None) == (link == "occupe" or level == "confidential")
