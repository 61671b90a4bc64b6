"""The condition tree of a Sigma rule, as pySigma reads it, turned into our predicates.

In: pySigma's tree and the fields of the kind. Out: a predicate; a `Refusal` for each thing that has
no meaning here, with the field it is about.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl
from polars.exceptions import ComputeError
from sigma import types as sigma
from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
)

from aupkeep.base.errors import near
from aupkeep.detection.fields import is_number, is_text, word
from aupkeep.detection.predicates import regex as regex_text
from aupkeep.detection.rule import (
    All,
    Cidr,
    Compare,
    Flag,
    Glob,
    Not,
    OneOf,
    Predicate,
    Present,
    Regex,
    Same,
    Some,
    Wild,
)
from aupkeep.events.schema import Schema

_OPS: dict[Any, Literal["gt", "gte", "lt", "lte"]] = {
    sigma.CompareOperators.LT: "lt",
    sigma.CompareOperators.LTE: "lte",
    sigma.CompareOperators.GT: "gt",
    sigma.CompareOperators.GTE: "gte",
}
_FLAGS = {
    sigma.SigmaRegularExpressionFlag.IGNORECASE: "i",
    sigma.SigmaRegularExpressionFlag.MULTILINE: "m",
    sigma.SigmaRegularExpressionFlag.DOTALL: "s",
}


@dataclass
class Refusal(Exception):  # noqa: N818 - it is about a rule, not about this program
    """A part of a condition that cannot be taken."""

    code: str
    what: str
    field: str = ""
    hint: str = ""


class Conversion:
    """One conversion; refusals are gathered, and a refused leaf becomes one that never holds."""

    def __init__(self, fields: Schema, meant: Callable[[float], int | float]) -> None:
        self.fields = fields
        self.meant = meant
        self.refusals: list[Refusal] = []

    def predicate(self, node: Any) -> Predicate:
        """Return the predicate of a node of pySigma's tree."""
        if isinstance(node, ConditionAND):
            return All(parts=tuple(self.predicate(part) for part in node.args))
        if isinstance(node, ConditionOR):
            return _joined([self.predicate(part) for part in node.args])
        if isinstance(node, ConditionNOT):
            return Not(part=self.predicate(node.args[0]))
        try:
            return self._leaf(node)
        except Refusal as refusal:
            self.refusals.append(refusal)
            return Some(parts=())

    def _leaf(self, node: Any) -> Predicate:
        if not isinstance(node, ConditionFieldEqualsValueExpression):
            raise Refusal("keyword", "a value without a field is not taken: name the field")
        return self._value(node.field, node.value, self._type(node.field))

    def _value(self, field: str, value: object, data: pl.DataType) -> Predicate:
        if isinstance(value, sigma.SigmaExpansion):
            return _joined([self._value(field, one, data) for one in value.values])
        for kind, make in _LEAVES.items():
            if isinstance(value, kind):
                return make(self, field, value, data)
        raise Refusal("modifier", f"this modifier of `{field}` has no meaning here", field)

    def _type(self, field: str) -> pl.DataType:
        if field not in self.fields:
            guess = near(field, list(self.fields))
            hint = f"did you mean `{guess}`?" if guess else ""
            raise Refusal(
                "unknown-field", f"this kind of event has no field `{field}`", field, hint
            )
        return self.fields[field]

    def text(self, field: str, value: sigma.SigmaString, data: pl.DataType) -> Predicate:
        """Return the leaf for a text with or without wildcards."""
        _ask(field, data, is_text(data), "text")
        pieces = tuple(_piece(part) for part in value.s)
        cased = isinstance(value, sigma.SigmaCasedString)
        if any(isinstance(piece, Wild) for piece in pieces):
            return Glob(field=field, pieces=_tidy(pieces), cased=cased)
        return OneOf(field=field, values=("".join(map(str, pieces)),), cased=cased)

    def regex(
        self, field: str, value: sigma.SigmaRegularExpression, data: pl.DataType
    ) -> Predicate:
        """Return the leaf for a regular expression."""
        _ask(field, data, is_text(data), "text")
        flags = "".join(sorted(_FLAGS[flag] for flag in value.flags))
        pattern = str(value.regexp)
        try:
            pl.Series([""]).str.contains(regex_text(pattern, flags))
        except ComputeError as error:
            raise Refusal(
                "regex", f"`{pattern}` is no regular expression of the Rust dialect", field
            ) from error
        return Regex(field=field, pattern=pattern, flags=flags)

    def number(self, field: str, value: sigma.SigmaNumber, data: pl.DataType) -> Predicate:
        """Return the leaf for a number."""
        number = self.meant(value.number)
        hint = f'put it in quotes: "{number}"' if is_text(data) else ""
        _ask(field, data, is_number(data), "numbers", hint)
        return OneOf(field=field, values=(number,))

    def compare(
        self, field: str, value: sigma.SigmaCompareExpression, data: pl.DataType
    ) -> Predicate:
        """Return the leaf for a comparison with a number."""
        _ask(field, data, is_number(data), "numbers")
        if isinstance(value.number, sigma.SigmaTimestampPart) or value.op not in _OPS:
            raise Refusal("modifier", f"this comparison of `{field}` has no meaning here", field)
        return Compare(field=field, op=_OPS[value.op], number=self.meant(value.number.number))

    def flag(self, field: str, value: sigma.SigmaBool, data: pl.DataType) -> Predicate:
        """Return the leaf for true or false."""
        _ask(field, data, data == pl.Boolean, "true or false")
        return Flag(field=field, value=value.boolean)

    def cidr(self, field: str, value: sigma.SigmaCIDRExpression, data: pl.DataType) -> Predicate:
        """Return the leaf for a network."""
        _ask(field, data, is_text(data), "addresses")
        return Cidr(field=field, network=str(value.network))

    def exists(self, field: str, value: sigma.SigmaExists, _: pl.DataType) -> Predicate:
        """Return the leaf for being given or not."""
        return Present(field=field, present=bool(value))

    def null(self, field: str, _value: sigma.SigmaNull, _: pl.DataType) -> Predicate:
        """Return the leaf for being missing."""
        return Present(field=field, present=False)

    def same(self, field: str, value: sigma.SigmaFieldReference, data: pl.DataType) -> Predicate:
        """Return the leaf for a comparison with another field."""
        other = self._type(value.field)
        alike = data == other or (is_number(data) and is_number(other))
        _ask(field, data, alike, word(other))
        how: Literal["equals", "startswith", "endswith"] = "equals"
        if value.starts_with or value.ends_with:
            _ask(field, data, is_text(data), "text")
            how = "startswith" if value.starts_with else "endswith"
        if value.starts_with and value.ends_with:
            raise Refusal("modifier", "`fieldref` cannot go with `contains`", field)
        return Same(field=field, other=value.field, how=how)


