"""`aupkeep demo` after the fortnight: live mail, a real hold, the desk, until told to end.

It is armed for one clause of one provider, towards its own folder and its own mail host only.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from aupkeep.attribution.holdings import read_holdings
from aupkeep.attribution.profiles import read_profiles
from aupkeep.cli.demo_ending import Ending, ToldToEndError
from aupkeep.cli.demo_settings import live_settings
from aupkeep.cli.demo_story import Story
from aupkeep.cli.faces import FINE, now
from aupkeep.cli.person import sign_in_link, whoever
from aupkeep.demo.brand import BRANDS, JASMO
from aupkeep.demo.fortnight import Fortnight
from aupkeep.demo.live import Live, make_live
from aupkeep.demo.mailhost import MailHost
from aupkeep.demo.mailserver import NoMailServerError, private_postfix, why_none
from aupkeep.demo.ports import held_port
from aupkeep.demo.registers import holdings_csv, profiles_csv
from aupkeep.demo.writtenlog import WrittenLog
from aupkeep.flow.arming import arm
from aupkeep.flow.books import import_holdings, import_profiles
from aupkeep.flow.installation import Installation, open_installation
from aupkeep.flow.keys import secret
from aupkeep.flow.signing_in import add_person
from aupkeep.settings import FILE_NAME
from aupkeep.store import dialogue, intake
from aupkeep.store.links import notice_token

#: The first port that is tried for the desk.
FIRST_PORT = 8000
#: What may be carried out, of one provider.
ARMED = ("hold_mail", "warn", "spam")
#: Who may sign in: two, since some steps need two.
PEOPLE = ("robin", "sam")
#: Seconds until engine and desk are up, and until all of it has ended.
STARTING, STOPPING = 60.0, 30.0


def serve(fortnight: Fortnight, where: Path, ending: Ending) -> int:
    """Go on in the installation `where` until told to end; return the exit code."""
    ending.gently()
    with ExitStack() as stack:
        try:
            port = stack.enter_context(held_port(FIRST_PORT))
            host = _mail_host(stack, where / "mail", fortnight.seed)
            live = make_live(fortnight.seed, now(), fortnight.customers)
            installation, links = _prepare(where, host, port, live)
            story = Story(
                seed=fortnight.seed,
                folder=where,
                live=live,
                host=host,
                run=stack.enter_context(_running(where)),
                ending=ending,
            )
            _wait_until_up(story, port)
            story.play()
            _tell_addresses(installation, story, links)
            story.stay()
        except ToldToEndError:
            print("\nending: desk, engine, hand" + (", Postfix" if host.config else ""), flush=True)
    return FINE


def _mail_host(stack: ExitStack, folder: Path, seed: int) -> MailHost:
    """Return the demo's own Postfix, or only a log where there can be none; say which."""
    why = why_none(folder)
    if not why:
        try:
            host = stack.enter_context(private_postfix(folder, seed))
        except NoMailServerError as refused:
            why = str(refused)
            shutil.rmtree(folder, ignore_errors=True)
        else:
            print(
                "\nNow live. A Postfix of the demo's own takes mail on "
                f"127.0.0.1:{host.port}; nothing leaves this machine."
            )
            return host
    print(
        f"\nNow live, without a mail server: {why}.\n"
        "The demo writes the log that Postfix would; that mail is held is shown on the map file\n"
        "only, since nothing is sent that could be held."
    )
    return WrittenLog(folder, seed, now)


