"""What holds for the repository as a whole: it names no machine and no registry, and keeps what it promises."""

import os
import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.test_cli import tawatur

ROOT = Path(__file__).parents[1]
LONGEST_SOURCE = 450  # lines
FIRST_RELEASE = "tests/store/first_release"
GENERATED = {  # what writes it; its first line says so
    "constraints.txt": "script/lock",
    f"{FIRST_RELEASE}/database.jsonl": f"{FIRST_RELEASE}/generate.py",
}
DOCUMENTS = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/**/*.md", "integrations/**/*.md"]

# In pieces, so that this file does not hold them itself.
REGISTRIES = [
    ("pypi", "org"),
    ("python", "hosted.org"),
    ("npmjs", "org"),
    ("npmjs", "com"),
    ("yarnpkg", "com"),
    ("deb.debian", "org"),
    ("archive.ubuntu", "com"),
    ("proxy.golang", "org"),
    ("crates", "io"),
    ("ghcr", "io"),
    ("docker", "io"),
]
HOST = re.compile("|".join(rf"\b{re.escape(name)}\.?{re.escape(end)}\b" for name, end in REGISTRIES), re.IGNORECASE)
MACHINE_PATH = re.compile(r"(?<![\w.~$}/-])/(?:" + "|".join(["root", "home", "work", "Users"]) + r")/\w")


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    """Every file that git tracks and that is there."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("needs git and a clone: which files are tracked?")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


@pytest.fixture(scope="module")
def texts(tracked: list[Path]) -> dict[str, str]:
    """The text files among them, by their names."""
    read = {str(path.relative_to(ROOT)): path.read_bytes() for path in tracked}
    return {name: content.decode(errors="replace") for name, content in read.items() if b"\0" not in content[:8192]}


def places(texts: dict[str, str], pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name}:{number}: {line.strip()[:120]}"
        for name, text in texts.items()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_package_registry_is_named(texts: dict[str, str]) -> None:
    assert places(texts, HOST) == []


def test_no_path_of_one_machine_is_named(texts: dict[str, str]) -> None:
    assert places(texts, MACHINE_PATH) == []


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("https://" + "py" + "pi.org/simple", True),
        ("files.python" + "hosted.org", True),
        ("https://docs.python.org/3", False),
    ],
)
def test_the_search_for_registries_finds_them(line: str, found: bool) -> None:
    assert bool(HOST.search(line)) is found


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("cd /" + "home/anna/tawatur", True),
        ('"/' + 'root/x"', True),
        ("https://site.example/" + "home/page", False),
        ("src/" + "work/x", False),
    ],
)
def test_the_search_for_paths_finds_them(line: str, found: bool) -> None:
    assert bool(MACHINE_PATH.search(line)) is found


def test_a_generated_file_names_its_generator_in_its_first_line(texts: dict[str, str]) -> None:
    for name, generator in GENERATED.items():
        first = texts[name].splitlines()[0]
        assert generator in first, name
        assert (ROOT / generator).exists(), generator


def asked_for() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    written: list[str] = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    for more in [*project["project"].get("optional-dependencies", {}).values(), *project["dependency-groups"].values()]:
        written += [line for line in more if isinstance(line, str)]  # a table includes another group
    return [Requirement(line) for line in written]


def pinned() -> dict[str, list[tuple[Version, Marker | None, int]]]:
    """For each name in constraints.txt its versions, each with its marker and the number of its hashes."""
    pins: dict[str, list[tuple[Version, Marker | None, int]]] = {}
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.strip().startswith("#")]
    for pin in "\n".join(lines).replace("\\\n", " ").splitlines():
        requirement = Requirement(pin.split("--hash=")[0])
        (specifier,) = requirement.specifier
        entry = (Version(specifier.version), requirement.marker, pin.count("--hash=sha256:"))
        pins.setdefault(canonicalize_name(requirement.name), []).append(entry)
    return pins


@pytest.mark.parametrize("requirement", asked_for(), ids=str)
def test_what_pyproject_asks_for_is_pinned(requirement: Requirement) -> None:
    versions = pinned().get(canonicalize_name(requirement.name), [])
    assert versions, f"constraints.txt does not pin {requirement.name}: run script/lock"
    for version, _, _ in versions:
        assert version in requirement.specifier, f"{version} is not {requirement}: run script/lock"


def test_every_pin_has_hashes() -> None:
    assert [name for name, versions in pinned().items() if not all(hashes for _, _, hashes in versions)] == []


def test_the_constraints_hold_no_address() -> None:
    assert "://" not in (ROOT / "constraints.txt").read_text()


def test_no_source_file_is_too_long(texts: dict[str, str]) -> None:
    written = {
        name: text.count("\n")
        for name, text in texts.items()
        if name.startswith("src/") and Path(name).suffix in {".py", ".js", ".css", ".html"} and "/vendor/" not in name
    }
    assert {name: lines for name, lines in written.items() if lines > LONGEST_SOURCE} == {}


@pytest.mark.parametrize(
    "script", ["script/demo", "script/install", "script/test", "script/setup", "script/lock", ".ci/run"]
)
def test_the_scripts_run(script: str) -> None:
    path = ROOT / script
    assert os.access(path, os.X_OK)
    subprocess.run(["bash", "-n", path], check=True)


def documents() -> list[Path]:
    return sorted(path for pattern in DOCUMENTS for path in ROOT.glob(pattern))


def commands() -> list[tuple[str, list[str]]]:
    """Every `script/...` and `tawatur ...` in the documents' code, as (document, words)."""
    found = []
    for document in documents():
        text = document.read_text()
        code = re.findall(r"^```[^\n]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        lines = [line for block in code for line in block.replace("\\\n", " ").splitlines()]
        lines += re.findall(r"(?<!`)`([^`\n]+)`(?!`)", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))
        for line in lines:
            bare = re.sub(r"^\s*(?:[$#] )?(?:[A-Z_]+=\S+\s+)*(?:\.venv/bin/(?=tawatur))?", "", line)
            if re.match(r"(script/\w|tawatur +\w)", bare):
                found.append((document.name, shlex.split(bare, comments=True)))
    return found


