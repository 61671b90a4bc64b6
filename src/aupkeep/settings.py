"""Settings: one typed TOML file that names every door in use.

In: the text of `aupkeep.toml`. Out: `Settings`, or every fault at once. Paths are relative to the
file's folder. Unknown keys are faults: a misspelt door must not be a silent one.
"""

from __future__ import annotations

import ipaddress
import re
import tomllib
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    SerializeAsAny,
    ValidationError,
)

from aupkeep.base.clock import DAY, parse_duration
from aupkeep.base.errors import AupkeepError, Fault, Place, near, unknown_word
from aupkeep.events.schema import KINDS
from aupkeep.outlets.kinds import KINDS as POWERS
from aupkeep.outlets.kinds import kind_of
from aupkeep.outlets.shape import PowerShape
from aupkeep.signals.source import Exporter

#: The name of the settings file in an installation's folder.
FILE_NAME = "aupkeep.toml"
#: Years that lines without one can be of: from the first instant that is counted.
EARLIEST_YEAR, LATEST_YEAR = 1970, 2199
LAST_PORT = 65_535


def _zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError(f"`{value}` is not a time zone")
    return value


def _year(value: int) -> int:
    if value and not EARLIEST_YEAR <= value <= LATEST_YEAR:
        raise ValueError(f"{value} is not a year from {EARLIEST_YEAR} to {LATEST_YEAR}")
    return value


def _network(value: str) -> str:
    return str(ipaddress.ip_network(value))


def _address(value: str) -> str:
    return str(ipaddress.ip_address(value))


def _no_or_address(value: str) -> str:
    return _address(value) if value else ""


def _duration(value: str) -> str:
    if parse_duration(value) <= 0:
        raise ValueError("it must be longer than nothing")
    return value


def _no_or_duration(value: str) -> str:
    return _duration(value) if value else ""


def _retention(value: dict[str, str]) -> dict[str, str]:
    for kind, text in value.items():
        if kind not in KINDS:
            guess = near(kind, tuple(KINDS))
            raise ValueError(
                f"`{kind}` is no kind of event"
                + (f": did you mean `{guess}`?" if guess else f" ({', '.join(KINDS)})")
            )
        if parse_duration(text) <= 0 or parse_duration(text) % DAY:
            raise ValueError(f"`{kind}` is kept for whole days, such as 90d, and `{text}` is not")
    return value


def _no_or_days(value: str) -> str:
    if value and (parse_duration(value) <= 0 or parse_duration(value) % DAY):
        raise ValueError(f"`{value}` is no number of whole days, such as 3650d")
    return value


def _host_and_port(value: str) -> str:
    host, _, port = value.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) <= LAST_PORT:
        raise ValueError(f"`{value}` is no address and port such as 127.0.0.1:8000")
    return value


def _no_or_host(value: str) -> str:
    return _host_and_port(value) if value else ""


def _no_or_url(value: str) -> str:
    if value and not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", value):
        raise ValueError(f"`{value}` is no address such as https://abuse.example")
    return value


