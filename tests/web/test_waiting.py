"""The waiting list on the screens: noted where nothing is free, proposed where something is freed, then booked."""

from __future__ import annotations

import pytest
import time_machine
from sqlalchemy.orm import Session

from booking import reservations
from booking.reservations import (
    Book,
    Join,
    Outcome,
    Wait,
    WaitForSession,
    book,
    doctor,
    join,
    propose,
    proposing,
    wait,
    waiting,
)
from booking.reservations.wishes import Wishes
from booking.slots.models import AppointmentType
from tests.builders import MONDAY, NOW, Cast, act, add_usagers, set_on
from tests.reservations.waiters import NINE, entry, fill, lost, made, waits
from tests.web.browsing import Browser, Page

LIST, NEW = "/liste-d-attente", "/liste-d-attente/nouvelle"
ASKED = f"{NEW}?suite=1&motif=entretien&professionnel=roux&du=2026-11-23&au=2026-11-27"


@pytest.fixture
def full(cast: Cast) -> Outcome:
    """A session of 1 seat on Monday at 9h00; Mme Koné has it."""
    set_on(AppointmentType, cast.entretien, capacity=1)
    return book(Book("open", cast.entretien, NINE, cast.roux, cast.kone), act())


def links(page: Page, text: str) -> list[str]:
    return [each["href"] for each in page.tree.all("a") if text in each.text]


def noted_for_the_first_found(amina: Browser, page: Page) -> Page:
    """Press the button under those who were found."""
    (form,) = [each for each in page.tree.all("form", method="post") if each.all("input", type="radio")]
    hidden = {each["name"]: each["value"] for each in form.all("input", type="hidden")}
    return amina.post(form["action"], {**hidden, "usager": form.all("input", type="radio")[0]["value"]})


