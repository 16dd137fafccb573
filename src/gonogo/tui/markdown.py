"""Markdown of a guideline as styled text: nothing in it can be clicked, and no link is opened."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.token import Token
from textual.content import Content

from gonogo.tui.text import content, plain

MAX_CHARACTERS = 40_000
_TABLE = re.compile(r"\| ?:?-{2}")
_STYLES = {"strong": "bold $strong", "em": "italic", "s": "strike"}


def guideline(markdown: str, width: int = 0) -> Content:
    """Returns headings, lists, quotes, code and emphasis styled, tables and raw HTML as typed, links with address.

    The text is cleaned before it is parsed, so nothing in it can act on a terminal. List items are wrapped at `width`
    cells, each line below the first letter of its item; 0 wraps nothing.
    """
    parser = MarkdownIt("commonmark", {"html": False}).enable("strikethrough")
    return Content("\n\n").join(list(_blocks(parser.parse(plain(markdown, MAX_CHARACTERS)), width)))


def _blocks(tokens: Iterable[Token], width: int) -> Iterator[Content]:
    """Yields one Content a paragraph; the items of a list stay together."""
    lists: list[int] = []
    items: list[_Item] = []
    style, quoted = "", 0
    for token in tokens:
        if token.type in ("bullet_list_open", "ordered_list_open"):
            lists.append(int(token.attrGet("start") or 1) if token.type.startswith("ordered") else 0)
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            lists.pop()
            if not lists:
                yield Content("\n").join([line for item in items for line in item.lines(width)])
                items = []
        elif token.type == "list_item_open":
            mark = f"{lists[-1]}. " if lists[-1] else "• "
            lists[-1] += 1 if lists[-1] else 0
            items.append(_Item("  " * (len(lists) - 1) + mark))
        elif token.type in ("blockquote_open", "blockquote_close"):
            quoted += 1 if token.nesting > 0 else -1
        elif token.type == "heading_open":
            style = "bold $strong"
        elif token.type == "heading_close":
            style = ""
        elif token.type in ("inline", "fence", "code_block", "hr"):
            block = _block(token, style or ("$quiet" if quoted else ""))
            if items:
                items[-1].blocks.append(block)
            else:
                yield block


@dataclass
class _Item:
    """Item of a list: its mark, with the indentation before it, and its paragraphs."""

    mark: str
    blocks: list[Content] = field(default_factory=list)

    def lines(self, width: int) -> list[Content]:
        """Lines of at most `width` cells, below each other; with 0 each paragraph is one line."""
        room = max(width - len(self.mark), 8)
        lines = [line for block in self.blocks for part in block.split("\n") for line in _wrapped(part, width and room)]
        indents = [Content.styled(self.mark, "$quiet"), *[Content(" " * len(self.mark))] * (len(lines) - 1)]
        return [Content.assemble(indent, line) for indent, line in zip(indents, lines, strict=False)] or indents


def _wrapped(line: Content, width: int) -> list[Content]:
    return line.wrap(width) if width else [line]


def _block(token: Token, style: str) -> Content:
    if token.type == "hr":
        return Content.styled("─" * 20, "$quiet")
    if token.type != "inline":
        return Content("\n").join([Content.assemble("  ", content(line)) for line in token.content.splitlines()])
    if _TABLE.search(token.content):
        return content(token.content)
    paragraph = Content.assemble(*_inline(token.children or []))
    return paragraph.stylize_before(style) if style else paragraph


def _inline(tokens: Iterable[Token]) -> Iterator[Content]:
    """Yields the pieces of one paragraph; the address of a link stands behind it where its text differs."""
    styles: list[str] = []
    link: tuple[str, str] | None = None
    for token in tokens:
        name = token.type.rpartition("_")[0]
        if token.type == "link_open":
            link = (str(token.attrGet("href") or ""), "")
        elif token.type == "link_close" and link is not None:
            address, text = link
            link = None
            if address and address != text:
                yield Content.assemble((" (", "$quiet"), content(address).stylize("$quiet"), (")", "$quiet"))
        elif token.type.endswith("_open"):
            styles.append(_STYLES.get(name, ""))
        elif token.type.endswith("_close"):
            styles.pop()
        else:
            text = {"softbreak": " ", "hardbreak": "\n"}.get(token.type, token.content)
            link = (link[0], link[1] + text) if link is not None else None
            style = "$accent" if token.type == "code_inline" else " ".join(filter(None, styles))
            yield content(text).stylize(style) if style else content(text)