def test_the_scripts_that_documents_name_exist() -> None:
    named = {(document, words[0]) for document, words in commands() if words[0].startswith("script/")}
    assert [f"{document}: {script}" for document, script in named if not os.access(ROOT / script, os.X_OK)] == []


def test_the_commands_that_documents_name_exist() -> None:
    asked: dict[tuple[str, ...], set[str]] = {}
    for _, words in commands():
        if words[0] == "tawatur":
            plain = [word for word in words[1:] if re.fullmatch(r"[a-z][a-z-]*", word)]
            options = {word.split("=")[0] for word in words if re.match(r"--[a-z]", word)}
            asked.setdefault(tuple(plain[:2]), set()).update(options)
    wrong = []
    for names, options in asked.items():
        told = tawatur(*names, "--help", COLUMNS="240", NO_COLOR="1", TERM="dumb")
        if told.returncode:
            wrong.append(f"tawatur {' '.join(names)}: {told.stderr.strip()[-200:]}")
        wrong += [f"tawatur {' '.join(names)} has no {option}" for option in options if option not in told.stdout]
    assert wrong == []


def test_links_between_documents_lead_somewhere() -> None:
    broken = [
        f"{document.relative_to(ROOT)}: {target}"
        for document in documents()
        for target in re.findall(r"\]\(([^)\s#]+)[^)]*\)", document.read_text())
        if "://" not in target and not target.startswith("mailto:") and not (document.parent / target).exists()
    ]
    assert broken == []


def test_the_documents_pictures_are_small_and_all_are_used() -> None:
    pictures = [*(ROOT / "docs" / "images").iterdir()]
    used = "".join(document.read_text() for document in documents())
    assert [path.name for path in pictures if path.stat().st_size > 150_000 or f"images/{path.name}" not in used] == []
