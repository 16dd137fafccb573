"""Whether JSON repeats a key: parsers that are quick keep the last one and say nothing."""

from __future__ import annotations

import re
from typing import Final

_KEY_END: Final = re.compile(rb'"[ \t\r\n]*:')


def none_repeated(raw: bytes, n_keys: int) -> bool:
    """Whether JSON text that parsed to objects of `n_keys` keys in all surely repeats none.

    Each pair has a quote and a colon behind its key; where there are no more of these than keys, no pair was lost.
    Texts may hold them too, so the answer `False` means doubt only.
    """
    return raw.count(b":") == n_keys or len(_KEY_END.findall(raw)) == n_keys