Zone = Annotated[str, AfterValidator(_zone)]
Year = Annotated[int, AfterValidator(_year)]
Network = Annotated[str, AfterValidator(_network)]
Address = Annotated[str, AfterValidator(_address)]
#: Formats an inlet can be read in.
FormatName = Literal["postfix", "sshd", "netflow5", "report"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ProviderSettings(_Strict):
    """A brand: its policy folder and the networks it routes."""

    name: str = Field(min_length=1)
    #: Folder of the policy, relative to the settings file.
    policy: str = Field(min_length=1)
    #: Prefixes of which every address is inside, held or not.
    networks: list[Network] = Field(default_factory=list)


class InletSettings(_Strict):
    """A door in: files (a glob, rotated ones too), a folder of reports, or the journal."""

    provider: str
    format: FormatName
    #: Path or glob, relative to the settings file.
    path: str = ""
    #: Syslog identifiers to read from the systemd journal instead of a path.
    journal: list[str] = Field(default_factory=list)
    zone: Zone = "UTC"
    year: Year = 0
    #: Only root may write it, or it came over TLS: its rows can reach the tier `fact`.
    authenticated: bool = True
    #: Exporter of bare NetFlow datagrams.
    exporter: Annotated[str, AfterValidator(_no_or_address)] = ""


class ExporterSettings(_Strict):
    """A router whose flow records are taken; any other is refused."""

    address: Address
    provider: str
    authenticated: bool = False
    source_guarded: bool = False
    sampling: int = Field(default=0, ge=0)

    def exporter(self) -> Exporter:
        """Return the value that the flow reader takes."""
        return Exporter(
            address=self.address,
            provider=self.provider,
            authenticated=self.authenticated,
            guarded=self.source_guarded,
            sampling=self.sampling,
        )


def _power(value: object) -> PowerShape:
    """Return the table of a power in the shape that its `by` asks for."""
    if isinstance(value, PowerShape):
        return value
    table = value if isinstance(value, dict) else {}
    return kind_of(table).model_validate(value)


Power = Annotated[SerializeAsAny[PowerShape], PlainValidator(_power)]


class MailSettings(_Strict):
    """How letters to customers, and alarms by mail, leave: by SMTP or into a folder."""

    #: Whom letters come from; empty: the contact of the provider's policy.
    sender: str = ""
    #: Folder into which letters are put as files, relative to the settings file.
    outbox: str = ""
    #: Host and port of a mail server.
    smtp: Annotated[str, AfterValidator(_no_or_host)] = ""
    tls: Literal["none", "starttls", "tls"] = "none"
    user: str = ""
    #: File that holds the password and nothing else.
    password_file: str = ""
    #: Log of that mail server, in which a letter of an interrupted sending is looked up.
    log: str = ""
    #: Address to which letters that cannot be delivered come back, as `LOCAL+ID@DOMAIN`; empty:
    #: they come back to the sender.
    bounces: str = ""
    #: Maildir in which what came back arrives, relative to the settings file; empty: none is read.
    returned: str = ""
    #: Letters to customers an hour, at most.
    per_hour: int = Field(default=100, ge=1)


class AlarmSettings(_Strict):
    """Whom alarms go to; they go in every mode, observe too."""

    mail: list[str] = Field(default_factory=list)
    webhook: str = ""
    #: An alarm is repeated after this time until somebody acknowledges it.
    repeat: Annotated[str, AfterValidator(_duration)] = "15m"
    #: A sign of life so often, while engine, hand and web are at work; empty: none is sent.
    heartbeat: Annotated[str, AfterValidator(_no_or_duration)] = ""
    #: Where it is posted, and whom it is written to.
    heartbeat_url: Annotated[str, AfterValidator(_no_or_url)] = ""
    heartbeat_mail: list[str] = Field(default_factory=list)


class CheckpointSettings(_Strict):
    """The second place of the record."""

    #: Folder for signed checkpoints, relative to the settings file; best on another machine's disk.
    folder: str = "checkpoints"


#: How long rows are kept where the settings do not say. Flows are many, and tell whom somebody
#: speaks to; a report is one side of a correspondence, and others may come back to it.
RETENTION = {"flow": "30d", "report": "730d"}
USUAL_RETENTION = "90d"


class ArchiveSettings(_Strict):
    """The event archive."""

    #: Its folder, relative to the settings file; empty: `archive` in the folder `data`.
    folder: str = ""
    #: How long rows of each kind are kept, in whole days.
    retention: Annotated[dict[str, str], AfterValidator(_retention)] = Field(default_factory=dict)

    def kept(self) -> dict[str, str]:
        """Return how long rows of every kind are kept."""
        usual = {kind: RETENTION.get(kind, USUAL_RETENTION) for kind in KINDS}
        return usual | self.retention


class RecordSettings(_Strict):
    """The record."""

    #: How long what is personal in an entry can be read, in whole days; empty: for good. The entry
    #: itself stays for good.
    keep_personal: Annotated[str, AfterValidator(_no_or_days)] = ""


class DeskSettings(_Strict):
    """The web face."""

    #: Where the web server listens.
    listen: Annotated[str, AfterValidator(_host_and_port)] = "127.0.0.1:8000"
    #: What links begin with as people reach the desk; empty: http:// and `listen`.
    url: Annotated[str, AfterValidator(_no_or_url)] = ""

    @property
    def base(self) -> str:
        """What every link begins with, without a slash at its end."""
        return (self.url or f"http://{self.listen}").rstrip("/")


class Settings(_Strict):
    """Everything an installation is told."""

    #: Every installation begins in observe; `aupkeep arm` alone leaves it, so this is only a word.
    mode: Literal["observe"] = "observe"
    #: One person runs the desk: what needs two people waits a day instead.
    single_operator: bool = False
    #: What the hand looks at by itself to see whether a cause is gone; nothing where it is empty.
    recheck: list[Literal["port", "url", "file"]] = Field(default_factory=list)
    #: The system's user for engine and web where `run` is started by root.
    user: str = "aupkeep"
    #: `event`: a replay of the past, where a row counts as received when it happened.
    clock: Literal["system", "event"] = "system"
    #: Folder for the database and the engine's state.
    data: str = "data"
    provider: list[ProviderSettings] = Field(min_length=1)
    inlet: list[InletSettings] = Field(default_factory=list)
    exporter: list[ExporterSettings] = Field(default_factory=list)
    power: list[Power] = Field(default_factory=list)
    mail: MailSettings | None = None
    alarm: AlarmSettings = AlarmSettings()
    checkpoint: CheckpointSettings = CheckpointSettings()
    archive: ArchiveSettings = ArchiveSettings()
    record: RecordSettings = RecordSettings()
    desk: DeskSettings = DeskSettings()


def read_settings(text: str, *, file: str) -> Settings:
    """Return the settings in `text`; raises `AupkeepError` with every fault and its line."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as broken:
        raise AupkeepError(_syntax_fault(str(broken), text, file)) from None
    faults = _cross_faults(raw, text, file)
    try:
        settings = Settings.model_validate(raw)
    except ValidationError as invalid:
        faults += [_fault(dict(error), raw, text, file) for error in invalid.errors()]
        raise AupkeepError(faults) from None
    if faults:
        raise AupkeepError(faults)
    return settings


def load_settings(folder: Path) -> Settings:
    """Read the settings file of an installation's `folder`; raises `AupkeepError`."""
    path = folder / FILE_NAME
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as missing:
        raise AupkeepError(
            Fault(
                code="no-settings",
                what=f"there is no settings file `{FILE_NAME}` to read in `{folder}`",
                hint=f"`aupkeep init {folder} --policy jasmo` writes one ({missing.strerror})",
            )
        ) from None
    except UnicodeDecodeError as wrong:
        raise AupkeepError(
            Fault(
                code="not-utf8",
                what=f"this is not UTF-8 text ({wrong.reason} at byte {wrong.start})",
                place=Place(file=str(path)),
            )
        ) from None
    return read_settings(text, file=str(path))


def _syntax_fault(message: str, text: str, file: str) -> Fault:
    found = re.search(r"\(at line (\d+), column (\d+)\)", message)
    what = re.sub(r" \(at line .*\)$", "", message)
    line, column = (int(found[1]), int(found[2])) if found else (0, 0)
    return Fault(
        code="syntax",
        what=f"this is no TOML: {what[:1].lower() + what[1:]}",
        place=Place(file=file, line=line, column=column, text=_line(text, line)),
    )


def _fault(error: dict[str, object], raw: dict[str, object], text: str, file: str) -> Fault:
    path = error["loc"]
    steps = [str(step) for step in path] if isinstance(path, tuple) else []
    key = next((step for step in reversed(steps) if not step.isdigit()), "")
    place = _place(text, file, steps)
    where = ".".join(steps)
    if error["type"] == "extra_forbidden":
        allowed = _keys(steps[:-1], raw)
        guess = near(key, allowed)
        return Fault(
            code="unknown-key",
            what=f"`{key}` is not a setting here",
            place=place,
            allowed=allowed,
            hint=f"did you mean `{guess}`?" if guess else "",
        )
    if error["type"] == "literal_error":
        words = tuple(re.findall(r"'([^']*)'", str(error["msg"])))
        allowed = tuple(sorted(POWERS)) if key == "by" else words
        return unknown_word(str(error["input"]), allowed, what=f"a word for `{key}`", place=place)
    if error["type"] == "model_type":
        return Fault(code="no-table", what=f"`{where}` is no table", place=place)
    if error["type"] == "missing":
        return Fault(code="missing-key", what=f"`{where}` is missing", place=place)
    zone = near(str(error["input"]), sorted(available_timezones())) if key == "zone" else ""
    message = str(error["msg"]).removeprefix("Value error, ")
    return Fault(
        code="wrong-value",
        what=f"`{where}`: {message[:1].lower() + message[1:]}",
        place=place,
        hint=f"did you mean `{zone}`?" if zone else "",
    )


def _keys(steps: list[str], raw: dict[str, object]) -> tuple[str, ...]:
    powers = dict(_tables(raw, "power"))
    tables: dict[str, type[BaseModel]] = {
        "provider": ProviderSettings,
        "inlet": InletSettings,
        "exporter": ExporterSettings,
        "power": kind_of(powers.get(int(steps[1]), {}) if len(steps) > 1 else {}),
        "mail": MailSettings,
        "alarm": AlarmSettings,
        "checkpoint": CheckpointSettings,
        "archive": ArchiveSettings,
        "desk": DeskSettings,
    }
    model: type[BaseModel] = tables.get(steps[0], Settings) if steps else Settings
    return tuple(sorted(model.model_fields))


def _place(text: str, file: str, steps: list[str]) -> Place:
    """Find the line of a key: its table's head, then the key below it; else the head's line."""
    lines = text.splitlines()
    heads = [at for at, line in enumerate(lines) if re.match(r"\s*\[", line)]
    start = 0
    if len(steps) > 1 and steps[1].isdigit():
        head = re.compile(rf"\s*\[\[\s*{re.escape(steps[0])}\s*\]\]")
        own = [at for at in heads if head.match(lines[at])]
        index = int(steps[1])
        start = own[index] if index < len(own) else 0
    elif len(steps) > 1:
        head = re.compile(rf"\s*\[\s*{re.escape(steps[0])}\s*\]")
        start = next((at for at in heads if head.match(lines[at])), 0)
    key = next((step for step in reversed(steps) if not step.isdigit()), "")
    end = next((at for at in heads if at > start), len(lines))
    for at in range(start, end):
        found = re.match(rf"\s*{re.escape(key)}\s*=", lines[at])
        if found:
            column = len(lines[at]) - len(lines[at].lstrip()) + 1
            return Place(file=file, line=at + 1, column=column, text=lines[at])
    return Place(file=file, line=start + 1, column=1, text=_line(text, start + 1))


def _line(text: str, number: int) -> str:
    lines = text.splitlines()
    return lines[number - 1] if 0 < number <= len(lines) else ""


def _cross_faults(raw: dict[str, object], text: str, file: str) -> list[Fault]:
    """Return what is wrong between tables; what is wrong inside one is for the models to say."""
    said = [item.get("name") for _, item in _tables(raw, "provider")]
    names = tuple(name for name in said if isinstance(name, str) and name)
    faults = []
    for table in ("inlet", "exporter", "power"):
        for index, item in _tables(raw, table):
            if names and len(names) == len(said) and item.get("provider", names[0]) not in names:
                place = _place(text, file, [table, str(index), "provider"])
                what = "a provider of these settings"
                faults.append(unknown_word(str(item["provider"]), names, what=what, place=place))
    for index, item in _tables(raw, "inlet"):
        if bool(item.get("path")) == bool(item.get("journal")):
            place = _place(text, file, ["inlet", str(index)])
            what = "an inlet reads either a `path` or the `journal`"
            faults.append(Fault(code="one-place", what=what, place=place))
    mail = raw.get("mail")
    if isinstance(mail, dict) and bool(mail.get("outbox")) == bool(mail.get("smtp")):
        what = "letters leave either into an `outbox` or by `smtp`"
        faults.append(Fault(code="one-way", what=what, place=_place(text, file, ["mail", ""])))
    for index, item in _tables(raw, "provider"):
        if item.get("name") in said[:index] and item.get("name") in names:
            place = _place(text, file, ["provider", str(index), "name"])
            what = f"two providers are called `{item['name']}`"
            faults.append(Fault(code="double-provider", what=what, place=place))
    return faults + _double_powers(raw, text, file)


def _double_powers(raw: dict[str, object], text: str, file: str) -> list[Fault]:
    """Return a fault for each measure that two tables would carry out for one provider."""
    seen: set[tuple[str, str]] = set()
    faults = []
    for index, item in _tables(raw, "power"):
        one = (str(item.get("provider")), str(item.get("measure")))
        if one in seen:
            place = _place(text, file, ["power", str(index), "measure"])
            what = f"two powers carry `{one[1]}` out for `{one[0]}`"
            faults.append(Fault(code="double-power", what=what, place=place))
        seen.add(one)
    return faults


def _tables(raw: dict[str, object], name: str) -> list[tuple[int, dict[str, object]]]:
    """Return the tables of an array with their places in it; nothing where it is no array."""
    listed = raw.get(name)
    if not isinstance(listed, list):
        return []
    return [(index, item) for index, item in enumerate(listed) if isinstance(item, dict)]
