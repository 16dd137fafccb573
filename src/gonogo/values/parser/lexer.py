"""Lexer: folds look-alike characters and splits text into tokens. One pass, linear in the length of the text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

_FOLDED: dict[str, str] = {
    "-": "−–—‐‑‒―﹣－",
    "×": "✕✖⨯*",
    "°": "º˚",
    "⌀": "∅",
    "µ": "μ",
    "±": "∓",
    "|": "│┃｜¦∣║",
    "/": "⁄∕",
    '"': "″“”„",
    "'": "′’‘",
    "□": "◻☐",
}
_TABLE = {ord(other): sign for sign, others in _FOLDED.items() for other in others}
_CAD_CODES = {"%%c": "⌀", "%%d": "°", "%%p": "±"}  # how AutoCAD's text writes these signs
_CAD = re.compile("%%[cdp]", re.IGNORECASE)
_PLUS_MINUS = re.compile(r"\+ ?/ ?-|- ?/ ?\+|\+ ?-(?= ?[0-9.,])")
# O with stroke and phi are letters too: before a digit they are the diameter sign.
_DIAMETER_LETTER = re.compile(r"[ØøφϕΦФф](?= ?[.,]?[0-9])")
_TOKEN = re.compile(r" ?([0-9][0-9.,]*|[.,][0-9][0-9.,]*|[^\W\d_]+|.)", re.DOTALL)
_NUMBER = re.compile(r"(?:0|[1-9][0-9]*)?(?:[.,][0-9]+)?")
MAX_DIGITS = 24
_LONGEST_KEYED = 4_000  # characters of prose that are looked at word by word


class TokenType(StrEnum):
    """Kind of a token."""

    NUMBER = "number"
    CODE = "code"  # digits that are no number of a drawing: 007, 1.234,5, thirty digits
    WORD = "word"
    MARK = "mark"  # one sign
    STRANGE = "strange"  # digits that are not 0-9, hidden characters
    END = "end"


@dataclass(frozen=True, slots=True)
class LexToken:
    """Piece of the folded text; `start` is its offset there."""

    kind: TokenType
    text: str
    start: int


def fold(text: str) -> str:
    """Returns `text` with look-alikes folded to one sign each and white space collapsed. Digits stay."""
    if "%%" in text:
        text = _CAD.sub(lambda match: _CAD_CODES[match[0].lower()], text)
    text = " ".join(text.translate(_TABLE).split())
    if "+" in text:
        text = _PLUS_MINUS.sub("±", text)
    return text if text.isascii() else _DIAMETER_LETTER.sub("⌀", text)


def tokens(folded: str) -> list[LexToken]:
    """Returns the tokens of a folded text, without an end mark."""
    lexed: list[LexToken] = []
    for match in _TOKEN.finditer(folded):
        lexed.extend(_tokens_of(match[1], match.start(1), lexed[-1].kind if lexed else TokenType.END))
    return lexed


def _tokens_of(text: str, start: int, before: TokenType) -> Iterator[LexToken]:
    if text[0] in "0123456789.," and len(text.strip(".,")) > 0:
        yield from _numbers(text, start)
    elif text[0].isalpha() and text.isalpha():
        if text[0] in "xX" and (len(text) == 1 or before is TokenType.NUMBER):
            yield LexToken(TokenType.MARK, "×", start)
            text, start = text[1:], start + 1
        if text:
            yield LexToken(TokenType.WORD, text, start)
    elif text.isnumeric() or not text.isprintable() or text == "\ufffd" or len(text) > 1:
        yield LexToken(TokenType.STRANGE, text, start)
    elif text != " ":
        yield LexToken(TokenType.MARK, text, start)


def _numbers(text: str, start: int) -> Iterator[LexToken]:
    body = text.rstrip(".,")  # a full stop after a number is no decimal sign
    is_number = len(body) <= MAX_DIGITS and _NUMBER.fullmatch(body) is not None
    yield LexToken(TokenType.NUMBER if is_number else TokenType.CODE, body, start)
    for at in range(len(body), len(text)):
        yield LexToken(TokenType.MARK, text[at], start + at)


def text_key(folded: str, trailing_zeros: bool = True) -> str:
    """Returns free text as a comparison key: decimal sign, spaces and the case of words are folded.

    Case is kept for one or two letters beside a digit: H7 is a hole and h7 a shaft.
    """
    if len(folded) > _LONGEST_KEYED:
        return folded
    lexed = tokens(folded)
    pieces = []
    for at, token in enumerate(lexed):
        piece = token.text
        if token.kind is TokenType.NUMBER:
            piece = number_key(piece, trailing_zeros)
        elif token.kind is TokenType.WORD and (
            len(piece) > 2 or not _beside_digit(lexed, at) or piece.lower() in ("mm", "in")
        ):
            piece = piece.lower()
        pieces.append(piece)
    return " ".join(pieces)


def number_key(text: str, trailing_zeros: bool) -> str:
    """Returns an unsigned number with a point and a digit before it; trailing zeros only if they count."""
    whole, _, decimals = text.replace(",", ".").partition(".")
    if not trailing_zeros:
        decimals = decimals.rstrip("0")
    return f"{whole or '0'}.{decimals}" if decimals else whole or "0"


def _beside_digit(lexed: list[LexToken], at: int) -> bool:
    neighbours = (lexed[at - 1] if at else None, lexed[at + 1] if at + 1 < len(lexed) else None)
    return any(token is not None and token.kind in (TokenType.NUMBER, TokenType.CODE) for token in neighbours)
