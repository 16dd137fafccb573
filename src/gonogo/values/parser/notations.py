"""Parsers of notations that begin with a sign or word: feature control frames, threads, roughness, chamfers, fits.

Each takes a cursor and returns the fields of an `EngineeringValue`, or `None` with the cursor unmoved.
"""

from __future__ import annotations

from typing import Any

from gonogo.values.model import STEEPEST_CHAMFER, HoleStep, Kind, Number, Thread, Zone
from gonogo.values.parser.lexer import TokenType
from gonogo.values.parser.token_cursor import DEEP, Cursor
from gonogo.values.symbols import (
    CIRCLE_OF,
    CIRCLED,
    CONDITION_LETTERS,
    CONDITION_WORDS,
    LETTER_OF_WORD,
    NAME_OF_ALIAS,
    NAME_OF_GLYPH,
)

Fields = dict[str, Any]
"""Fields of an `EngineeringValue` by name."""

_CHAMFER = {"c": "C", "ch": "CH", "cham": "CH", "chamfer": "CH", "fase": "CH"}
_ROUGHNESS = {"ra": "Ra", "rz": "Rz", "rt": "Rt", "rq": "Rq", "rv": "Rv", "rmax": "Rmax", "rms": "RMS"}
_METRIC = {"m": "M", "mj": "MJ", "tr": "Tr"}
_PIPE = {"g": "G", "rc": "Rc", "rp": "Rp", "npt": "NPT", "nptf": "NPTF"}
_UNIFIED = frozenset(("un", "unc", "unf", "unef", "uns", "unj", "unjc", "unjf", "unr", "unrc", "unrf"))
# ISO 286-2 gives no A, B or C finer than these: `550 A3` is a place on the sheet, not a fit.
_COARSE_ONLY = {"a": 9, "b": 8, "c": 8}
_FIT_LETTERS = frozenset(("cd", "ef", "fg", "js", "za", "zb", "zc", *"abcdefghjkmnprstuvyz"))

_WITH_AMOUNT = frozenset("PU")  # projected zone and its length, unequal zone and its offset
STEP_WORDS = {
    "cbore": "⌴", "counterbore": "⌴", "spotface": "⌴", "sf": "⌴", "csk": "⌵", "countersink": "⌵", "csink": "⌵",
}  # fmt: skip

_GRADES = frozenset(("01", *map(str, range(19))))


def read_frame(cursor: Cursor) -> Fields | None:
    """Parses a feature control frame: `⌖|⌀0,1Ⓜ|A|B`, `pos dia 0.1 (M) A B`, `⏥ 0.05`. Datums keep their order."""
    start = cursor.at
    boxed = bool(cursor.take("["))
    cursor.take("|")
    name = _take_characteristic(cursor)
    cursor.take("|")
    sign = cursor.take_diameter() if name else ""
    size = cursor.take_number() if name else None
    if size is None or cursor.sees("°"):
        cursor.at = start
        return None
    zone = Zone(size, sign, take_per(cursor))
    fields: Fields = {"kind": Kind.FRAME, "symbol": name, "zone": zone, "conditions": take_conditions(cursor)}
    fields["unit"] = cursor.take_unit()
    fields["datums"] = take_datums(cursor)
    cursor.take("|")
    if boxed:
        cursor.take("]")
    return fields


def _take_characteristic(cursor: Cursor) -> str:
    token = cursor.peek()
    if token.kind is TokenType.MARK:
        if token.text in NAME_OF_GLYPH:
            cursor.at += 1
            return NAME_OF_GLYPH[token.text]
        if cursor.sees("/") and cursor.sees("/", 1):
            cursor.at += 2
            return "parallelism"
        return ""
    for count in (4, 3, 2, 1):
        words = [cursor.peek(ahead) for ahead in range(count)]
        if all(word.kind is TokenType.WORD for word in words):
            name = NAME_OF_ALIAS.get(" ".join(word.text.lower() for word in words), "")
            if name:
                cursor.at += count
                return name
    return ""


def take_per(cursor: Cursor) -> Number | None:
    """Parses the length that a zone holds for: `/100` of `0,05/100`."""
    if cursor.sees("/") and cursor.sees_number(1):
        cursor.at += 1
        return cursor.take_number()
    return None


def take_conditions(cursor: Cursor, *, words: bool = True) -> tuple[str, ...]:
    """Parses `Ⓜ`, `(M)`, `CZ`, `(CZ)`, and `Ⓟ25`, `Ⓤ0,1` with their amounts; `words` are those without a circle."""
    conditions: list[str] = []
    while True:
        condition = _take_circled(cursor)
        if condition in _WITH_AMOUNT and (amount := _take_amount(cursor)):
            condition += amount
        if not condition and words:
            condition = _take_condition_word(cursor)
        if not condition:
            return tuple(conditions)
        conditions.append(LETTER_OF_WORD.get(condition, condition))


