"""Symbols of drawings: the fourteen geometrical characteristics, their aliases, and a palette for typing.

Characteristics and their signs: ISO 1101 and ASME Y14.5; code points: the "Miscellaneous Technical" block of Unicode.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Symbol:
    """Sign, its name, its aliases in text, and look-alikes that readers emit instead of it."""

    glyph: str
    name: str
    aliases: tuple[str, ...] = ()
    look_alikes: str = ""

    @property
    def short(self) -> str:
        """Shortest usual name: `pos`, `flat`, `dia`; typed, it stands for the sign."""
        return self.aliases[0] if self.aliases else self.name


CHARACTERISTICS: tuple[Symbol, ...] = (
    Symbol("⏤", "straightness", ("straight", "str")),
    Symbol("⏥", "flatness", ("flat",), "▱"),
    Symbol("○", "circularity", ("circ", "circular", "roundness", "round"), "◯"),
    Symbol("⌭", "cylindricity", ("cyl", "cylindrical")),
    Symbol("⌒", "profile of a line", ("lineprof", "line profile", "profile line", "prof line")),
    Symbol("⌓", "profile of a surface", ("profile", "surface profile", "profile surface", "prof surface", "prof")),
    Symbol("∠", "angularity", ("ang",)),
    Symbol("⟂", "perpendicularity", ("perp", "perpendicular", "squareness"), "⊥"),
    Symbol("∥", "parallelism", ("par", "parallel"), "⫽⫽"),
    Symbol("⌖", "position", ("pos", "true position", "tp"), "⊕"),
    Symbol("◎", "concentricity", ("conc", "concentric", "coaxiality", "coax", "coaxial"), "⌾"),
    Symbol("⌯", "symmetry", ("sym", "symmetrical")),
    Symbol("↗", "circular runout", ("runout", "run out", "cro")),
    Symbol("⌰", "total runout", ("total", "total runout", "total run out", "tro"), "⇗"),
)

PALETTE: tuple[Symbol, ...] = (
    Symbol("⌀", "diameter", ("dia", "diam")),
    Symbol("±", "plus or minus", ("pm", "+/-")),
    Symbol("°", "degree", ("deg",)),
    Symbol("×", "times", ("x",)),
    *sorted(CHARACTERISTICS, key=lambda symbol: symbol.glyph != "⌖"),
    Symbol("□", "square", ("sq",)),
    Symbol("Ⓜ", "maximum material", ("mmc", "(M)")),
    Symbol("Ⓛ", "least material", ("lmc", "(L)")),
    Symbol("Ⓔ", "envelope requirement", ("env", "(E)")),
    Symbol("↧", "depth", ("deep",)),
    Symbol("⌴", "counterbore", ("cbore",)),
    Symbol("⌵", "countersink", ("csk",)),
    Symbol("µ", "micro", ("u",)),
)
"""What the symbol keys insert, most used first."""

_NAMED_ONLY = (
    Symbol("Ⓟ", "projected zone", ("proj", "(P)")),
    Symbol("Ⓤ", "unequal zone", ("unequal", "(U)")),
    Symbol("Ⓕ", "free state", ("free", "(F)")),
    Symbol("Ⓣ", "tangent plane", ("tangent", "(T)")),
    Symbol("Ⓢ", "regardless of size", ("rfs", "(S)")),
    Symbol("√", "surface", ("surf",)),
    Symbol("▽", "countersink or depth", ("tri",)),
)


def signs_named(start: str) -> tuple[Symbol, ...]:
    """Returns the signs whose name or an alias begins with `start`; those alone that are called just so."""
    wanted = " ".join(start.lower().split())
    if not wanted:
        return ()
    names = {symbol: {symbol.name.lower(), *(alias.lower() for alias in symbol.aliases)} for symbol in ALL_SIGNS}
    exact = tuple(symbol for symbol, known in names.items() if wanted in known)
    return exact or tuple(s for s, known in names.items() if any(name.startswith(wanted) for name in known))


ALL_SIGNS: tuple[Symbol, ...] = (*PALETTE, *_NAMED_ONLY)

GLYPH_OF: dict[str, str] = {symbol.name: symbol.glyph for symbol in CHARACTERISTICS}
NAME_OF_GLYPH: dict[str, str] = {
    glyph: symbol.name for symbol in CHARACTERISTICS for glyph in symbol.glyph + symbol.look_alikes
}
NAME_OF_ALIAS: dict[str, str] = {
    alias: symbol.name for symbol in CHARACTERISTICS for alias in (symbol.name, *symbol.aliases)
}

CIRCLED: dict[str, str] = {chr(0x24B6 + i): chr(ord("A") + i) for i in range(26)}
CIRCLE_OF: dict[str, str] = {letter: circled for circled, letter in CIRCLED.items()}
CONDITION_LETTERS = frozenset("MLSPFTUERHCI")  # what may stand in a circle after a zone or a datum
CONDITION_WORDS = frozenset(("CZ", "SZ", "UZ", "CT", "OZ", "MMC", "LMC", "RFS", "MMB", "LMB", "RMB"))
LETTER_OF_WORD = {"MMC": "M", "MMB": "M", "LMC": "L", "LMB": "L", "RFS": "S", "RMB": "S"}


def characteristic(name: str) -> str:
    """Returns the characteristic's name for a sign, name or alias (case and spaces are ignored); empty when unknown."""
    text = " ".join(name.lower().replace("_", " ").split())
    return NAME_OF_GLYPH.get(name.strip()) or NAME_OF_ALIAS.get(text, "")
