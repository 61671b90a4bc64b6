"""Templates: one for each measure that is reserved and each step of the dialogue, in each language.

None that is not known.

In: a draft. Out: faults.
"""

from __future__ import annotations

from collections.abc import Iterator

from aupkeep.base.errors import Fault, Place, unknown_word
from aupkeep.policy.draft import Draft, Notice
from aupkeep.policy.templates import DIALOGUE, DIALOGUE_REQUIRED, REQUIRED, template_faults
from aupkeep.policy.words import MEASURES, REVERSIBLE


def check_templates(draft: Draft) -> Iterator[Fault]:
    """Yield what is wrong with the notices of `draft`."""
    languages = tuple(word for word, _ in draft.front.at("languages").words())
    for notice in draft.notices:
        yield from _notice(draft, notice, languages)
    there = {(notice.language, notice.name) for notice in draft.notices}
    for word, node in draft.front.at("measures").words():
        for language in languages:
            if word in MEASURES and (language, word) not in there:
                what = f"measure `{word}` has no notice `notices/{language}/{word}.md`"
                yield Fault(code="no-notice", what=what, place=node.place)
    for name in DIALOGUE:
        for language in languages:
            if (language, name) not in there:
                what = f"the dialogue has no template `notices/{language}/{name}.md`"
                yield Fault(code="no-notice", what=what, place=draft.front.at("languages").place)


def _notice(draft: Draft, notice: Notice, languages: tuple[str, ...]) -> Iterator[Fault]:
    place = Place(file=notice.path)
    if languages and notice.language not in languages:
        what = "a language of the front matter"
        yield unknown_word(notice.language, languages, what=what, place=place)
    if notice.name in DIALOGUE:
        required = DIALOGUE_REQUIRED[notice.name]
        yield from template_faults(notice.text, notice.path, required=required)
        return
    measures = tuple(word for word in MEASURES if word in draft.reserved) or MEASURES
    known = (*measures, *DIALOGUE)
    if notice.name not in known:
        what = "a measure that this provider reserved, nor a step of the dialogue"
        yield unknown_word(notice.name, known, what=what, place=place)
        return
    ends = ("ends",) if notice.name in REVERSIBLE else ()
    yield from template_faults(notice.text, notice.path, required=(*REQUIRED, *ends))
