"""The command face: arguments in, text or JSON lines out, exit codes.

`COMMANDS` is the table of commands; a command's module is imported only when it is called, so that
`aupkeep --help` and a typing mistake answer at once.
"""

from __future__ import annotations

import gc
import importlib
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from aupkeep import __version__

#: Command -> (module, attribute, one line of help).
COMMANDS: dict[str, tuple[str, str, str]] = {
    "demo": ("aupkeep.cli.demo", "app", "Two made-up providers, from raw bytes to decided cases."),
    "init": ("aupkeep.cli.init", "app", "Look round this machine and write settings for it."),
    "run": ("aupkeep.cli.run", "app", "Keep the policy: engine, hand and web, started together."),
    "engine": ("aupkeep.cli.engine", "app", "Reads every inlet, evaluates, opens cases, decides."),
    "hand": ("aupkeep.cli.hand", "app", "Carries out what was approved, and undoes it."),
    "web": ("aupkeep.cli.web", "app", "Serves the desk."),
    "arm": ("aupkeep.cli.arm", "arm_app", "Let a power or a clause be carried out."),
    "disarm": ("aupkeep.cli.arm", "disarm_app", "Let it be carried out no more."),
    "policy": ("aupkeep.cli.policy", "app", "Check, show, test, publish and cover policy folders."),
    "exception": ("aupkeep.cli.exceptions", "app", "Make, list and end exceptions."),
    "holdings": ("aupkeep.cli.holdings", "app", "Import who holds what; suggest what is missing."),
    "events": ("aupkeep.cli.events", "app", "Show what each line of a file became."),
    "detect": ("aupkeep.cli.detect", "app", "Files in, findings out; nothing is kept."),
    "report": ("aupkeep.cli.report", "app", "Read abuse reports."),
    "case": ("aupkeep.cli.case_acts", "app", "List, explain and work on cases."),
    "sanction": ("aupkeep.cli.sanctions", "app", "List, lift and compare what is in force."),
    "notice": ("aupkeep.cli.notices", "app", "List notices, and take letters that came back."),
    "appeal": ("aupkeep.cli.appeals", "app", "List and decide appeals."),
    "fee": ("aupkeep.cli.fees", "app", "List, dispute, uphold and credit fees."),
    "alarm": ("aupkeep.cli.alarms", "app", "List and acknowledge alarms."),
    "pause": ("aupkeep.cli.alarms", "pause_app", "Let a power wait."),
    "resume": ("aupkeep.cli.alarms", "resume_app", "Let a paused power go on."),
    "person": ("aupkeep.cli.person", "app", "Let people in, and make links to sign in."),
    "record": ("aupkeep.cli.record", "app", "Verify and export the record."),
    "bench": ("aupkeep.cli.bench", "app", "Measure how fast the engine is on this machine."),
    "archive": ("aupkeep.cli.archive", "app", "Find, keep, hold and erase old events."),
    "doctor": ("aupkeep.cli.doctor", "app", "What is read, what is not, and the next step."),
}


class LazyGroup(TyperGroup):
    """Imports the module of a command only when that command is called."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  # the group's signature
        """Return the commands in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the command, imported now; None where there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute, text = COMMANDS[cmd_name]
        if ctx.resilient_parsing or cmd_name not in sys.argv[1:2]:
            return TyperCommand(cmd_name, help=text)
        app = getattr(importlib.import_module(module), attribute)
        command: Any = typer.main.get_command(app)
        command.name = cmd_name
        return command


app = typer.Typer(
    cls=LazyGroup,
    add_completion=False,
    no_args_is_help=True,
    help="Aupkeep keeps a hosting provider's acceptable use policy.",
    pretty_exceptions_enable=False,
)


def _say_version(asked: bool) -> None:  # noqa: FBT001  # the signature of an option's callback
    if asked:
        print(f"aupkeep {__version__}")
        raise typer.Exit


@app.callback()
def root(
    *,
    version: Annotated[  # eager: answered before a command is asked for
        bool,
        typer.Option("--version", callback=_say_version, is_eager=True, help="say the version"),
    ] = False,
) -> None:
    """Aupkeep keeps a hosting provider's acceptable use policy."""


#: New objects between two searches for circles of garbage. Python's own 700 would search many
#: times as often while modules are loaded and rules are read, which makes no garbage at all.
_GARBAGE = 50_000


def main() -> None:
    """Run the command line; exit codes as in `cli.faces`."""
    gc.set_threshold(_GARBAGE)
    app(prog_name="aupkeep")
