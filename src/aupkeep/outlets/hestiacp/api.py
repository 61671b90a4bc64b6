"""The commands of HestiaCP's API that are used, each with what it must answer.

In: users and domains. Out: what HestiaCP prints, checked. Asked with `returncode=yes`, anything but
a number is a fault, and any number but 0 is a refusal. The contract is unconfirmed: it was written
from HestiaCP's public pages. Source: hestiacp.com, REST API and CLI reference.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from aupkeep.outlets.panel.access import Access
from aupkeep.outlets.panel.power import Standing
from aupkeep.sanctions.power import PowerFault

#: Exit code of a command about something that is not there.
_NOT_THERE = "3"
_NAME = r"[A-Za-z][0-9A-Za-z._-]{0,31}"
_DOMAIN = r"(?=.{1,253}$)[0-9A-Za-z][0-9A-Za-z-]*(?:\.[0-9A-Za-z-]+)+"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hestia:
    """What the doors of one HestiaCP share."""

    access: Access

    def code(self, command: str, *arguments: str) -> str:
        """Run a command and return its exit code."""
        code = self._call(command, arguments, returncode="yes").strip()
        if not (code.isascii() and code.isdigit()):
            raise self.access.caller.fault(f"answers {command} with no exit code", retry=True)
        return code

    def done(self, command: str, *arguments: str) -> None:
        """Run a command that must succeed."""
        code = self.code(command, *arguments)
        if code != "0":
            raise self.access.caller.fault(f"ends {command} with exit code {code}", retry=True)

    def printed(self, command: str, *arguments: str) -> str:
        """Run a command and return what it prints."""
        return self._call(command, arguments, returncode="no")

    def suspended(self, key: str, command: str, *arguments: str) -> Standing:
        """Read from a listing in JSON whether `key` is suspended."""
        code = self.code(command, *arguments)
        if code == _NOT_THERE:
            return Standing(there=False, how=f"HestiaCP knows no {key}")
        if code != "0":
            raise self.access.caller.fault(f"ends {command} with exit code {code}", retry=True)
        try:
            said = json.loads(self.printed(command, *arguments))
            word = said[key]["SUSPENDED"]
        except (ValueError, KeyError, TypeError):
            word = ""
        if word not in ("yes", "no"):
            raise self.access.caller.fault(f"does not state whether {key} is suspended", retry=True)
        how = f"HestiaCP states that {key} is {'' if word == 'yes' else 'not '}suspended"
        return Standing(suspended=word == "yes", how=how)

    def check(self) -> None:
        """Raise `PowerFault` where the key or the address is wrong."""
        code = self.code("v-list-user", "aupkeep-nobody", "json")
        if code not in ("0", _NOT_THERE):
            raise self.access.caller.fault(f"ends v-list-user with exit code {code}", retry=True)

    def _call(self, command: str, arguments: tuple[str, ...], *, returncode: str) -> str:
        name, secret = self.access.secrets()
        numbered = {f"arg{number}": value for number, value in enumerate(arguments, 1)}
        fields = {"hash": f"{name}:{secret}", "returncode": returncode, "cmd": command}
        return self.access.post(fields | numbered).decode("utf-8", "replace")


@dataclass(frozen=True, slots=True, kw_only=True)
class Users:
    """Accounts of a HestiaCP."""

    hestia: Hestia

    def unfit(self, name: str) -> str:
        """Return why `name` cannot be a user, or an empty string."""
        return "" if re.fullmatch(_NAME, name) else f"`{name}` cannot be a user of HestiaCP"

    def standing(self, name: str) -> Standing:
        """Read whether a user is suspended."""
        return self.hestia.suspended(name, "v-list-user", name, "json")

    def suspend(self, name: str, sanction: str) -> None:  # noqa: ARG002  # HestiaCP keeps no reason
        """Suspend a user with everything of theirs."""
        self.hestia.done("v-suspend-user", name, "yes")

    def restore(self, name: str) -> None:
        """Suspend a user no more."""
        self.hestia.done("v-unsuspend-user", name, "yes")

    def check(self) -> None:
        """Raise `PowerFault` where it could not be asked now."""
        self.hestia.check()


@dataclass(frozen=True, slots=True, kw_only=True)
class WebDomains:
    """Web domains of a HestiaCP, as `DOMAIN` or `USER/DOMAIN`."""

    hestia: Hestia

    def unfit(self, name: str) -> str:
        """Return why `name` cannot be a web domain, or an empty string."""
        fits = re.fullmatch(rf"(?:{_NAME}/)?{_DOMAIN}", name.lower())
        return "" if fits else f"`{name}` cannot be a web domain of HestiaCP"

    def standing(self, name: str) -> Standing:
        """Read whether a web domain is suspended."""
        owner, domain = self._where(name)
        if not owner:
            return Standing(there=False, how=f"HestiaCP knows no {domain}")
        return self.hestia.suspended(domain, "v-list-web-domain", owner, domain, "json")

    def suspend(self, name: str, sanction: str) -> None:  # noqa: ARG002  # HestiaCP keeps no reason
        """Suspend one web domain; the user's others are not touched."""
        self.hestia.done("v-suspend-web-domain", *self._known(name))

    def restore(self, name: str) -> None:
        """Suspend a web domain no more."""
        self.hestia.done("v-unsuspend-web-domain", *self._known(name))

    def check(self) -> None:
        """Raise `PowerFault` where it could not be asked now."""
        self.hestia.check()

    def _known(self, name: str) -> tuple[str, str]:
        owner, domain = self._where(name)
        if not owner:
            raise self._fault(f"knows no {domain}")
        return owner, domain

    def _where(self, name: str) -> tuple[str, str]:
        """Return whose a domain is; an empty user where nobody has it."""
        owner, slash, domain = name.lower().rpartition("/")
        if slash:
            return owner, domain
        code = self.hestia.code("v-search-domain-owner", domain, "web")
        if code != "0":
            return "", domain
        owner = self.hestia.printed("v-search-domain-owner", domain, "web").strip()
        if not re.fullmatch(_NAME, owner):
            raise self._fault(f"does not state whose {domain} is")
        return owner, domain

    def _fault(self, what: str) -> PowerFault:
        return self.hestia.access.caller.fault(what, retry=True)
