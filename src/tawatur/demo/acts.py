"""The acts of the demo. Each lets people do something over HTTP, looks at what readers see, and notes the promise."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec

from tawatur.decision.words import in_words
from tawatur.demo import crowd, paper, withheld
from tawatur.demo.backend import Backend, Registered
from tawatur.demo.crowd import Person
from tawatur.demo.telling import Teller

WITHIN_S = 1.0
PLAIN_COUNT = 3
VIOLENT, ATTACKED, MISTAKEN = "moose", "astronaut", "galaxies"


class Stage(msgspec.Struct, frozen=True):
    """What every act needs: the backend, who tells, and where the photographs stand."""

    backend: Backend
    tell: Teller
    pictures: dict[str, Registered]


class Outcome(msgspec.Struct, frozen=True):
    """What a crowd's reports did: the status after each, and how long the deciding one took to reach readers."""

    statuses: tuple[str, ...]
    until_withheld_s: float | None


def report_until_blocked(stage: Stage, picture: Registered, people: Sequence[Person], reason: str) -> Outcome:
    """The people report one after the other until the picture is blocked.

    The time runs from the moment the deciding report is sent until the gate, asked anew, gives the placeholder.
    """
    statuses: list[str] = []
    for person in people:
        sent = time.perf_counter()
        statuses.append(stage.backend.report(picture.id, person, reason))
        if statuses[-1] == "blocked":
            while not is_placeholder(stage.backend.look(picture.gate_url)):
                if time.perf_counter() - sent > 10 * WITHIN_S:
                    return Outcome(tuple(statuses), None)
            return Outcome(tuple(statuses), time.perf_counter() - sent)
    return Outcome(tuple(statuses), None)


def several_people(stage: Stage) -> None:
    """People who have nothing in common report the picture that plays the violent part: blurred, then blocked."""
    tell, picture = stage.tell, stage.pictures[VIOLENT]
    tell.chapter("Several people report a picture")
    tell.say(
        "The photograph of the moose plays a picture of violence; the demo ships no real one. 56 readers have seen "
        "it when reports come in, from people who share nothing: no network, no device, accounts of different ages."
    )
    stage.backend.count_views(picture.id, 56)
    now = datetime.now(UTC)
    people = crowd.unconnected("morning", now)
    outcome = report_until_blocked(stage, picture, people, "violence")
    _table_of_reports(stage, people, outcome, now)
    took = outcome.until_withheld_s
    if took is not None:
        tell.say(
            f"From sending report {len(outcome.statuses)} until the gate gave readers the placeholder: "
            f"[bold]{took * 1000:.0f} ms[/bold]."
        )
    said = stage.backend.verdict(picture.id)
    _quote_verdict(stage, said)
    tell.say(
        "The block is provisional: a person has until "
        f"{_clock(said['review_by'])} to look. Reload the front page: it shows the placeholder."
        if said["review_by"]
        else "No time for a review is set."
    )
    tell.expect("a few unconnected people get a harmful picture blocked", outcome.statuses[-1] == "blocked")
    tell.expect("it is blurred on less evidence before that", "blurred" in outcome.statuses)
    tell.expect("two people are not several", set(outcome.statuses[:2]) <= {"visible", "blurred"})
    tell.expect("readers get the placeholder within a second of the deciding report", (took or WITHIN_S) < WITHIN_S)


def bytes_stay(stage: Stage, seen_before: httpx.Headers) -> None:
    """The blocked picture's bytes cannot be had, nor does uploading it again bring it back."""
    tell, picture = stage.tell, stage.pictures[VIOLENT]
    tell.chapter("Nobody gets the blocked picture's bytes")
    path = paper.photograph(VIOLENT)
    tried = withheld.attempts(picture.gate_url, path.read_bytes(), seen_before)
    again = stage.backend.register(
        path.name,
        path.read_bytes(),
        uploader="somebody-else",
        page_url="https://newspaper.example/again",
        caption="the same file, once more",
    )
    stays = again.status == "blocked" and is_placeholder(stage.backend.look(again.gate_url))
    leaked = [attempt.way for attempt in tried if attempt.leaked]
    tell.say(
        f"{len(tried)} ways were tried: ranges, cached copies, lifting a blur, other spellings, paths that climb out "
        "of the folder and more. No answer held any of the picture."
        if not leaked
        else f"[bold red]These gave it away: {', '.join(leaked)}.[/]"
    )
    tell.say(
        "Somebody else uploaded the same file: it was blocked from the start."
        if stays
        else "[bold red]Uploaded again, the same file was shown.[/]"
    )
    tell.expect("a blocked picture's bytes cannot be had by any address, range or cached copy", not leaked)
    tell.expect("uploading it again does not bring it back", stays)


