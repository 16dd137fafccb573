"""Token cursor: reads the parts of every notation from a list of tokens: numbers, words, signs, units."""

from __future__ import annotations

from collections.abc import Collection

from gonogo.values.model import Number
from gonogo.values.parser.lexer import LexToken, TokenType

UNITS: dict[str, str] = {
    "mm": "mm", "millimeter": "mm", "millimetre": "mm", "millimeters": "mm", "millimetres": "mm",
    "cm": "cm", "in": "in", "inch": "in", "inches": "in", '"': "in",
    "°": "deg", "deg": "deg", "degree": "deg", "degrees": "deg",
    "µm": "µm", "um": "µm", "micron": "µm", "microns": "µm", "µin": "µin", "uin": "µin",
}  # fmt: skip
"""What is written after a number, and the unit it means."""

DEEP = frozenset(("deep", "depth", "tief"))
DIAMETER_WORDS = frozenset(("dia", "diam", "diameter", "durchmesser"))
_FRACTIONS = frozenset(("2", "4", "8", "16", "32", "64"))
_END = LexToken(TokenType.END, "", 0)


class Cursor:
    """Cursor over tokens; each `take…` advances only when it finds what it names."""

    __slots__ = ("at", "folded", "tokens")

    def __init__(self, tokens: list[LexToken], folded: str, at: int = 0) -> None:
        self.tokens = tokens
        self.folded = folded
        self.at = at

    def peek(self, ahead: int = 0) -> LexToken:
        place = self.at + ahead
        return self.tokens[place] if place < len(self.tokens) else _END

    @property
    def at_end(self) -> bool:
        return self.at >= len(self.tokens)

    def sees(self, marks: str, ahead: int = 0) -> bool:
        token = self.peek(ahead)
        return token.kind is TokenType.MARK and token.text in marks

    def take(self, marks: str) -> str:
        """Takes the next sign if it is one of `marks`, else returns an empty string."""
        if not self.sees(marks):
            return ""
        self.at += 1
        return self.tokens[self.at - 1].text

    def sees_word(self, words: Collection[str], ahead: int = 0) -> bool:
        token = self.peek(ahead)
        return token.kind is TokenType.WORD and token.text.lower() in words

    def take_word(self, words: Collection[str]) -> str:
        """Takes the next word, in lower case, if it is one of `words`, else returns an empty string."""
        if not self.sees_word(words):
            return ""
        self.at += 1
        return self.tokens[self.at - 1].text.lower()

    def sees_number(self, ahead: int = 0) -> bool:
        return self.peek(ahead).kind is TokenType.NUMBER

    def sees_integer(self, ahead: int = 0) -> bool:
        return self.sees_number(ahead) and self.peek(ahead).text.isdecimal()

    def take_number(self) -> Number | None:
        """Takes an unsigned decimal, an inch fraction (`1/4`, `1 1/2`), or an angle with minutes (`45°30'`)."""
        if not self.sees_number():
            return None
        fraction = self._take_fraction()
        if fraction:
            return Number(fraction)
        text = self._next()
        if self.sees("°") and self.sees_number(1) and self.sees("'", 2):
            text += self._next() + self._next() + self._next()
            if self.sees_number() and self.sees('"', 1):
                text += self._next() + self._next()
        elif self.sees("'"):
            text += self._next()
        return Number(text)

    def take_unit(self) -> str:
        """Takes a unit and returns `mm`, `in`, `deg`, …, or an empty string."""
        token = self.peek()
        if token.kind is TokenType.MARK and token.text == "µ" and self.sees_word(("m", "in"), 1):
            self.at += 2
            return "µm" if self.tokens[self.at - 1].text.lower() == "m" else "µin"
        unit = UNITS.get(token.text.lower(), "") if token.kind in (TokenType.MARK, TokenType.WORD) else ""
        if unit:
            self.at += 1
            if token.text.lower() == "in" and self.sees(".") and self.at + 1 == len(self.tokens):
                self.at += 1
        return unit

    def take_diameter(self) -> str:
        """Takes a diameter sign or word and returns `⌀`, `S⌀`, or an empty string."""
        if self.take("⌀") or self.take_word(DIAMETER_WORDS):
            self.take(".")
            return "⌀"
        if self.sees_word(("s",)) and self.sees("⌀", 1):
            self.at += 2
            return "S⌀"
        return ""

    def left(self) -> str:
        """Returns the folded text from here to the last token."""
        last = self.tokens[-1] if self.tokens else _END
        return "" if self.at_end else self.folded[self.tokens[self.at].start : last.start + len(last.text)]

    def _next(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1].text

    def _sees_fraction(self, ahead: int) -> bool:
        if not (self.sees_integer(ahead) and self.sees("/", ahead + 1) and self.sees_integer(ahead + 2)):
            return False
        top, bottom = self.peek(ahead).text, self.peek(ahead + 2).text
        return bottom in _FRACTIONS and len(top) < 3 and 0 < int(top) < int(bottom)

    def _take_fraction(self) -> str:
        whole = ""
        if self.sees_integer() and self._sees_fraction(1):
            whole = self._next() + " "
        elif not self._sees_fraction(0):
            return ""
        return f"{whole}{self._next()}{self._next()}{self._next()}"