class TestNoting:
    def test_from_a_search_that_finds_nothing(self, amina: Browser, cast: Cast, session: Session) -> None:
        fill(cast)
        search = f"/creneaux?motif=entretien&professionnel=roux&du=2026-11-23&au=2026-11-23&usager={cast.diallo}"
        (link,) = links(amina.get(search), "liste d’attente")
        form = amina.get(link)
        said = amina.send(form, NEW, jours="1", de="09:00", a="12:00")
        assert "du 23/11/2026 au 23/11/2026, lundi, entre 9h00 et 12h00, avec Mme Roux" in said.text
        done = amina.send(said, NEW)
        assert "Demande notée" in done.text
        assert "DIALLO Amadou" in done.text
        (noted,) = waiting.standing(session)
        assert noted.wishes == Wishes(MONDAY, MONDAY, frozenset({1}), 540, 720)
        assert (noted.usager_id, noted.professional_id, noted.agent_id) == (cast.diallo, cast.roux, cast.amina)

    def test_from_a_session_that_is_full(self, amina: Browser, cast: Cast, session: Session, full: Outcome) -> None:
        (link,) = links(amina.get(f"/rendez-vous/{full.uid}"), "liste d’attente")
        done = noted_for_the_first_found(amina, amina.get(f"{link}&q=dia"))
        assert "une place dans la séance du lundi 23 novembre 2026 à 9h00" in done.text
        assert [one.appointment_id for one in waiting.standing(session)] == [full.appointment_id]

    def test_a_refused_seat_leads_to_it(self, amina: Browser, cast: Cast, full: Outcome) -> None:
        refused = amina.post(f"/rendez-vous/{full.uid}/personnes", {"key": "k" * 12, "usager": str(cast.diallo)})
        assert refused.status == 409
        (link,) = links(refused, "liste d’attente")
        assert f"seance={full.uid}" in link
        assert f"usager={cast.diallo}" in link

    def test_for_somebody_new(self, amina: Browser, cast: Cast, session: Session) -> None:
        page = amina.get(f"{ASKED}&q=zzz")
        form = next(each for each in page.tree.all("form") if each.all("input", name="last_name"))
        values = {each["name"]: each["value"] for each in form.all("input", type="hidden")}
        typed = {**values, "last_name": "Petit", "first_name": "Nina", "contact": "normal", "language": "fr"}
        assert "PETIT Nina" in amina.post(form["action"], typed).text
        amina.post(form["action"], typed)
        assert len(waiting.standing(session)) == 1, "sent twice, it is noted once"

    def test_who_may_be_known_already_is_shown_first(self, amina: Browser, cast: Cast, session: Session) -> None:
        typed = {"key": "k" * 12, "pour": "nouveau", "last_name": "Diallo", "phone": "06 39 98 12 34"}
        page = amina.post(ASKED, {**typed, "contact": "normal", "language": "fr"})
        assert (page.status, "existe peut-être déjà" in page.text) == (422, True)
        assert waiting.standing(session) == []

    def test_a_confidential_service_gives_a_code(self, amina: Browser, cast: Cast, session: Session) -> None:
        page = amina.get(f"{NEW}?suite=1&motif=depistage&du=2026-11-23&au=2026-11-27&usager={cast.diallo}")
        assert "DIALLO" not in page.text
        done = amina.send(page, NEW)
        (noted,) = waiting.standing(session)
        assert noted.usager.code is not None
        assert noted.usager.code in done.text
        assert "Depistage" not in done.text, "reception sees a code, not what it is for"

    @pytest.mark.parametrize(
        ("asked", "field"),
        [
            ("motif=", "motif"),
            ("motif=rien", "motif"),
            ("motif=entretien&du=2027-02-30", "du"),
            ("motif=entretien&de=25h00", "de"),
            ("motif=entretien&professionnel=rien", "professionnel"),
        ],
    )
    def test_what_cannot_be_read_is_refused_beside_its_field(self, amina: Browser, asked: str, field: str) -> None:
        page = amina.get(f"{NEW}?suite=1&{asked}")
        assert page.status == 422
        assert field in page.errors()

    @pytest.mark.parametrize(
        ("asked", "field"),
        [
            ("du=2026-11-27&au=2026-11-23", "au"),
            ("du=2026-11-23&au=2028-11-23", "au"),
            ("du=2026-11-23&au=2026-11-27&de=12:00&a=09:00", "a"),
            ("du=2026-11-23&au=2026-11-27&de=09:01", "de"),
            ("du=2026-11-23&au=2026-11-27&professionnel=lenoir", "professionnel"),
        ],
    )
    def test_what_nothing_could_meet_comes_back_too(
        self, amina: Browser, cast: Cast, session: Session, asked: str, field: str
    ) -> None:
        page = amina.post(f"{NEW}?suite=1&motif=entretien&{asked}", {"key": "k" * 12, "usager": str(cast.diallo)})
        assert page.status == 422
        assert field in page.errors() or field == "professionnel"
        assert page.title.startswith("Erreur")
        assert waiting.standing(session) == []

    def test_the_same_again_is_refused(self, amina: Browser, cast: Cast) -> None:
        fill(cast)
        for key, status in (("first-key", 200), ("other-key", 422)):
            assert amina.post(ASKED, {"key": key, "usager": str(cast.diallo)}).status == status

    def test_a_session_that_is_over_is_not_waited_for(
        self, amina: Browser, cast: Cast, full: Outcome, now: time_machine.Coordinates
    ) -> None:
        now.move_to(NINE)
        amina.sign_in_again(cast.amina)
        page = amina.post(f"{NEW}?seance={full.uid}", {"key": "k" * 12, "usager": str(cast.diallo)})
        assert page.status == 422
        assert "annulé ou terminé" in page.text

    def test_nobody_waits_for_an_unknown_session(self, amina: Browser) -> None:
        assert amina.get(f"{NEW}?seance={'0' * 32}").status == 404


