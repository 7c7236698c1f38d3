"""Several who come together, added one after the other before the booking."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from booking.reservations import doctor
from booking.slots.models import AppointmentType
from tests.builders import Cast, add_usagers, set_on
from tests.web.browsing import Browser, Page
from tests.web.pages import SLOT
from tests.web.test_booking import NEW, appointments, create, page_with_people, status
from tests.web.test_structure import check_fields, check_frame, check_headings, check_ids


def follow(browser: Browser, page: Page, words: str) -> Page:
    (link,) = [each for each in page.tree.all("a") if each.text == words]
    return browser.get(link["href"])


def test_two_who_are_known(amina: Browser, cast: Cast, session: Session) -> None:
    page = follow(amina, amina.get(f"{SLOT}&usager={cast.diallo}"), "Ajouter une autre personne")
    assert "Viennent aussi DIALLO Amadou" in page.text
    found = amina.send(page, NEW, q="kon")
    for check in (check_frame, check_ids, check_fields, check_headings):
        check(found)
    done = amina.send(page_with_people(found), NEW)
    assert done.tree.one("h1").text == "DIALLO Amadou, KONÉ Aminata"
    assert "DIALLO Amadou : courriel en cours d’envoi" in status(done)
    assert doctor.examine() == []


def test_whoever_is_found_may_not_be_the_last(amina: Browser, cast: Cast, session: Session) -> None:
    add_usagers(1)
    page = amina.send(amina.get(SLOT), NEW, q="dia")
    for words in ("kon", "martin"):
        page = amina.send(page_with_people(page), NEW, suite="ajouter")
        assert appointments(session) == 0, "adding somebody books nothing"
        page = amina.send(page, NEW, q=words)
    done = amina.send(page_with_people(page), NEW)
    assert done.tree.one("h1").text == "DIALLO Amadou, KONÉ Aminata, MARTIN0 Sacha"


def test_the_last_one_may_be_new(amina: Browser, cast: Cast) -> None:
    done = create(amina, amina.get(f"{SLOT}&famille={cast.diallo}&q=Traoré"), first_name="Awa")
    assert done.tree.one("h1").text == "DIALLO Amadou, TRAORÉ Awa"


def test_somebody_is_taken_out_again(amina: Browser, cast: Cast) -> None:
    page = amina.get(f"{SLOT}&famille={cast.diallo}&famille={cast.kone}")
    without = follow(amina, page, "Retirer DIALLO Amadou")
    assert "DIALLO" not in without.text
    assert "KONÉ Aminata" in without.text


def test_nobody_else_comes_after_all(amina: Browser, cast: Cast) -> None:
    page = follow(amina, amina.get(f"{SLOT}&famille={cast.kone}&famille={cast.diallo}"), "Personne d’autre")
    assert "Pour DIALLO Amadou" in page.text
    done = amina.send(page_with_people(page), NEW)
    assert done.tree.one("h1").text == "DIALLO Amadou, KONÉ Aminata"


def test_they_stay_when_a_colleague_is_added(amina: Browser, cast: Cast) -> None:
    page = amina.get(f"{SLOT}&famille={cast.kone}")
    (form,) = [each for each in page.tree.all("form") if each.all("input", name="regle", type="radio")]
    assert form.one("input", name="famille")["value"] == str(cast.kone)


def test_the_same_person_twice_is_refused(amina: Browser, cast: Cast, session: Session) -> None:
    page = amina.get(f"{SLOT}&famille={cast.diallo}&usager={cast.diallo}")
    refused = amina.send(page_with_people(page), NEW)
    assert refused.status == 422
    assert "indiquée deux fois" in refused.text
    assert appointments(session) == 0


class TestMoreThanASessionHasSeats:
    @pytest.fixture
    def pair(self, cast: Cast) -> str:
        """M. Diallo and whoever comes with him, for a session of one seat."""
        set_on(AppointmentType, cast.entretien, capacity=1)
        return f"{SLOT}&famille={cast.diallo}"

    def test_who_is_known_may_wait(self, amina: Browser, cast: Cast, session: Session, pair: str) -> None:
        page = amina.get(f"{pair}&usager={cast.kone}")
        refused = amina.send(page_with_people(page), NEW)
        assert (refused.status, "séance est complète (1 place)" in refused.text) == (409, True)
        assert "Ce créneau n’est plus possible" not in refused.text
        assert "Pour KONÉ Aminata" in refused.text
        assert "DIALLO Amadou" in refused.text
        assert appointments(session) == 0
        noting = follow(amina, refused, "Noter la demande sur la liste d’attente")
        assert noting.status == 200
        assert noting.tree.one("select", name="professionnel")
        for check in (check_frame, check_ids, check_fields, check_headings):
            check(refused)

    def test_what_was_typed_of_somebody_new_is_kept(self, amina: Browser, session: Session, pair: str) -> None:
        refused = create(amina, amina.get(f"{pair}&q=Traoré"), first_name="Awa")
        assert refused.status == 409
        assert refused.tree.one("input", name="first_name")["value"] == "Awa"
        assert appointments(session) == 0


def test_of_a_confidential_service_nobody_is_named(amina: Browser, cast: Cast) -> None:
    page = amina.get(
        f"{NEW}?motif=depistage&debut=2026-11-23T09:00&professionnel=petit&famille={cast.diallo}&usager={cast.kone}"
    )
    assert "DIALLO" not in page.source
    assert "KONÉ" not in page.source


@pytest.mark.parametrize("number", ["999", "0", "-1", "99999999999999999999"])
def test_nobody_has_that_number(amina: Browser, number: str) -> None:
    assert amina.get(f"{SLOT}&famille={number}").status == 404