def _prepare(
    where: Path, host: MailHost, port: int, live: Live
) -> tuple[Installation, dict[str, str]]:
    """Make the replayed installation one for live work; return it and the links to sign in."""
    (where / FILE_NAME).write_text(live_settings(where, host, port), encoding="utf-8")
    installation = open_installation(where)
    register, instant = where / "live", now()
    register.mkdir()
    holdings, profiles = register / "holdings.csv", register / "profiles.csv"
    holdings.write_text(holdings_csv(live.customers), encoding="utf-8")
    profiles.write_text(profiles_csv(live.customers), encoding="utf-8")
    listed = read_holdings(holdings.read_text(encoding="utf-8"), file=str(holdings))
    import_holdings(listed, source="mailboxes", now=instant)
    said = read_profiles(profiles.read_text(encoding="utf-8"), file=str(profiles))
    import_profiles(said, source=profiles.name, now=instant)
    arm(installation, ARMED, provider=JASMO.name, by=whoever(), now=instant)
    names = tuple(brand.name for brand in BRANDS)
    for person in PEOPLE:
        add_person(person, names, now=instant)
    power, letters, clause = ARMED
    print(
        f"Armed, for {JASMO.name} and the clause {clause} only: {power} and {letters}.", flush=True
    )
    return installation, {person: sign_in_link(installation, person) for person in PEOPLE}


@contextmanager
def _running(where: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Keep `aupkeep run` at work on the folder until the end of the block."""
    command = [sys.executable, "-m", "aupkeep", "run", str(where)]
    with (where / "run.log").open("ab") as log:
        # Of its own session: Ctrl-C comes here alone, and ends it in good order.
        run = subprocess.Popen(  # noqa: S603  # our own program
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    try:
        yield run
    finally:
        run.terminate()
        try:
            run.wait(STOPPING)
        except subprocess.TimeoutExpired:
            # Engine, hand and web end by themselves when it is gone.
            run.kill()
            run.wait()


def _wait_until_up(story: Story, port: int) -> None:
    """Wait until the desk answers and the engine has begun its windows anew."""
    before = intake.latest()
    number = before.number if before else 0

    def up() -> bool:
        latest = intake.latest()
        return latest is not None and latest.number > number and _answers(port)

    story.until(up, "the start of engine and desk", STARTING)


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _tell_addresses(installation: Installation, story: Story, links: dict[str, str]) -> None:
    desk = installation.settings.desk
    port = desk.listen.rpartition(":")[2]
    notice, waiting = _notice_link(installation, story), _case(story, story.protected)
    lines = [
        "",
        f"The desk is at {desk.base}",
        *(f"  {person} signs in, once:  {link}" for person, link in links.items()),
        f"Why {story.stolen} is held, as its customer reads it:",
        f"  {notice}",
        f"The policy:  {desk.base}/policy/{JASMO.name}/",
        f"Letters lie in {installation.folder / 'outbox'}",
        "From another machine, first:",
        f"  ssh -L {port}:127.0.0.1:{port} {_whoever_signs_in()}@{_this_machine()}",
        "",
        f"To try: sign in, and agree to the hold on {story.protected}:",
        f"  {desk.base}/case/{waiting}",
        f"Answer the notice as the customer; lift the hold on {story.stolen}.",
        "What comes of it is told below. A milder measure needs another person to agree to it:",
        f"sign in as {PEOPLE[1]}, too, in another browser. Ctrl-C ends everything.",
        "",
    ]
    print("\n".join(lines), flush=True)


def _notice_link(installation: Installation, story: Story) -> str:
    """Return the page of the notice that tells the customer of the first hold."""
    notice = dialogue.notices_of(_case(story, story.stolen))[-1].notice
    token = notice_token(notice.id, secret(installation))
    return f"{installation.settings.desk.base}/notice/{token}"


def _case(story: Story, login: str) -> str:
    """Return the id of the case in which mail of `login` is held, or may be."""
    return next(one.case for one in story.watch.holds() if one.target == login)


def _whoever_signs_in() -> str:
    """Return by which name whoever started this works on this machine."""
    return os.environ.get("SUDO_USER") or whoever()


def _this_machine() -> str:
    """Return the address by which whoever works here from afar has reached this machine."""
    called = os.environ.get("SSH_CONNECTION", "").split()
    return called[2] if len(called) == 4 else socket.gethostname()  # noqa: PLR2004  # sshd(8)
