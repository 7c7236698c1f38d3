"""A wheel built from the tree and installed elsewhere is the whole product: code, pages, mails, migrations.

The new environment borrows this one's dependencies through a path file, so nothing is downloaded; the product
itself can only come from the wheel, and the first test says so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

Elsewhere = tuple[Path, Path]

SIGN_IN_PAGE = """
from booking import serve
answer = serve().test_client().get("/connexion")
print(answer.status, answer.text)
"""
CONFIRMATION = """
from datetime import UTC, datetime
from booking.messages.render import MailFacts, mail
mail_of_a_day = mail(MailFacts(
    kind="confirmation", message_id="<a@example.fr>", confirmation_id=None, date=datetime(2026, 11, 20, 9, tzinfo=UTC),
    sender="accueil@example.fr", sender_name="Pôle social", recipient="diallo@example.fr", discreet=False,
    uid="0b51", sequence=0, updated_at=datetime(2026, 11, 20, 9, tzinfo=UTC),
    start=datetime(2026, 11, 24, 13, 30, tzinfo=UTC), end=datetime(2026, 11, 24, 14, 15, tzinfo=UTC),
    zone="Europe/Paris", mode="in_person", address="4 rue de l’Exemple", directions="",
    phone="+33199000001", bring=None,
))
for part in mail_of_a_day.walk():
    if part.get_content_maintype() == "text":
        print(part.get_content())
"""


def build(folder: Path) -> Path:
    """The wheel of what git keeps or would keep, built away from the tree so that nothing is left in it."""
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    for name in names:
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder / "dist"), str(folder))
    (wheel,) = (folder / "dist").glob("*.whl")
    return wheel


def pip(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "pip", "--quiet", *arguments], check=True)


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Elsewhere:
    """The interpreter of a new environment with the wheel in it, and a folder where `init` made the data."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "env")], check=True)
    python = folder / "env" / "bin" / "python"
    pip("--python", str(python), "install", "--no-deps", str(build(folder / "tree")))
    (site,) = (folder / "env" / "lib").glob("python*/site-packages")
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    (folder / "data").mkdir()
    run((python, folder / "data"), "-m", "flask", "--app", "booking", "init")
    return python, folder / "data"


def run(elsewhere: Elsewhere, *arguments: str) -> str:
    """What Python says there, outside the tree, with nothing of our settings but the instance folder."""
    python, data = elsewhere
    env = {name: value for name, value in os.environ.items() if not name.startswith(("BOOKING_", "PYTHON", "COV"))}
    done = subprocess.run(
        [str(python), *arguments],
        cwd=data,
        env=env | {"BOOKING_INSTANCE": str(data), "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_product_comes_from_the_wheel(elsewhere: Elsewhere) -> None:
    place = Path(run(elsewhere, "-c", "import booking; print(booking.__file__)").strip())
    assert place.is_relative_to(elsewhere[0].parent.parent)


def test_it_makes_its_database_and_its_first_site(elsewhere: Elsewhere) -> None:
    rooms = run(elsewhere, "-m", "flask", "--app", "booking", "rooms", "--json")
    assert rooms.count('"code"') == 21, "17 rooms and 4 places of the digital spaces"


def test_it_shows_its_sign_in_page(elsewhere: Elsewhere) -> None:
    page = run(elsewhere, "-c", SIGN_IN_PAGE)
    assert page.startswith("200 OK")
    assert "</html>" in page


def test_it_writes_a_mail(elsewhere: Elsewhere) -> None:
    mail = run(elsewhere, "-c", CONFIRMATION)
    text, html, calendar = mail.find("Bonjour"), mail.find("</html>"), mail.find("END:VCALENDAR")
    assert -1 < text < html < calendar
    assert mail.count("mardi 24 novembre 2026 à 14h30") >= 2, "in the text and in the HTML"
