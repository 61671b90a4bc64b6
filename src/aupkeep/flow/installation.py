"""An installation: its folder, settings, policies and books, opened for work.

In: the folder of `aupkeep.toml`. Out: everything the engine and the commands need to begin.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aupkeep.attribution.ground import Ground
from aupkeep.attribution.holdings import Holding
from aupkeep.attribution.profiles import Profile as Statement
from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.cases.holder import OVER, PARENT, STATUS, stated
from aupkeep.decisions.decision import Profile
from aupkeep.flow.folders import find_folder, load_policy
from aupkeep.flow.publish_policy import is_published
from aupkeep.flow.rules import Ruled, read_ruled
from aupkeep.policy.model import Policy
from aupkeep.settings import Settings, load_settings
from aupkeep.store import ground as books
from aupkeep.store import keyring
from aupkeep.store.database import open_store

DATABASE = "aupkeep.sqlite3"
STATES = "state"
ARCHIVE = "archive"
#: The keys of envelopes, beside the data folder and not in it: a backup of the data has none.
ENVELOPES = Path("envelopes") / "keys.sqlite3"


@dataclass(frozen=True, slots=True)
class Installation:
    """One opened installation."""

    folder: Path
    settings: Settings

    @property
    def data(self) -> Path:
        """The folder of the database and the engine's state."""
        return self.folder / self.settings.data

    @property
    def states(self) -> Path:
        """The folder of the engine's state files."""
        return self.data / STATES

    @property
    def envelopes(self) -> Path:
        """The file of the keys of envelopes."""
        return self.folder / ENVELOPES

    @property
    def archive(self) -> Path:
        """The folder of the event archive."""
        said = self.settings.archive.folder
        return self.folder / said if said else self.data / ARCHIVE

    def policies(self) -> dict[str, list[Ruled]]:
        """Return provider -> published versions, the earliest effective first.

        Raises `AupkeepError` where a provider has none, or where its folder's version is
        published with another text.
        """
        found: dict[str, list[Ruled]] = {}
        for provider in self.settings.provider:
            folder = load_policy(find_folder(str(self.folder / provider.policy)))
            if not is_published(folder):
                raise AupkeepError(
                    Fault(
                        code="not-published",
                        what=(
                            f"version `{folder.policy.version}` of `{provider.name}` is not "
                            "published, so nothing can rest on it"
                        ),
                        hint=f"aupkeep policy publish {self.folder / provider.policy}",
                    )
                )
            found[provider.name] = [
                folder if version.hash == folder.policy.hash else read_ruled(version.files)
                for version in books.published(provider.name)
            ]
        return found

    def ground(self) -> Ground:
        """Return the books, indexed."""
        networks = {item.name: tuple(item.networks) for item in self.settings.provider}
        return Ground(holdings=books.holdings(), profiles=books.profiles(), networks=networks)


def open_installation(folder: Path) -> Installation:
    """Read the settings in `folder` and open its database; raises `AupkeepError`."""
    settings = load_settings(folder)
    installation = Installation(folder=folder, settings=settings)
    installation.data.mkdir(parents=True, exist_ok=True)
    database = installation.data / DATABASE
    open_store(database)
    keyring.place(database, installation.envelopes)
    return installation


class PolicyBook:
    """Which version was in force when."""

    def __init__(self, versions: Mapping[str, list[Ruled]]) -> None:
        """Look up among `versions`, each provider's earliest effective first."""
        self._versions = versions

    def at(self, provider: str, instant: int) -> Policy:
        """Return the version in force at `instant`; before the first one, the first one."""
        listed = self._versions[provider]
        in_force = [item for item in listed if item.policy.effective <= instant]
        return (in_force[-1] if in_force else listed[0]).policy

    def version(self, provider: str, version: str) -> Policy:
        """Return the published `version`; raises `KeyError` where there is none."""
        for item in self._versions[provider]:
            if item.policy.version == version:
                return item.policy
        raise KeyError(f"{provider} {version}")

    def in_force(self, instant: int) -> dict[str, Ruled]:
        """Return each provider's version in force at `instant`, whose rules the engine runs."""
        found = {}
        for provider, listed in self._versions.items():
            begun = [item for item in listed if item.policy.effective <= instant]
            found[provider] = begun[-1] if begun else listed[0]
        return found


class ProfileBook:
    """What was true of a customer at an instant."""

    def __init__(
        self, statements: tuple[Statement, ...], holdings: tuple[Holding, ...], policies: PolicyBook
    ) -> None:
        """Index the statements by customer."""
        self._policies = policies
        self._by_customer: dict[tuple[str, str], list[Statement]] = {}
        for item in statements:
            self._by_customer.setdefault((item.provider, item.customer), []).append(item)
        self._kinds: dict[tuple[str, str], dict[str, str]] = {}
        for item in statements:
            if item.name == "kind" and item.service:
                kinds = self._kinds.setdefault((item.provider, item.customer), {})
                kinds[item.service] = item.value
        for held in holdings:
            kinds = self._kinds.setdefault((held.provider, held.customer), {})
            if held.service:
                kinds.setdefault(held.service, "")

    def at(self, provider: str, customer: str | None, instant: int) -> Profile:
        """Return the profile of `customer` at `instant`; an unknown customer has an empty one."""
        if customer is None:
            return Profile()
        said = {}
        listed = self._by_customer.get((provider, customer), [])
        for item in listed:
            if item.since <= instant and (item.until is None or instant < item.until):
                said[item.name] = item.value
        policy = self._policies.at(provider, instant)
        return Profile(
            fee_allowed=said.get("fee_allowed", "") == "yes",
            forbidden=tuple(sorted(said.get("forbidden_measures", "").split())),
            protected=said.get("protected", "") == "yes"
            or customer in policy.limits.protected_customers,
            service_kinds=tuple(sorted(self._kinds.get((provider, customer), {}).items())),
            parent=stated(listed, PARENT, instant),
            former=stated(listed, STATUS, instant) == OVER,
        )