def _take_amount(cursor: Cursor) -> str:
    start = cursor.at
    sign = cursor.take("+-")
    number = cursor.take_number()
    if number is None:
        cursor.at = start
        return ""
    return sign + number.text


def _take_condition_word(cursor: Cursor) -> str:
    in_brackets = cursor.sees("(")
    token = cursor.peek(1 if in_brackets else 0)
    word = token.text.upper()
    if token.kind is not TokenType.WORD or word not in CONDITION_WORDS or (in_brackets and not cursor.sees(")", 2)):
        return ""
    cursor.at += 3 if in_brackets else 1
    return word


def _take_circled(cursor: Cursor) -> str:
    token = cursor.peek()
    if token.kind is TokenType.MARK and CIRCLED.get(token.text, "") in CONDITION_LETTERS:
        cursor.at += 1
        return CIRCLED[token.text]
    letter = cursor.peek(1).text.upper()
    if cursor.sees("(") and letter in CONDITION_LETTERS and cursor.sees(")", 2):
        cursor.at += 3
        return letter
    return ""


def take_datums(cursor: Cursor) -> tuple[str, ...]:
    """Parses datums in their order: `A`, `A-B`, `BⓂ`, between bars or spaces."""
    datums: list[str] = []
    while True:
        start = cursor.at
        cursor.take("|")
        letters = _take_datum_letters(cursor)
        if letters and cursor.take("-"):
            letters += "-" + _take_datum_letters(cursor)
        if not letters or letters.endswith("-"):
            cursor.at = start
            return tuple(datums)
        while condition := _take_circled(cursor):
            letters += CIRCLE_OF[condition]
        datums.append(letters)


def _take_datum_letters(cursor: Cursor) -> str:
    token = cursor.peek()
    if token.kind is not TokenType.WORD or len(token.text) > 2 or not token.text.isascii():
        return ""
    cursor.at += 1
    return token.text.upper()


def read_thread(cursor: Cursor) -> Fields | None:
    """Parses a thread: `M8x1.25 - 6H`, `Tr20x4`, `G1/4`, `1/4-20 UNC-2B`, `#10-32 UNF`, `1/2 NPT`."""
    start = cursor.at
    for take in (_take_metric, _take_pipe, _take_unified):
        thread = take(cursor)
        if thread is not None:
            return {"kind": Kind.THREAD, "thread": thread}
        cursor.at = start
    return None


def _take_metric(cursor: Cursor) -> Thread | None:
    family = cursor.take_word(_METRIC)
    if not family or not cursor.sees_number():
        return None
    size = Number(cursor.peek().text)
    cursor.at += 1
    pitch = None
    if cursor.sees("×") and cursor.sees_number(1):
        candidate = Number(cursor.peek(1).text)
        if candidate.value * 2 <= size.value and not candidate.is_zero:  # else it is a length, as of a bolt: M8×20
            pitch = candidate
            cursor.at += 2
    return Thread(_METRIC[family], size.text, pitch, _take_grade(cursor))


def _take_grade(cursor: Cursor, letters: str = "efghEFGH") -> str:
    """Parses a tolerance class: `6H`, `5g6g`, `2B`, after a dash or not."""
    start = cursor.at
    cursor.take("-")
    grade = ""
    while cursor.sees_integer() and len(cursor.peek().text) == 1 and cursor.peek(1).kind is TokenType.WORD:
        letter = cursor.peek(1).text
        if len(letter) != 1 or letter not in letters:
            break
        grade += cursor.peek().text + letter
        cursor.at += 2
    if not grade:
        cursor.at = start
    return grade


def _take_pipe(cursor: Cursor) -> Thread | None:
    family = cursor.take_word(_PIPE)
    size = cursor.take_number()
    if size is None or not _is_inch_size(size.text):
        return None
    if not family:
        family = cursor.take_word(("npt", "nptf"))
    return Thread(_PIPE[family], size.text) if family else None


def _is_inch_size(text: str) -> bool:
    return "/" in text or text in ("1", "2", "3", "4", "5", "6")


def _take_unified(cursor: Cursor) -> Thread | None:
    prefix = cursor.take("#")
    size = cursor.take_number()
    if size is None:
        return None
    pitch = None
    if cursor.sees("-") and cursor.sees_number(1):
        pitch = Number(cursor.peek(1).text)
        cursor.at += 2
    family = cursor.take_word(_UNIFIED)
    grade = _take_grade(cursor, "abAB").upper() if family else ""
    return Thread(family.upper(), prefix + size.text, pitch, grade) if family else None


