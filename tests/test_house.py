"""The house keeps its rules: what is committed, what is installed, which way imports point."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from configparser import ConfigParser
from importlib.metadata import packages_distributions, version
from itertools import pairwise
from pathlib import Path
from typing import TypeGuard

import pytest

ROOT = Path(__file__).resolve().parent.parent
SETUP = ConfigParser()
SETUP.read(ROOT / "setup.cfg", encoding="utf-8")


def committed() -> list[Path]:
    """Every file of the tree that git keeps or would keep, and that is there."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for name in listing.stdout.splitlines() if (path := ROOT / name).is_file()]


# ------------------------------------------------------------------ what is committed

# Put together here, so that this file does not name them.
FORBIDDEN = {
    "a registry's host": re.compile("|".join(["pypi" + r"\.org", "pythonhosted" + r"\.org", "registry" + r"\.npm"])),
    "where packages come from": re.compile("--(?:extra-)?" + "index-url|--trusted-" + "host|--find-" + "links"),
    "a path of one machine": re.compile(r"(?<![\w.])/(?:work|" + "home" + r"|root|Users)/\w"),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_committed_file_names(what: str) -> None:
    found = []
    for path in committed():
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in FORBIDDEN[what].finditer(text)]
    assert found == []


def test_no_link_is_committed() -> None:
    """It names a path, and what a link to a folder holds is not seen by the test above."""
    listing = subprocess.run(["git", "ls-files", "--stage"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert [line for line in listing.stdout.splitlines() if line.startswith("120000")] == []


def test_nothing_of_the_instance_folder_is_committed() -> None:
    inside = [path.name for path in committed() if path.parent == ROOT / "instance"]
    assert inside == [".gitkeep"]


@pytest.mark.parametrize("name", [".ci/run", "scripts/need-python", "scripts/need-chromium"])
def test_what_is_run_by_name_can_be_run(name: str) -> None:
    assert (ROOT / name).stat().st_mode & 0o111
    assert (ROOT / name).read_text(encoding="utf-8").startswith("#!")


def test_every_test_is_collected() -> None:
    """One that an indentation puts inside of a function passes for ever."""
    modules = [ast.parse(path.read_text(encoding="utf-8")) for path in committed() if path.match("test_*.py")]
    functions = [each for module in modules for each in ast.walk(module) if isinstance(each, ast.FunctionDef)]
    inside = [each.name for function in functions for each in ast.walk(function) if _is_test(each)]
    assert sorted(inside) == sorted(each.name for each in functions if _is_test(each))


def _is_test(node: ast.AST) -> TypeGuard[ast.FunctionDef]:
    return isinstance(node, ast.FunctionDef) and node.name.startswith("test_")


def test_the_licence_is_whole() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    articles = re.findall(r"^(\d+)\.\s*[A-Z]", text, re.MULTILINE)
    assert [int(number) for number in articles] == list(range(1, 16))
    assert "EUROPEAN UNION PUBLIC LICENCE v. 1.2" in text
    assert "Compatible Licences" in text, "the appendix is part of it"


# ------------------------------------------------------------------ what is installed


def requirements(text: str) -> set[str]:
    """Normalised names of the distributions that an option of setup.cfg lists."""
    names = (re.match(r"[A-Za-z0-9._-]+", line.strip()) for line in text.splitlines())
    return {normal(name[0]) for name in names if name}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


NEEDED = requirements(SETUP["options"]["install_requires"])
EXTRAS = {name: requirements(text) for name, text in SETUP["options.extras_require"].items()}


def constraints() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return {normal(name): version for name, version in (line.split("==") for line in lines)}


def test_every_requirement_has_an_exact_version() -> None:
    asked = NEEDED.union(*EXTRAS.values())
    assert asked - constraints().keys() == set()


def test_what_runs_here_is_what_constraints_say() -> None:
    asked = NEEDED | EXTRAS["test"]
    installed = {name: version(name) for name in asked}
    assert installed == {name: constraints()[name] for name in asked}


# No line of ours imports these, and yet the product needs them.
USED_WITHOUT_IMPORT = {
    "gunicorn": "make run starts it",
    "tzdata": "zoneinfo reads it where the system has no zones",
}


def test_every_requirement_is_used() -> None:
    imported = {top for path in (ROOT / "booking").rglob("*.py") for top in imports_of(path)}
    providers = packages_distributions()
    used = {normal(name) for top in imported for name in providers.get(top, [])}
    assert NEEDED - used == set(USED_WITHOUT_IMPORT)


def imports_of(path: Path) -> set[str]:
    """The top names of every import of a module, wherever the import stands."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


def test_every_package_of_the_tree_is_in_the_wheel() -> None:
    listed = set(SETUP["options"]["packages"].split())
    folders = {path.parent.relative_to(ROOT) for path in (ROOT / "booking").rglob("*.py")}
    holding_code = {".".join(folder.parts) for folder in folders}
    assert listed == holding_code | {"booking.templates"}


# ------------------------------------------------------------------ which way imports point


def contract(name: str) -> dict[str, str]:
    return dict(SETUP[f"importlinter:contract:{name}"])


def layers() -> list[list[str]]:
    lines = contract("layers")["layers"].strip().splitlines()
    return [[f"booking.{name.strip()}" for name in line.split("|")] for line in lines]


def forbidden(name: str) -> list[tuple[str, str]]:
    """Each source with the first forbidden module, then the first source with each of the others."""
    sources, targets = contract(name)["source_modules"].split(), contract(name)["forbidden_modules"].split()
    return [*((source, targets[0]) for source in sources), *((sources[0], target) for target in targets[1:])]


PLANTED = dict.fromkeys(
    [
        *((low[0], high[-1]) for high, low in pairwise(layers())),
        *((layer[0], layer[-1]) for layer in layers() if len(layer) > 1),
        *forbidden("pure"),
        *forbidden("flask"),
        *forbidden("clock"),
    ]
)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as it is, elsewhere, with the contracts."""
    tree = tmp_path_factory.mktemp("house")
    shutil.copytree(ROOT / "booking", tree / "booking", ignore=shutil.ignore_patterns("__pycache__", "static"))
    shutil.copy(ROOT / "setup.cfg", tree)
    return tree


def lint_imports(tree: Path) -> tuple[int, str]:
    """Exit code and report, on lines that nothing folds."""
    program = str(Path(sys.executable).with_name("lint-imports"))
    done = subprocess.run(
        [program, "--no-cache", "--no-logo"],
        cwd=tree,
        capture_output=True,
        text=True,
        env=os.environ | {"COLUMNS": "999"},
    )
    return done.returncode, done.stdout


def source_file(tree: Path, module: str) -> Path:
    path = tree / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@pytest.fixture(scope="module")
def report(tree: Path) -> str:
    """What lint-imports says once every forbidden import is planted; before, it has nothing to say."""
    assert lint_imports(tree)[0] == 0
    for importer, imported in PLANTED:
        with source_file(tree, importer).open("a", encoding="utf-8") as module:
            module.write(f"\nimport {imported}\n")
    code, report = lint_imports(tree)
    assert code == 1
    return report


@pytest.mark.parametrize(("importer", "imported"), PLANTED, ids=[f"{one} imports {other}" for one, other in PLANTED])
def test_a_planted_import_is_caught(report: str, importer: str, imported: str) -> None:
    assert re.search(rf"^-\s+{re.escape(importer)} -> {re.escape(imported)} \(", report, re.MULTILINE)


@pytest.mark.parametrize("name", ["layers", "pure", "flask", "clock"])
def test_each_contract_breaks(report: str, name: str) -> None:
    assert f"{contract(name)['name']} BROKEN" in report


def test_what_is_pure_is_covered_whole() -> None:
    """`make test` asks 100 % of the pure modules and of the engine: one list cannot grow without the other."""
    pure = {name.replace(".", "/") + ".py" for name in contract("pure")["source_modules"].split()}
    elsewhere = {name for name in pure if not name.startswith("booking/reservations/")}
    assert set(SETUP["coverage:report"]["include"].split()) == elsewhere | {"booking/reservations/*"}


def test_every_module_has_its_layer() -> None:
    """A module that the layers do not name could import whatever it likes."""
    at_the_edge = {"migrations", "static"}  # Alembic's scripts are loaded by name; static files are no code
    modules = {path.stem for path in (ROOT / "booking").iterdir() if path.suffix == ".py" or path.is_dir()}
    named = {name.removeprefix("booking.") for layer in layers() for name in layer}
    assert modules - at_the_edge - {"__init__", "__pycache__"} == named
