"""`aupkeep exception`: for some time a rule or clause leads to nothing for somebody."""

from __future__ import annotations

from typing import Annotated

import typer

from aupkeep.base.clock import format_instant, parse_instant
from aupkeep.base.errors import Fault, MisuseError
from aupkeep.cases.excepting import PolicyException
from aupkeep.cli.excepted import exception_object
from aupkeep.cli.faces import now, plain_errors, say_json
from aupkeep.cli.place import Folder, opened
from aupkeep.flow.excepting import Wanted, end_exception, make_exception
from aupkeep.sanctions.wording import one_line
from aupkeep.store import exceptions

app = typer.Typer(
    add_completion=False,
    name="exception",
    help="Make, list and end exceptions.",
    no_args_is_help=True,
)

By = Annotated[str, typer.Option("--by", metavar="PERSON", help="a person of the installation")]


@app.command("add")
def add(  # noqa: PLR0913  # one parameter an option of the documented command
    *,
    folder: Folder = None,
    until: Annotated[str, typer.Option(metavar="T", help="when it ends, e.g. 2026-12-31T00:00Z")],
    reason: Annotated[str, typer.Option(help="why, for those who read it later")],
    by: By,
    customer: Annotated[str, typer.Option(help="for this customer")] = "",
    service: Annotated[str, typer.Option(help="for this service")] = "",
    rule: Annotated[str, typer.Option(help="from this rule: its id or name")] = "",
    clause: Annotated[str, typer.Option(help="from this clause")] = "",
    since: Annotated[str, typer.Option("--from", metavar="T", help="default: now")] = "",
    provider: Annotated[str, typer.Option(help="where several have the rule or clause")] = "",
) -> None:
    """Let a rule or clause lead to nothing for somebody until then: findings are history only."""
    with plain_errors():
        installation, present = opened(folder), now()
        wanted = Wanted(
            customer=customer,
            service=service,
            rule=rule,
            clause=clause,
            since=_instant(since, "--from") if since else present,
            until=_instant(until, "--until"),
            reason=reason,
            by=by,
            provider=provider,
        )
        print(text(make_exception(installation, wanted, now=present), present))


@app.command("list")
def list_exceptions(
    *,
    folder: Folder = None,
    every: Annotated[bool, typer.Option("--all", help="those that are over too")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line")] = False,
) -> None:
    """List the exceptions in force or to come, and how many findings each has covered."""
    with plain_errors():
        opened(folder)
        counts, present = exceptions.counts(), now()
        listed = [item for item in exceptions.exceptions() if every or item.end > present]
        for item in listed:
            if as_json:
                say_json(exception_object(item) | {"findings": counts.get(item.id, 0)})
            else:
                count = counts.get(item.id, 0)
                print(f"{text(item, present)}; {count} finding{'' if count == 1 else 's'} covered")
        if not listed and not as_json:
            print("no exception" if every else "no exception is in force")


@app.command("end")
def end(
    exception: Annotated[
        str, typer.Argument(metavar="EXCEPTION", help="an exception's id, or its beginning")
    ],
    *,
    folder: Folder = None,
    reason: Annotated[str, typer.Option(help="why, for those who read it later")],
    by: By,
) -> None:
    """End an exception now; what it covers and still holds goes on as an ordinary finding."""
    with plain_errors():
        opened(folder)
        present = now()
        print(text(end_exception(exception, by=by, reason=reason, now=present), present))


def text(item: PolicyException, present: int) -> str:
    """Return an exception as one line for people."""
    if item.end <= present:
        state = f"over since {format_instant(item.end)}"
        state += f" (ended by {item.ended_by}: {item.ended_why})" if item.ended_by else ""
    else:
        begins = "" if item.since <= present else f"from {format_instant(item.since)} "
        state = f"{begins}until {format_instant(item.end)}"
    said = f"{item.id[:12]} {item.provider}: {item.whom} is excepted from {item.what}, {state}"
    return one_line(f"{said}; approved by {item.by}: {item.reason}")


def _instant(word: str, option: str) -> int:
    try:
        return parse_instant(word)
    except (ValueError, OverflowError):
        hint = "a time with a zone such as 2026-12-31T00:00:00Z is wanted"
        fault = Fault(code="wrong-value", what=f"`{option}`: `{word}` is no instant", hint=hint)
        raise MisuseError(fault) from None