def read_roughness(cursor: Cursor) -> Fields | None:
    """Parses a roughness: `Ra 1.6`, `√ Rz 25`, `N7`, `Ra 0.8 µm`; never a bare number."""
    start = cursor.at
    root = cursor.take("√")
    grade = cursor.take_word(("n",))
    name = "N" if grade else _ROUGHNESS.get(cursor.take_word(_ROUGHNESS), "")
    number = cursor.take_number() if name or root else None
    if number is None or (grade and not (number.text.isdecimal() and 1 <= int(number.text) <= 12 and cursor.at_end)):
        cursor.at = start
        return None
    return {"kind": Kind.ROUGHNESS, "roughness": name, "nominal": number, "unit": cursor.take_unit()}


def read_chamfer(cursor: Cursor) -> Fields | None:
    """Parses a chamfer: `5x45°`, `C5`, `CH 5`, `CH5x30°`; not `6×60°`, six holes spaced around a circle."""
    start = cursor.at
    sign = _CHAMFER.get(cursor.take_word(_CHAMFER), "")
    size = cursor.take_number()
    angle = _take_by_angle(cursor) if size is not None else None
    if size is not None and angle is None and sign:
        return {"kind": Kind.CHAMFER, "nominal": size, "sign": sign}
    if (
        size is None
        or angle is None
        or angle.value > STEEPEST_CHAMFER
        or (not sign and size.value * angle.value == 360)
    ):
        cursor.at = start
        return None
    return {"kind": Kind.CHAMFER, "nominal": size, "sign": sign, "angle": angle}


def _take_by_angle(cursor: Cursor) -> Number | None:
    start = cursor.at
    cursor.take_word(("mm",))
    if cursor.take("×"):
        angle = cursor.take_number()
        if angle is not None and cursor.take_unit() == "deg":
            return angle
    cursor.at = start
    return None


def take_fit(cursor: Cursor) -> str:
    """Parses ISO 286 classes: `H7`, `g6`, `js6`, `H7/g6`; upper case for holes, lower for shafts. Empty when none."""
    first = _take_class(cursor)
    if not first:
        return ""
    start = cursor.at
    cursor.take("/")
    second = _take_class(cursor)
    if not second:
        cursor.at = start
        return first
    return f"{first}/{second}"


def _take_class(cursor: Cursor) -> str:
    word, grade = cursor.peek(), cursor.peek(1)
    letters = word.text
    if (
        word.kind is not TokenType.WORD
        or letters.lower() not in _FIT_LETTERS
        or not (letters.isupper() or letters.islower())
    ):
        return ""
    if grade.kind not in (TokenType.NUMBER, TokenType.CODE) or not grade.text.isdecimal() or grade.text not in _GRADES:
        return ""
    if int(grade.text) < _COARSE_ONLY.get(letters.lower(), 0):
        return ""
    cursor.at += 2
    return letters + grade.text


def take_depth(cursor: Cursor) -> Number | None:
    """Parses a depth: `↧ 20`, `depth 20`, `20 deep`; the cursor stays when there is none."""
    start = cursor.at
    if cursor.take("↧") or cursor.take_word(DEEP):
        depth = cursor.take_number()
        if depth is not None:
            cursor.take_word(("mm",))
            return depth
    elif cursor.sees_number():
        depth = cursor.take_number()
        cursor.take_word(("mm",))
        if cursor.take_word(DEEP):
            return depth
    cursor.at = start
    return None


def take_steps(cursor: Cursor) -> tuple[HoleStep, ...]:
    """Parses counterbores and countersinks: `⌴⌀11 ↧6,8`, `⌵ ⌀12 × 90°`; the cursor stays behind the last."""
    steps: list[HoleStep] = []
    while True:
        start = cursor.at
        sign = cursor.take("⌴⌵") or STEP_WORDS.get(cursor.take_word(STEP_WORDS), "")
        round_sign = cursor.take_diameter() if sign else ""
        size = cursor.take_number() if sign else None
        if size is not None and not round_sign and cursor.sees("°"):  # an angle alone: `⌵ 90°`
            size = None
            cursor.at -= 1
        angle = _take_step_angle(cursor) if sign else None
        depth = take_depth(cursor) if sign else None
        if size is None and angle is None and depth is None:
            cursor.at = start
            return tuple(steps)
        steps.append(HoleStep(sign, size, angle, depth))


def _take_step_angle(cursor: Cursor) -> Number | None:
    start = cursor.at
    cursor.take("×")
    angle = cursor.take_number()
    if angle is not None and cursor.take_unit() == "deg":
        return angle
    cursor.at = start
    return None
