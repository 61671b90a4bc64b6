"""Make an installation: settings, copies of the policies, published; holdings imported.

In: the text of the settings and the names of shipped policies. Out: a folder that `run` works in.
A folder that has settings already is refused: nothing of anybody's is overwritten.
"""

from __future__ import annotations

from pathlib import Path

from aupkeep.attribution.holdings import read_holdings
from aupkeep.attribution.profiles import read_profiles
from aupkeep.base.errors import Fault, MisuseError
from aupkeep.flow.books import import_holdings, import_profiles
from aupkeep.flow.folders import find_folder, load_policy, read_folder
from aupkeep.flow.installation import open_installation
from aupkeep.flow.publish_policy import publish_policy
from aupkeep.settings import FILE_NAME, read_settings


def found(
    folder: Path,
    settings: str,
    *,
    policies: tuple[str, ...],
    now: int,
    holdings: Path | None = None,
    profiles: Path | None = None,
) -> None:
    """Write the installation and publish its policies; raises `AupkeepError`."""
    path = folder / FILE_NAME
    if path.exists():
        raise MisuseError(
            Fault(
                code="installed-already",
                what=f"`{path}` exists: this folder is an installation already",
                hint="`aupkeep run` starts it; for another one, name another folder",
            )
        )
    read_settings(settings, file=str(path))
    for name in policies:
        copy_policy(name, folder / "policies" / Path(name).name)
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(settings, encoding="utf-8")
    installation = open_installation(folder)
    for provider in installation.settings.provider:
        publish_policy(load_policy(folder / provider.policy), now=now)
    if holdings is not None:
        listed = read_holdings(holdings.read_text(encoding="utf-8"), file=str(holdings))
        for source in sorted({item.source for item in listed}):
            part = [item for item in listed if item.source == source]
            import_holdings(part, source=source, now=now)
    if profiles is not None:
        text = profiles.read_text(encoding="utf-8")
        import_profiles(read_profiles(text, file=str(profiles)), source=profiles.name, now=now)


def copy_policy(name: str, target: Path) -> None:
    """Copy the policy folder that `name` means to `target`, file by file."""
    for relative, text in read_folder(find_folder(name)).files.items():
        path = target / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
