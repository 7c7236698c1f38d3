"""An absence or a closure that hits appointments: shown first, then done in one action."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking import messages, reservations
from booking.errors import DatabaseUnavailable
from booking.people.models import Usager
from booking.reservations import store
from booking.reservations.commands import Act, Book, Cancel, Move
from booking.reservations.displacing import Displace, displace
from booking.slots.models import Absence, Closure
from booking.web import impact
from tests.builders import NOW, Cast, count, paris
from tests.web.browsing import Browser, Element, Page

ROUX = "/professionnels/roux"
ABSENCE = {"a-start": "2026-11-23T09:00", "a-end": "2026-11-23T12:00"}
CLOSURE = {"start": "2026-11-23T09:00", "end": "2026-11-23T12:00", "label": "Travaux"}


def booked(cast: Cast, start: str, usager: int | None, **more: int) -> str:
    values: dict[str, Any] = {"type_id": cast.entretien, "professional_id": cast.roux} | more
    command = Book(f"tests-{start}", start=paris(f"2026-11-23 {start}"), usager=usager, **values)
    return reservations.book(command, acting(cast)).uid


def acting(cast: Cast) -> Act:
    return Act(now=NOW, origin="web", tell=messages.file, agent_id=cast.amina)


@pytest.fixture
def nine(cast: Cast, visitor: Browser) -> str:
    """Mme Koné, who is not to be written to, with Mme Roux at 9h00."""
    return booked(cast, "09:00", cast.kone)


@pytest.fixture
def ten(cast: Cast, visitor: Browser) -> str:
    """M. Diallo with Mme Roux at 10h00."""
    return booked(cast, "10:00", cast.diallo)


def preview(amina: Browser) -> Page:
    """The page that the form of an absence leads to."""
    return amina.send(amina.get(ROUX), ROUX + "/absences", **ABSENCE)


def choices(page: Page, uid: str) -> dict[str, str]:
    """What the list of an appointment offers, by its words."""
    return {each.text: each["value"] for each in page.tree.one("select", name=f"sort-{uid}").all("option")}


def chosen(page: Page, uid: str) -> str:
    (option,) = [
        each for each in page.tree.one("select", name=f"sort-{uid}").all("option") if "selected" in each.attributes
    ]
    return option.text


def decide(amina: Browser, page: Page, **typed: str) -> Page:
    return amina.send(page, ROUX + "/absences/nouvelle", **typed)


def alert(page: Page) -> Element:
    (found,) = page.tree.all(role="alert")
    return found


class TestAbsence:
    def test_nothing_in_the_way_is_stored_at_once(self, amina: Browser, session: Session) -> None:
        page = preview(amina)
        assert "Absence ajoutée." in page.text
        assert count(session, Absence) == 1

    def test_what_it_hits_is_shown_and_nothing_is_stored(
        self, amina: Browser, session: Session, cast: Cast, nine: str, ten: str
    ) -> None:
        page = preview(amina)
        assert page.tree.one("h1").text == "Absence de Mme Roux"
        assert "2 rendez-vous concernés" in page.text
        assert "KONÉ Aminata : à appeler, la personne ne veut pas qu’on lui écrive." in page.text
        assert "DIALLO Amadou : joignable par courriel." in page.text
        assert list(choices(page, nine))[:2] == ["À décider", "Avec M. Diop"]
        assert "Lundi 23 novembre 2026 à 14h00, avec Mme Roux" in choices(page, nine)
        assert chosen(page, nine) == "Avec M. Diop", "it disturbs nobody"
        assert count(session, Absence) == 0

    def test_one_action_does_it_all(self, amina: Browser, session: Session, cast: Cast, nine: str, ten: str) -> None:
        page = preview(amina)
        moved = choices(page, ten)["Lundi 23 novembre 2026 à 14h00, avec Mme Roux"]
        done = decide(amina, page, **{f"sort-{ten}": moved})
        assert "Absence ajoutée ; vos décisions sont faites." in done.text
        assert store.read(session, nine).professional_ids == {cast.diop}
        assert store.read(session, ten).starts_at == paris("2026-11-23 14:00")
        assert count(session, Absence) == 1

    def test_what_is_not_decided_is_asked_for(self, amina: Browser, session: Session, nine: str, ten: str) -> None:
        page = preview(amina)
        again = decide(amina, page, **{f"sort-{ten}": choices(page, ten)["À décider"]})
        assert again.status == 422
        assert again.errors() == {f"sort-{ten}": "Erreur : Choisissez ce que devient ce rendez-vous."}
        assert chosen(again, nine) == "Avec M. Diop"
        assert count(session, Absence) == 0

    @pytest.mark.parametrize(
        ("rest", "expected"),
        [
            pytest.param("cancelled", [("09:00", "cancelled"), ("10:00", "cancelled")], id="cancel"),
            pytest.param("left_alone", [("09:00", "booked"), ("10:00", "booked")], id="leave"),
            pytest.param("first", [("09:00", "booked"), ("10:00", "booked")], id="first destination"),
        ],
    )
    def test_all_the_others_together(
        self,
        amina: Browser,
        session: Session,
        cast: Cast,
        nine: str,
        ten: str,
        rest: str,
        expected: list[tuple[str, str]],
    ) -> None:
        page = preview(amina)
        undecided = {f"sort-{uid}": choices(page, uid)["À décider"] for uid in (nine, ten)}
        decide(amina, page, rest=rest, **undecided)
        states = [store.read(session, uid) for uid in (nine, ten)]
        assert [
            (f"{each.starts_at.astimezone(paris('2026-11-23 09:00').tzinfo):%H:%M}", each.status) for each in states
        ] == [(f"{int(start[:2]) - 1:02}:00", status) for start, status in expected]
        assert {each.professional_ids == {cast.diop} for each in states} == {rest == "first"}

    def test_one_that_appeared_meanwhile_is_shown_and_named(
        self, amina: Browser, session: Session, cast: Cast, nine: str
    ) -> None:
        page = preview(amina)
        new = booked(cast, "11:00", cast.diallo)
        again = decide(amina, page)
        assert again.status == 409
        assert "Rien n’a été enregistré" in alert(again).text
        assert again.errors() == {
            f"sort-{new}": "Erreur : Ce rendez-vous vient d’être pris : décidez ce qu’il devient."
        }
        assert count(session, Absence) == 0
        assert "vos décisions sont faites" in decide(amina, again).text

    def test_one_that_went_away_meanwhile_is_said(self, amina: Browser, cast: Cast, nine: str, ten: str) -> None:
        page = preview(amina)
        reservations.cancel(Cancel("gone", ten, "usager"), acting(cast))
        again = decide(amina, page, **{f"sort-{ten}": choices(page, ten)["Annuler (par le service)"]})
        assert again.status == 409
        assert "ont changé entre-temps" in alert(again).text
        assert "1 rendez-vous concerné" in again.text

    def test_a_slot_taken_meanwhile_is_named(self, amina: Browser, cast: Cast, nine: str) -> None:
        page = preview(amina)
        reservations.book(
            Book("other", cast.entretien, paris("2026-11-23 09:00"), cast.diop, cast.diallo), acting(cast)
        )
        again = decide(amina, page)
        assert again.status == 409
        assert "le professionnel a un autre rendez-vous" in again.errors()[f"sort-{nine}"]
        assert "Avec M. Diop" not in choices(again, nine)

    def test_one_that_changed_meanwhile_is_decided_again(self, amina: Browser, cast: Cast, nine: str) -> None:
        page = preview(amina)
        reservations.move(Move("half", nine, paris("2026-11-23 09:30")), acting(cast))
        again = decide(amina, page)
        assert again.errors() == {
            f"sort-{nine}": "Erreur : Ce rendez-vous a changé entre-temps : relisez-le, puis décidez."
        }
        assert "Lundi 23 novembre 2026 à 9h30" in again.text

    def test_said_already_is_refused(self, amina: Browser, cast: Cast, nine: str) -> None:
        page, other = preview(amina), preview(amina)
        left = {f"sort-{nine}": choices(page, nine)["Laisser tel quel, à traiter plus tard"]}
        decide(amina, page, **left)
        again = decide(amina, other, **left)
        assert again.status == 422
        assert "Cette période en recouvre une autre" in alert(again).text
        assert "Cette période en recouvre une autre" in preview(amina).errors()["a-start"]

    def test_the_same_form_sent_twice_acts_once(self, amina: Browser, session: Session, nine: str) -> None:
        page = preview(amina)
        assert "vos décisions sont faites" in decide(amina, page).text
        assert "vos décisions sont faites" in decide(amina, page).text
        assert count(session, Absence) == 1

    @pytest.mark.parametrize(
        "value", ["", "x", "1.gone", "1.moved:a::", "1.moved:1:2:3:4", "1.moved:99999999999999::", "1.cancelled "]
    )
    def test_what_no_list_offers_is_refused(self, amina: Browser, session: Session, nine: str, value: str) -> None:
        again = decide(amina, preview(amina), **{f"sort-{nine}": value})
        assert again.status == 422
        assert "Choisissez une valeur de la liste." in alert(again).text
        assert count(session, Absence) == 0

    @pytest.mark.parametrize("value", ["1.moved:1795420800:999999:", "1.moved:1795420800::999999"])
    def test_who_does_not_exist_is_refused(self, amina: Browser, session: Session, nine: str, value: str) -> None:
        assert decide(amina, preview(amina), **{f"sort-{nine}": value}).status == 404
        assert count(session, Absence) == 0

    def test_a_confidential_service_shows_codes(self, amina: Browser, session: Session, cast: Cast) -> None:
        uid = booked(cast, "09:00", None, type_id=cast.depistage, professional_id=cast.petit)
        code = session.scalar(sa.select(Usager.code).where(Usager.code.is_not(None)))
        page = amina.send(amina.get("/professionnels/petit"), "/professionnels/petit/absences", **ABSENCE)
        assert f"{code} : à appeler, ce service n’écrit à personne." in page.text
        assert "epistage" not in page.text
        assert choices(page, uid)

    def test_a_period_backwards_is_said_beside_its_field(self, amina: Browser) -> None:
        page = amina.send(amina.get(ROUX), ROUX + "/absences", **{**ABSENCE, "a-end": "2026-11-23T08:00"})
        assert page.errors() == {"a-end": "Erreur : La fin doit venir après le début."}

    @pytest.mark.parametrize("query", ["", "debut=x&fin=y", "debut=2026-11-23T12:00&fin=2026-11-23T09:00"])
    def test_an_address_that_makes_no_sense(self, amina: Browser, query: str) -> None:
        assert amina.get(f"{ROUX}/absences/nouvelle?{query}").status == 422


FORMS = {
    "absence": (ROUX, ROUX + "/absences", ABSENCE, Absence),
    "closure": ("/fermetures", "/fermetures", CLOSURE, Closure),
}


@pytest.mark.parametrize("form", FORMS)
class TestSentTwice:
    """« Renvoyez-la telle quelle » is true: the form has a key, and what was stored is not said to be in the way."""

    def test_it_acts_once(self, amina: Browser, session: Session, form: str) -> None:
        address, action, typed, model = FORMS[form]
        page = amina.get(address)
        for _ in range(2):
            assert "ajoutée." in amina.send(page, action, **typed).text
        assert count(session, model) == 1

    def test_an_outage_gives_it_back_to_be_sent_again(
        self, amina: Browser, session: Session, monkeypatch: pytest.MonkeyPatch, form: str
    ) -> None:
        """The answer is lost: whatever was stored, the same sent again stores it once."""
        address, action, typed, model = FORMS[form]
        page = amina.get(address)

        def unanswered(command: Displace, act: Act) -> None:
            displace(command, act)
            raise DatabaseUnavailable(command.key, unsure=True)

        with monkeypatch.context() as broken:
            broken.setattr(impact, "displace", unanswered)
            lost = amina.send(page, action, **typed)
        assert (lost.status, "Renvoyez-la telle quelle" in lost.text) == (503, True)
        (again,) = [each for each in lost.tree.all("form", method="post") if each.all("input", name="key")]
        sent = {each["name"]: each["value"] for each in again.all("input")}
        assert "ajoutée." in amina.post(action, sent).text
        assert count(session, model) == 1


class TestClosures:
    def test_one_is_added_listed_and_removed(self, amina: Browser, session: Session) -> None:
        page = amina.send(amina.get("/fermetures"), "/fermetures", **CLOSURE, room="B1")
        assert "Fermeture ajoutée." in page.text
        assert "Salle B1 : Travaux" in page.text
        assert "Du lundi 23 novembre 2026 à 9h00 au lundi 23 novembre 2026 à 12h00" in page.text
        (form,) = [each for each in page.tree.all("form") if each["action"].endswith("/retirer")]
        page = amina.send(page, form["action"])
        assert "Fermeture retirée." in page.text
        assert count(session, Closure) == 0

    def test_a_room_s_appointments_go_to_another_and_nobody_is_told(
        self, amina: Browser, session: Session, cast: Cast, nine: str, ten: str
    ) -> None:
        page = amina.send(amina.get("/fermetures"), "/fermetures", **CLOSURE, room="B1")
        assert page.tree.one("h1").text == "Fermeture de la salle B1"
        assert [chosen(page, uid) for uid in (nine, ten)] == ["Salle B2", "Salle B2"]
        done = amina.send(page, "/fermetures/nouvelle")
        assert "Fermeture ajoutée ; vos décisions sont faites." in done.text
        assert {store.read(session, uid).room_id for uid in (nine, ten)} == {cast.b2}

    def test_a_site_closes(self, amina: Browser, session: Session, nine: str) -> None:
        page = amina.send(amina.get("/fermetures"), "/fermetures", **CLOSURE)
        assert page.tree.one("h1").text == "Fermeture du site"
        assert "Le lundi 23 novembre 2026 de 9h00 à 12h00 : Travaux" in page.text
        done = amina.send(
            page, "/fermetures/nouvelle", **{f"sort-{nine}": choices(page, nine)["Annuler (par le service)"]}
        )
        assert "Tout le site : Travaux" in done.text
        assert store.read(session, nine).status == "cancelled"

    @pytest.mark.parametrize(
        ("typed", "field", "said"),
        [
            pytest.param({"label": ""}, "label", "Remplissez ce champ.", id="without a reason"),
            pytest.param({"end": ""}, "end", "Remplissez ce champ.", id="without an end"),
            pytest.param({"end": "2026-11-23T08:00"}, "end", "La fin doit venir après le début.", id="backwards"),
            pytest.param(
                {"end": "2026-11-23T09:01"}, "end", "Choisissez une heure ou une durée multiple de 5", id="9h01"
            ),
        ],
    )
    def test_what_is_refused_is_said_beside_its_field(
        self, amina: Browser, session: Session, typed: dict[str, str], field: str, said: str
    ) -> None:
        page = amina.send(amina.get("/fermetures"), "/fermetures", **{**CLOSURE, **typed})
        assert page.status == 422
        assert said in page.errors()[field]
        assert count(session, Closure) == 0

    def test_an_unknown_room_or_closure(self, amina: Browser) -> None:
        page = amina.get("/fermetures")
        assert amina.send(page, "/fermetures", **CLOSURE, room="Z9").status == 422
        assert amina.post("/fermetures/999/retirer", {}).status == 404