class TestProposing:
    def test_a_cancelled_slot_is_proposed_at_once(self, amina: Browser, cast: Cast, session: Session) -> None:
        first, *_ = fill(cast)
        waits(cast)
        page = amina.get(f"/rendez-vous/{first.uid}")
        done = amina.send(page, f"/rendez-vous/{first.uid}/annuler", by="service")
        assert "Rendez-vous annulé" in done.text
        assert "Créneau proposé à DIALLO Amadou : lundi 23 novembre 2026 à 9h00" in done.text
        assert "retenu jusqu’au lundi 23 novembre 2026 à 9h00" in done.text
        assert [one.state for one in made(session)] == ["pending"]

    def test_what_was_done_is_said_also_when_nothing_can_be_proposed(
        self, amina: Browser, cast: Cast, session: Session, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The server goes away once it is cancelled: « Rien n’a été enregistré » would be a lie."""
        first, *_ = fill(cast)
        waits(cast)
        page = amina.get(f"/rendez-vous/{first.uid}")
        with monkeypatch.context() as gone:
            gone.setattr(proposing, "wanting", lost)
            done = amina.send(page, f"/rendez-vous/{first.uid}/annuler", by="service")
        assert (done.status, "Rendez-vous annulé" in done.text) == (200, True)
        assert made(session) == []

    def test_the_cookie_carries_no_name(self, amina: Browser, cast: Cast) -> None:
        first, *_ = fill(cast)
        waits(cast)
        page = amina.get(f"/rendez-vous/{first.uid}")
        values = {each["name"]: each["value"] for each in page.form(f"/rendez-vous/{first.uid}/annuler").all("input")}
        amina.open(f"/rendez-vous/{first.uid}/annuler", "POST", data={**values, "by": "service"})
        with amina.client.session_transaction() as cookie:
            assert "DIALLO" not in str(dict(cookie))

    def test_the_list_says_whom_to_call(self, amina: Browser, cast: Cast) -> None:
        waits(cast)
        propose(NOW)
        page = amina.get(LIST)
        assert "06 39 98 12 34" in page.text
        assert "lundi 23 novembre 2026 à 9h00 avec Mme Roux" in page.text.replace("Lundi", "lundi")

    def test_nobody_waits(self, amina: Browser) -> None:
        assert "Personne n’attend" in amina.get(LIST).text


class TestAnswering:
    def test_reserving_leads_to_the_booking_page(self, amina: Browser, cast: Cast, session: Session) -> None:
        noted = waits(cast)
        (proposed,) = propose(NOW)
        (link,) = [each for each in links(amina.get(LIST), "Réserver") if "retenu" in each]
        page = amina.get(link)
        assert "Créneau proposé à DIALLO Amadou" in page.text
        assert f"retenu={proposed.uid}" in link
        done = amina.send(page, "/rendez-vous/nouveau")
        assert "Rendez-vous confirmé" in done.text
        assert entry(session, noted.uid).outcome == "booked"
        assert doctor.examine() == []

    def test_a_seat_is_taken_in_one_press(self, amina: Browser, cast: Cast, session: Session, full: Outcome) -> None:
        set_on(reservations.models.Appointment, full.appointment_id, capacity=2)
        noted = wait(WaitForSession("w", full.uid, cast.diallo), act())
        (proposed,) = propose(NOW)
        page = amina.get(LIST)
        done = amina.send(page, f"{LIST}/propositions/{proposed.uid}/reserver")
        assert "Personne ajoutée" in done.text
        assert entry(session, noted.uid).outcome == "booked"

    def test_so_is_a_slot_for_who_has_a_code(self, amina: Browser, cast: Cast, session: Session) -> None:
        noted = wait(Wait("w", cast.depistage, None, Wishes(MONDAY, MONDAY)), act())
        (proposed,) = propose(NOW)
        address = f"{LIST}/propositions/{proposed.uid}/reserver"
        done = amina.send(amina.get(LIST), address)
        assert "Rendez-vous confirmé" in done.text
        assert entry(session, noted.uid).outcome == "booked"

    def test_one_that_is_gone_says_so(self, amina: Browser, cast: Cast, session: Session, full: Outcome) -> None:
        set_on(reservations.models.Appointment, full.appointment_id, capacity=2)
        (other,) = add_usagers(1)
        wait(WaitForSession("w", full.uid, cast.diallo), act())
        (proposed,) = propose(NOW)
        page = amina.get(LIST)
        reservations.proposing.lapse(proposed.expires_at)
        join(Join("j", full.uid, other), act())
        refused = amina.send(page, f"{LIST}/propositions/{proposed.uid}/reserver")
        assert (refused.status, "séance est complète" in refused.text) == (409, True)

    def test_declined_it_goes_to_the_next(self, amina: Browser, cast: Cast, session: Session) -> None:
        first, *_ = fill(cast)
        waits(cast)
        (other,) = add_usagers(1)
        waits(cast, other)
        page = amina.get(f"/rendez-vous/{first.uid}")
        amina.send(page, f"/rendez-vous/{first.uid}/annuler", by="service")
        (one,) = made(session)
        done = amina.send(amina.get(LIST), f"{LIST}/propositions/{one.uid}/refuser")
        assert "Proposition refusée" in done.text
        assert "Créneau proposé à MARTIN0 Sacha" in done.text

    def test_who_no_longer_waits_leaves_the_list(self, amina: Browser, cast: Cast, session: Session) -> None:
        noted = waits(cast)
        propose(NOW)
        done = amina.send(amina.get(LIST), f"{LIST}/{noted.uid}/retirer")
        assert "Demande retirée" in done.text
        assert "DIALLO" not in done.text
        assert [one.state for one in made(session)] == ["declined"]

    @pytest.mark.parametrize("what", ["{}/retirer", "propositions/{}/refuser", "propositions/{}/reserver"])
    def test_what_is_unknown_is_not_found(self, amina: Browser, cast: Cast, what: str) -> None:
        assert amina.post(f"{LIST}/{what.format('0' * 32)}", {"key": "k" * 12}).status == 404


def test_what_the_worker_finds_is_shown_too(amina: Browser, cast: Cast) -> None:
    waits(cast)
    assert "Attendent encore" in amina.get(LIST).text
    propose(NOW)
    assert "À appeler : un créneau leur est proposé" in amina.get(LIST).text