_LEAVES: dict[type, Callable[..., Predicate]] = {
    sigma.SigmaTimestampPart: lambda *_: _no_time(),
    sigma.SigmaString: Conversion.text,
    sigma.SigmaRegularExpression: Conversion.regex,
    sigma.SigmaNumber: Conversion.number,
    sigma.SigmaCompareExpression: Conversion.compare,
    sigma.SigmaBool: Conversion.flag,
    sigma.SigmaCIDRExpression: Conversion.cidr,
    sigma.SigmaExists: Conversion.exists,
    sigma.SigmaNull: Conversion.null,
    sigma.SigmaFieldReference: Conversion.same,
}


def _no_time() -> Predicate:
    raise Refusal("modifier", "parts of a time have no meaning here: instants are numbers")


def _ask(field: str, data: pl.DataType, fits: object, wanted: str, hint: str = "") -> None:
    if not fits:
        raise Refusal("wrong-type", f"`{field}` holds {word(data)}, not {wanted}", field, hint)


def _piece(part: object) -> str | Wild:
    if isinstance(part, str):
        return part
    if part is sigma.SpecialChars.WILDCARD_MULTI:
        return Wild.ANY
    if part is sigma.SpecialChars.WILDCARD_SINGLE:
        return Wild.ONE
    raise Refusal("placeholder", "placeholders such as `%name%` are not taken: write the values")


def _tidy(pieces: tuple[str | Wild, ...]) -> tuple[str | Wild, ...]:
    """Several `*` in a row mean the same as one."""
    return tuple(
        piece
        for i, piece in enumerate(pieces)
        if not (piece is Wild.ANY and i and pieces[i - 1] is Wild.ANY)
    )


def _joined(parts: list[Predicate]) -> Predicate:
    """Put exact values of one field into one leaf, so that long lists stay cheap."""
    values: dict[tuple[str, bool, bool], list[str | int | float]] = {}
    rest: list[Predicate] = []
    for part in parts:
        if isinstance(part, OneOf):
            text = isinstance(part.values[0], str)
            values.setdefault((part.field, part.cased, text), []).extend(part.values)
        else:
            rest.append(part)
    lists = [
        OneOf(field=field, values=tuple(dict.fromkeys(found)), cased=cased)
        for (field, cased, _), found in values.items()
    ]
    joined = (*lists, *rest)
    return joined[0] if len(joined) == 1 else Some(parts=joined)