def one_crowd(stage: Stage) -> None:
    """Forty linked accounts report a legitimate photograph: they count as one, and it stays."""
    tell, picture = stage.tell, stage.pictures[ATTACKED]
    tell.chapter("Forty accounts that act as one report a legitimate photograph")
    tell.say(
        "Somebody wants the portrait of the astronaut gone and sends a link around: forty accounts, all made on the "
        "same afternoon, on five phones in one network, report it for hate. 900 readers have seen the portrait."
    )
    stage.backend.count_views(picture.id, 900)
    people = crowd.linked(datetime.now(UTC))
    outcome = report_until_blocked(stage, picture, people, "hate")
    shown = dict(Counter(outcome.statuses))
    answer = stage.backend.look(picture.gate_url)
    whole = answer.content == paper.photograph(ATTACKED).read_bytes()
    said = stage.backend.verdict(picture.id)
    tell.table(
        ("rule", "what becomes of the portrait"),
        (
            (f"hide after {PLAIN_COUNT} reports", f"hidden by report {PLAIN_COUNT}, for all 900 and everybody after"),
            ("Tawatur", ", ".join(f"{status} after {count} of 40 reports" for status, count in shown.items())),
        ),
    )
    _quote_verdict(stage, said)
    tell.say(
        f"Of forty reports, about {said['verdict']['voices']:.1f} independent voices are left; it takes three at least."
    )
    tell.expect("forty accounts that act as one block nothing", len(outcome.statuses) == 40 and whole)
    tell.expect("nor do they blur it", set(outcome.statuses) == {"visible"})


def a_person_decides(stage: Stage) -> None:
    """Honest people are wrong together, and one person's review puts it right at once."""
    tell, picture = stage.tell, stage.pictures[MISTAKEN]
    tell.chapter("People can be wrong, and one person puts it right")
    tell.say(
        "Hubble's picture of galaxies looks so unlikely that honest readers, unconnected ones, report it as made by "
        "a computer. 36 readers have seen it."
    )
    stage.backend.count_views(picture.id, 36)
    now = datetime.now(UTC)
    outcome = report_until_blocked(stage, picture, crowd.unconnected("noon", now), "deception")
    tell.say(
        f"After {len(outcome.statuses)} reports it is {outcome.statuses[-1]}. An editor looks, and rejects the reports:"
    )
    decided = time.perf_counter()
    status = stage.backend.review(picture.id, "rejected", reviewer="editor-on-duty")
    answer = stage.backend.look(picture.gate_url)
    took = time.perf_counter() - decided
    back = status == "visible" and answer.content == paper.photograph(MISTAKEN).read_bytes()
    later = [stage.backend.report(picture.id, person, "deception") for person in crowd.unconnected("evening", now)]
    if back:
        tell.say(f"[bold]{took * 1000:.0f} ms[/bold] later the gate gives readers the whole photograph again.")
    tell.say(
        f"{len(later)} other people report it after that: it stays {later[-1]}. "
        "For a day no reports outweigh the editor."
    )
    tell.expect("one review restores a wrongly blocked picture at once", outcome.statuses[-1] == "blocked" and back)
    tell.expect("what a person decided, further reports do not undo", set(later) == {"visible"})


def is_placeholder(answer: httpx.Response) -> bool:
    """Whether the gate gave the placeholder and not the picture."""
    return answer.is_success and answer.headers.get("content-type", "").startswith("image/svg+xml")


def _table_of_reports(stage: Stage, people: Sequence[Person], outcome: Outcome, now: datetime) -> None:
    rows = [
        (str(place), crowd.age_in_words(person, now), person.network, status)
        for place, (person, status) in enumerate(zip(people, outcome.statuses, strict=False), start=1)
    ]
    stage.tell.table(("report", "account made", "network", "the picture then"), rows)


def _quote_verdict(stage: Stage, said: dict[str, Any]) -> None:
    stage.tell.quote("Why, as a moderator reads it:", in_words(said["verdict"], "en"))


def _clock(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone().strftime("%H:%M on %A")
