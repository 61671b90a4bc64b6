"""The power `lock_site` at an nginx: it answers 503 for a site or page, verified by asking it.

In: orders on sites and paths. Out: a file a locked site in a folder that nginx includes. The
configuration is tested before it is read again; where the test fails, the folder is put back as it
was, so that nginx is never left with a configuration that it could not start from.
"""

from __future__ import annotations

import json
import os
from contextlib import AbstractContextManager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from aupkeep.base.errors import Fault, one_line
from aupkeep.outlets import durable, programs
from aupkeep.outlets.ledger import Held, until_text
from aupkeep.outlets.nginx_site import text
from aupkeep.outlets.nginx_site.server import Server
from aupkeep.outlets.nginx_site.text import HTTP, LOCKS, SITE, STATUS, Page
from aupkeep.sanctions.power import Mark, Order, PowerFault, Seen

#: A file that says what of the folder nginx has read last.
_READ = "read"


@dataclass(frozen=True, slots=True, kw_only=True)
class NginxSite:
    """Locks sites and pages; see the module."""

    #: Folder of the files that nginx includes.
    folder: Path
    #: The nginx.conf that it runs with.
    config: Path
    #: Where it answers for its sites: `http://127.0.0.1:80`.
    ask: str
    #: Sites that several customers share, or that are the provider's own.
    shared: tuple[str, ...] = ()
    #: Seconds that one program, answer or change of configuration may take.
    patience: float = 10.0
    measure: str = "lock_site"
    reversible: bool = True

    def prepare(self) -> None:
        """Write the files that nginx is told to include; they lock nothing."""
        durable.folder(self.folder / LOCKS)
        for name, wanted in text.configuration(self.folder).items():
            if _text(self.folder / name) != wanted:
                durable.write(self.folder / name, wanted.encode())

    def carries(self, scope: str, target: str) -> str:
        """Return why it cannot lock `target`, or an empty string."""
        if scope not in ("site", "path"):
            return f"this power locks a site or a page of it, not a {scope}"
        try:
            page = text.page(scope, target)
        except ValueError as error:
            return str(error)
        return f"{page.host} is shared, so others would be met" if page.host in self.shared else ""

    def plan(self, order: Order) -> str:
        """Return which sanctions lock it already; changes nothing."""
        held = self._held(self._page(order))
        return json.dumps({"held_by": list(held.sanctions) if held else []})

    def apply(self, order: Order) -> None:
        """Let nginx answer 503 for the page."""
        page = self._page(order)
        with self._locked():
            held = self._held(page) or Held(target=page.key, before={}, sanctions={})
            if held.sanctions.get(order.sanction, 0) != order.until:
                self._write(page, held.under(order))
            else:
                self._agree(page)

    def look(self, order: Order) -> Seen:
        """Ask nginx for the page, as a visitor does."""
        page = _parsed(order)
        held = self._held(page)
        there = held is not None and order.sanction in held.sanctions
        status, said = self._server.answer(page)
        locked = _is_lock(status, said)
        file = "locks it" if there else "has no line for this sanction"
        how = f"{self.ask} answers {status} for {page.key}; {self._file(page)} {file}"
        if there and not locked:
            how += f"; its server does not include {self.folder / SITE}, or nginx runs otherwise"
        return Seen(in_force=there and locked, how=how)

    def undo(self, order: Order) -> None:
        """Let nginx answer for the page again, as far as no other sanction locks it."""
        page = _parsed(order)
        with self._locked():
            held = self._held(page)
            if held is not None and order.sanction in held.sanctions:
                self._write(page, held.without(order.sanction))
            else:
                self._agree(page)

    def marks(self) -> list[Mark]:
        """Return the sanctions of each file in the folder, and the files that people wrote."""
        found: list[Mark] = []
        for path in self._files():
            held = text.read(_text(path))
            if held is None:
                what = f"{path} was written by a person, or changed by one"
                found.append(Mark(sanction="", target=path.stem, text=what))
                continue
            found += [
                Mark(sanction=name, target=held.target, text=f"{path}: {until_text(until)}")
                for name, until in held.sanctions.items()
            ]
        return found

    def troubles(self) -> list[str]:
        """Return why it could not work now, in plain words."""
        if programs.find("nginx") is None:
            return ["`nginx` is not on this machine"]
        found = [] if os.geteuid() == 0 else ["only root may let nginx read its configuration"]
        try:
            told = self._server.dump()
        except PowerFault as fault:
            return [*found, one_line(fault)]
        lacking = [
            name
            for name in (HTTP, SITE)
            if f"# configuration file {self.folder / name}:" not in told
        ]
        return found + [f"{self.config} does not include {self.folder / name}" for name in lacking]

    @property
    def _server(self) -> Server:
        return Server(config=self.config, ask=self.ask, patience=self.patience)

    def _page(self, order: Order) -> Page:
        why = self.carries(order.scope, order.target)
        if why:
            raise PowerFault(Fault(code="target", what=why), retry=False)
        return _parsed(order)

    def _file(self, page: Page) -> Path:
        # A path may be longer than the name of a file, and hold what such a name may not.
        short = sha256(page.path.encode()).hexdigest()[:16]
        name = f"{page.host}.{short}.page" if page.path else f"{page.host}.site"
        return self.folder / LOCKS / name

    def _files(self) -> list[Path]:
        """Return what nginx may read; a name with a dot before it is a file half written."""
        return sorted((self.folder / LOCKS).glob("[!.]*"))

    def _held(self, page: Page) -> Held | None:
        path = self._file(page)
        if not path.exists():
            return None
        held = text.read(_text(path))
        if held is None or held.target != page.key:
            raise durable.fault(
                "foreign-mark", "was written by a person and stays", path, retry=False
            )
        return held

    def _write(self, page: Page, held: Held) -> None:
        """Put the file in place, or away; put it back where nginx could not read it."""
        path = self._file(page)
        before = _text(path)
        self._put(path, text.lock(held) if held.sanctions else "")
        if wrong := self._server.test():
            self._put(path, before)
            what = f"`nginx -t` refuses the configuration, which was put back: {wrong}"
            raise PowerFault(Fault(code="nginx-test", what=what), retry=True)
        self._agree(page)

    def _agree(self, page: Page) -> None:
        """Let nginx read its configuration again where it does not answer as the folder says."""
        now = self._fingerprint()
        # An answer alone does not tell: for a moment old and new workers take turns.
        known = _text(self.folder / _READ)
        if known == now and self._agrees(page):
            return
        if wrong := self._server.test():
            what = f"`nginx -t` refuses the configuration: {wrong}"
            raise PowerFault(Fault(code="nginx-test", what=what), retry=True)
        # From here to the end nobody knows what nginx has read, also after a kill.
        self._put(self.folder / _READ, "")
        self._server.reload()
        if not known:
            # A predecessor killed here may have asked too, and nginx be at it with what the folder
            # held then; who serves after the workers of that reading has read what it holds now.
            self._server.reload()
        # What is not so after this is told by `look`: the site may not include our file.
        if self._server.wait(lambda: self._agrees(page)):
            durable.write(self.folder / _READ, now.encode())

    def _agrees(self, page: Page) -> bool:
        path, site = self._file(page), self._file(Page(host=page.host))
        status, said = self._server.answer(page)
        return _is_lock(status, said) == (path.exists() or site.exists())

    def _fingerprint(self) -> str:
        hashed = sha256()
        for path in self._files():
            hashed.update(f"{path.name}\0{_text(path)}\0".encode())
        return hashed.hexdigest()

    def _put(self, path: Path, content: str) -> None:
        if content:
            durable.write(path, content.encode())
            return
        try:
            path.unlink(missing_ok=True)
            durable.flush_folder(path.parent)
        except OSError as error:
            raise durable.refused(path, "cannot be removed", error) from error

    def _locked(self) -> AbstractContextManager[None]:
        return durable.locked(self.folder / "lock", patience=self.patience)


def _parsed(order: Order) -> Page:
    """Return the page of an order, also where the settings would refuse it by now."""
    try:
        return text.page(order.scope, order.target)
    except ValueError as error:
        raise PowerFault(Fault(code="target", what=str(error)), retry=False) from None


def _is_lock(status: int, said: str) -> bool:
    """Whether an answer is ours: the text around the reference is."""
    begin, end = text.body("\0").split("\0")
    return status == STATUS and said.startswith(begin) and said.endswith(end)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise durable.refused(path, "cannot be read", error) from error
