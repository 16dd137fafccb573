"""Title block: reads the general tolerance class and the unit of a drawing from its lines of text. Pure.

It answers only where the text is sure. A class that is negated, crossed with another one, offered in a list, or that
stands beside ISO 22081 (which knows no classes) or limits of the drawing's own is no class. A unit that is named twice
differently is no unit.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from gonogo.values.sheet.general_tolerances import GeneralTolerance

LINE_MOST = 300
"""Characters of a line that are read; a note is shorter."""

_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−﹣－_", "-"))
_STANDARD = re.compile(r"\biso\s*[-:/]?\s*2768(?!\d)")
_PART = re.compile(r"\s*[-/,]?\s*(?:part|teil|partie|blatt|t\.?)?\s*(?P<part>[12])(?![\d,.])")
_YEAR = re.compile(r"\s*[-:]\s*(?:19|20)\d\d(?:-\d\d)?(?!\d)")
_NAMES = {
    "f": "fine|fein|fin", "m": "medium|mittel|moyenne?", "c": "coarse|grob|grossi(?:er|ere)",
    "v": r"very\s+coarse|sehr\s+grob|tres\s+grossi(?:er|ere)",
}  # fmt: skip
_WORDS = re.compile("(?:" + "|".join(f"(?P<{letter}>{names})" for letter, names in _NAMES.items()) + r")\b")
_SEPARATOR = r"[\s\-:,./(=\"'«“]*(?:(?:tolerance|toleranz)?-?\s*(?:class|klasse|classe|grade|grad)\s*[:=]?\s*)?"
_CLASS = re.compile(rf"{_SEPARATOR}(?P<linear>[fmcv])\s*[-/]?\s*(?P<geometrical>[hkl])?(?![^\W_])")
_NAMED = re.compile(_SEPARATOR)
_CHOICE = re.compile(r"[^a-z0-9]*(?:or|oder|ou)?[^a-z0-9]*(?P<other>[fmcv])[hkl]?(?![a-z0-9])")
_SCOPE = re.compile(
    r"\b(?:only|nur|seulement|uniquement|machin\w+|bearbeitet\w*|spanend\w*|usine\w*|sheet metal|blech\w*|guss\w*"
    r"|cast\w*|weld\w*|schweiss\w*|surfaces?|flachen?)\b"
    r"|\b(?:for|fur|pour|bei)\s+(?!(?:the\s+|die\s+|les\s+|alle\s+)?(?:linear|lineaires?|angular|lengths?|lang\w*|winkel"
    r"|dim\w*|mass\w*|all|alle|untol\w*|nicht|not|non|cotes?|toutes|sizes?|iso)\b)"
)
"""Words that limit a class to some of the dimensions."""
_NO_CLASSES = re.compile(r"\biso\s*[-:/]?\s*22081(?!\d)")

_OTHER_STANDARDS = re.compile(
    r"\b(?:iso|en|din)\s*[-:/]?\s*(?:8062|13920|10135|20457|16742|6930|6784|10243|9013|3302|7168|1680|16901)(?!\d)"
)
"""Castings, welding, plastics, forgings, punched and cut parts, rubber: general tolerances of their own."""
_OWN_LIMITS = re.compile(
    r"\b(?:linear\w*|lineaires?|laengen\w*|langen\w*|angular|winkel\w*|angles?)\s*[:=]?\s*(?:±|\+/?-|\+\s?\d)"
)

# "Unless otherwise stated", "dimensions without tolerance": they negate nothing.
_USUAL_NEGATIONS = re.compile(
    r"(?:\b(?:unless|except\s+(?:as|where)|if|wenn|soweit|sofern|falls|sauf|si)\b[^.;]{0,30}?"
    r"\b(?:otherwise|anders|anderes|contraires?|noted)\b)"
    r"|\b(?:without|ohne|sans)\s+(?:\w+\s+){0,2}?(?:tol\w*|einzeltol\w*|indication\w*|angabe\w*)"
    r"|\b(?:not?n?|nicht)[\s-]+(?:\w+\s+)?(?:tol\w+|indicated|indiquees?|specified|specifiees?|angegeben\w*)"
)
_NEGATION = re.compile(
    r"\b(?:not|non|nicht|kein\w*|never|nie|without|ohne|sans|except\w*|excluding|ausser|ausgenommen|sauf|ne|pas|n'\w+"
    r"|n/a|instead|statt|anstelle|replac\w+|remplac\w+|ersetz\w+|supersed\w+|withdrawn|zuruckgezogen|obsolete|former\w*"
    r"|previous\w*|fruher\w*|entfallt|ungultig|void|cancel\w+|annul\w+)\b"
)
_NEGATED_NEXT = re.compile(
    r"(?:(?:does|shall|is|are|must|gilt|gelten|wird|ist)\s+(?:not|nicht)|not|nicht|n'|ne|except\w*|ausser|entfallt"
    r"|ungultig|void|superseded|withdrawn)\b"
)
_NEGATED_BEFORE = re.compile(r"\b(?:not|nicht|except|kein\w*|without|ohne|instead of|statt|sauf)\W*$")
_SUBJECT = (
    r"\b(?:dimension(?:e?s)?|dims?|masse|massangaben|bemassung(?:en)?|abmessungen|cotes?|einheit(?:en)?|units?|unites?)"
)
_BETWEEN = r"(?:are|is|sind|ist|sont|exprimees?|alle|all|given|angegeben|linear|in|en|l)"
_UNIT = re.compile(
    _SUBJECT + rf"\b[\s:=.,(\[-]*(?:{_BETWEEN}\b[\s:=.,(\[-]*){{0,4}}"
    r"(?:(?P<mm>mm|millimet\w+)|(?P<inch>inch(?:es)?|zoll|pouces?))\b"
)
_MILLIMETRES = re.compile(r"\b(?:mm|millimet\w+)\b")
_INCHES = re.compile(r"\b(?:inch(?:es)?|zoll|pouces?|in\.)(?!\w)")


@dataclass(frozen=True, slots=True)
class TitleBlockFacts:
    """Facts of a sheet that are sure: the general tolerance, the unit (`mm`, `in`); `None` and empty otherwise.

    `lines` are the numbers of the lines that they were read from.
    """

    tolerance: GeneralTolerance | None = None
    unit: str = ""
    lines: tuple[int, ...] = ()


def read_title_block(lines: Sequence[str]) -> TitleBlockFacts:
    """Returns the facts that all `lines` of one sheet agree on."""
    plain = [folded(line) for line in lines]
    tolerance, from_class = _tolerance(plain)
    unit, from_unit = _unit(plain)
    return TitleBlockFacts(tolerance, unit, (*from_class, *from_unit))


def folded(line: str) -> str:
    """Returns a line in lower case, without accents and odd dashes, each run of spaces as one."""
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", line[:LINE_MOST]).casefold())
    kept = "".join(character for character in text if not unicodedata.combining(character))
    return " ".join(kept.translate(_DASHES).split())


def _tolerance(lines: Sequence[str]) -> tuple[GeneralTolerance | None, tuple[int, ...]]:
    linear: set[str] = set()
    geometrical: set[str] = set()
    used: list[int] = []
    for at, line in enumerate(lines):
        if _NO_CLASSES.search(line) or _OWN_LIMITS.search(line):
            return None, ()
        for standard in _STANDARD.finditer(line):
            named = _class_after(line[standard.end() :])
            if named is None:
                continue
            if not named.linear or _is_negated(lines, at):
                return None, ()
            linear.add(named.linear)
            geometrical |= {named.geometrical} - {""}
            used.append(at)
    if len(linear) != 1 or len(geometrical) > 1:
        return None, ()
    scoped = any(_SCOPE.search(_USUAL_NEGATIONS.sub(" ", lines[at])) for at in used)
    alone = not scoped and not any(_OTHER_STANDARDS.search(line) for line in lines)
    return GeneralTolerance(linear.pop(), "".join(geometrical), alone), tuple(used)


def _class_after(text: str) -> GeneralTolerance | None:
    """Returns the class that follows the number of the standard; one without a letter where several are offered."""
    if (part := _PART.match(text)) is not None:
        if part["part"] == "2":
            return None
        text = text[part.end() :]
    if (year := _YEAR.match(text)) is not None:
        text = text[year.end() :]
    written = _CLASS.match(text)
    if written is not None:
        linear, geometrical, end = written["linear"], (written["geometrical"] or "").upper(), written.end()
    else:
        start = _NAMED.match(text)
        word = _WORDS.match(text, start.end() if start else 0)
        if word is None or word.lastgroup is None:
            return None
        linear, geometrical, end = word.lastgroup, "", word.end()
    choice = _CHOICE.match(text, end)
    return GeneralTolerance("" if choice is not None else linear, geometrical)


def _is_negated(lines: Sequence[str], at: int) -> bool:
    """Returns whether words of the line, or of its neighbours that go with it, may take back what it says."""
    if _NEGATION.search(_USUAL_NEGATIONS.sub(" ", lines[at])):
        return True
    before = _USUAL_NEGATIONS.sub(" ", lines[at - 1]) if at else ""
    after = lines[at + 1] if at + 1 < len(lines) else ""
    return _NEGATED_BEFORE.search(before) is not None or _NEGATED_NEXT.match(after) is not None


def _unit(lines: Sequence[str]) -> tuple[str, tuple[int, ...]]:
    units: set[str] = set()
    used: list[int] = []
    for at, line in enumerate(lines):
        for match in _UNIT.finditer(line):
            both = _MILLIMETRES.search(line) and _INCHES.search(line)
            if both or _is_negated(lines, at):
                return "", ()
            units.add("mm" if match["mm"] else "in")
            used.append(at)
    return (units.pop(), tuple(used)) if len(units) == 1 else ("", ())
