"""The engine: reads every inlet, evaluates, acts, commits; stops and goes on without a trace.

In: an installation. Out: commits. Everything between two commits is either in the database with
the state file it names, or it never happened: after a crash the same bytes are read again from the
places of the last commit, and lead to the same findings, cases and entries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aupkeep.base.clock import SECOND
from aupkeep.base.errors import AupkeepError
from aupkeep.detection.engine import Engine
from aupkeep.detection.finding import Finding
from aupkeep.events.frontier import ENDED, NEVER
from aupkeep.flow.archiving import Archiving
from aupkeep.flow.course import Course
from aupkeep.flow.doors import Doors, open_doors
from aupkeep.flow.gaps import blind, marked
from aupkeep.flow.handle_findings import FindingActs
from aupkeep.flow.installation import Installation, PolicyBook, ProfileBook
from aupkeep.flow.knocking import knock
from aupkeep.flow.reaching import Reaching
from aupkeep.flow.rules import rules_by_provider
from aupkeep.flow.standing import Arms
from aupkeep.flow.stream import Stream, ended
from aupkeep.store import arming, intake
from aupkeep.store import ground as books
from aupkeep.store.course import put_minutes
from aupkeep.store.database import unit
from aupkeep.store.exceptions import exceptions
from aupkeep.store.states import broken_state, read_state, remove_unnamed, write_state

#: Steps between two commits while catching up; each reads at most one block.
STEPS_A_COMMIT = 4
#: Findings after which a commit is due whatever else: one transaction stays small.
FINDINGS_A_COMMIT = 1_000
#: How far a silent live source may lag behind the clock before others stop waiting for it.
PATIENCE = 10 * SECOND


@dataclass(slots=True)
class Running:
    """One engine at work."""

    installation: Installation
    stream: Stream
    doors: Doors
    policies: PolicyBook
    profiles: ProfileBook
    reaching: Reaching
    clock: Callable[[], int]
    course: Course
    archive: Archiving
    number: int = 0
    #: Number of the last thing that began anew.
    afresh: int = 0
    waiting: list[Finding] = field(default_factory=list)
    steps: int = 0
    dirty: bool = False
    #: Which books are in use, and the hashes of the policies whose rules run, by provider.
    edition: tuple[int, int, int] = (0, 0, 0)
    in_force: dict[str, str] = field(default_factory=dict)

    @property
    def simulated(self) -> bool:
        """Rows count as received when they happened."""
        return self.installation.settings.clock == "event"

    def step(self) -> bool:
        """Read on at every door that has something; commit where due. False when all is silent."""
        now = self.clock()
        observed = None if self.simulated else now
        if not self.dirty and self._outdated(now):
            self.reread()
        progressed = self.doors.step(self.stream, observed, now)
        if progressed:
            self.dirty = True
            self.steps += 1
        frontier = self.doors.frontier(self.stream, None if self.simulated else now - PATIENCE)
        if not self.simulated:
            self._begin_anew(frontier)
        self._advance(frontier)
        due = self.steps >= STEPS_A_COMMIT or len(self.waiting) >= FINDINGS_A_COMMIT
        if due or (self.dirty and not progressed):
            self.commit()
        return progressed

    def _outdated(self, now: int) -> bool:
        """Whether the books were changed, or another policy version has come into force."""
        in_force = {name: item.policy.hash for name, item in self.policies.in_force(now).items()}
        return books.edition() != self.edition or in_force != self.in_force

    def reread(self) -> None:
        """Take up books and policies that were changed while the engine ran.

        Called between commits only, so that a restart would read the same. Rules whose detection
        part is new begin with empty windows; the others go on.
        """
        self.policies = PolicyBook(self.installation.policies())
        holdings, profiles = books.holdings(), books.profiles()
        self.profiles = ProfileBook(profiles, holdings, self.policies)
        self.reaching = Reaching(holdings, profiles)
        saved = self.stream.engine.save()
        self.stream.ground = self.installation.ground()
        self.stream.engine = self._rules()
        self.waiting += ended(self.stream.engine.restore(saved))
        self.dirty = self.dirty or bool(self.waiting)

    def _begin_anew(self, frontier: int) -> None:
        """Empty the windows of what was armed, or ended, when all that was before is evaluated.

        Rows of before that still waited would else open, for history alone, what is to be acted on.
        """
        for number, provider, clause, customer, at in arming.afresh_after(self.afresh):
            if frontier >= at:
                self._advance(at)
            if self.stream.evaluated < at:
                return
            self.waiting += ended(self.stream.engine.forget(provider, clause, customer))
            self.afresh = number
            self.dirty = True

    def _rules(self) -> Engine:
        """Return an engine with the rules in force now, and remember which they are."""
        in_force = self.policies.in_force(self.clock())
        self.edition = books.edition()
        self.in_force = {name: item.policy.hash for name, item in in_force.items()}
        return Engine(rules_by_provider(in_force))

    def finish(self) -> None:
        """Evaluate everything that has been read, as at the end of all input, and commit."""
        now = self.clock()
        for index in range(len(self.stream.sources)):
            observed = None if self.simulated else now
            self.stream.end_source(index, observed_at=observed, now=now)
        self._advance(ENDED)
        self.commit()

    def _advance(self, frontier: int) -> None:
        before = self.stream.evaluated
        self.waiting += self.stream.advance(frontier)
        if self.stream.evaluated != before:
            self.dirty = True

    def commit(self) -> None:
        """Act on the findings that wait, and make all of it durable in one transaction."""
        minutes = self.course.settle(self.waiting, self.stream.evaluated)
        state = {
            "stream": self.stream.save(),
            "doors": self.doors.save(),
            "course": self.course.save(),
            "afresh": self.afresh,
        }
        self.number += 1
        name = write_state(self.installation.states, self.number, state)
        now = self.clock()
        self.archive.write(self.number, [source.name for source in self.stream.sources])
        with self.archive.named(), unit():
            self.archive.name()
            acts = FindingActs(
                self.policies.at,
                self.profiles.at,
                clock=None if self.simulated else now,
                arms=None if self.simulated else Arms(self.installation),
                exceptions=exceptions(),
                reaching=self.reaching,
            )
            gaps = blind(self.stream.sources, self.stream.tallies)
            found = marked(self.waiting, gaps, self.policies.in_force(now))
            acts.handle(found, self.stream.evaluated, reached=self._reached())
            put_minutes(minutes)
            for source, tally in zip(self.stream.sources, self.stream.tallies, strict=True):
                intake.put_source(source.name, source.format, source.provider, tally.save())
            intake.put_commit(intake.Committed(self.number, name, self.stream.evaluated, now))
        for sanction in acts.approved:
            knock(self.installation.data, sanction)
        remove_unnamed(self.installation.states, name)
        self.waiting = []
        self.steps = 0
        self.dirty = False
        self._tend(now)

    def _reached(self) -> int:
        """Return how far events are: the frontier, or the last row where all input has ended."""
        seen = [item.last_event for item in self.stream.tallies if item.last_event is not None]
        evaluated = self.stream.evaluated
        return evaluated if evaluated < ENDED else max(seen, default=NEVER)

    def _tend(self, now: int) -> None:
        """Let the archive do what is due, in the time by which rows count as received."""
        reached = self.stream.evaluated
        if not self.simulated:
            self.archive.tend(now)
        elif NEVER < reached < ENDED:
            self.archive.tend(reached)


def start(installation: Installation, clock: Callable[[], int]) -> Running:
    """Open every door and take up the last committed state; raises `AupkeepError`."""
    policies = PolicyBook(installation.policies())
    profiles = ProfileBook(books.profiles(), books.holdings(), policies)
    in_force = policies.in_force(clock())
    settings = installation.settings
    exporters = {item.address: item.exporter() for item in settings.exporter}
    stream = Stream(
        ground=installation.ground(),
        engine=Engine(rules_by_provider(in_force)),
        exporters=exporters,
    )
    committed = intake.latest()
    saved = None
    waiting: list[Finding] = []
    course = Course()
    if committed is not None:
        saved = read_state(installation.states, committed.state_file)
        try:
            waiting = stream.restore(saved["stream"])
            if "course" in saved:
                course = Course.restore(saved["course"])
        except (KeyError, TypeError, ValueError, IndexError) as broken:
            path = installation.states / committed.state_file
            raise AupkeepError(broken_state(path, repr(broken))) from None
    stream.onlooker = course.see
    archive = Archiving(installation)
    stream.keep_with(archive.batch.see)
    remove_unnamed(installation.states, committed.state_file if committed else "")
    doors = open_doors(
        settings, installation.folder, stream, saved["doors"] if saved else {}, clock()
    )
    return Running(
        installation=installation,
        stream=stream,
        doors=doors,
        policies=policies,
        profiles=profiles,
        reaching=Reaching(books.holdings(), books.profiles()),
        clock=clock,
        course=course,
        archive=archive,
        number=committed.number if committed else 0,
        afresh=_anew(saved),
        waiting=waiting,
        dirty=bool(waiting),
        edition=books.edition(),
        in_force={name: item.policy.hash for name, item in in_force.items()},
    )


def _anew(saved: Mapping[str, Any] | None) -> int:
    """Return what has begun anew already: without a saved state there is nothing to empty."""
    if saved is not None:
        return int(saved.get("afresh", 0))
    return max((item[0] for item in arming.afresh_after(0)), default=0)


def run_to_end(installation: Installation, clock: Callable[[], int]) -> Running:
    """Read everything there is to read, as at the end of all input, and stop."""
    running = start(installation, clock)
    running.doors.to_end()
    while running.step():
        pass
    running.finish()
    running.doors.close()
    return running
