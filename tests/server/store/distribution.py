"""Looks in a statement for the distribution key: by which campaign each table of campaign rows is narrowed down."""

from __future__ import annotations

import re

from gonogo.server.store.schema import metadata

ACCOUNT_TABLES = {"assignments", "webhooks"}
"""With a `campaign_id`, but read before a campaign is known, by sign-in or the sender: on every node, like accounts."""
DISTRIBUTED = {table.name for table in metadata.sorted_tables if "campaign_id" in table.c} - ACCOUNT_TABLES
_REFERENCE = re.compile(r"\b(FROM|JOIN|UPDATE|INTO) (\w+)(?: AS (\w+))?")
_VALUE = r"(?:\?|%\(\w+\)s(?:::\w+)?|%s|\$\d+|'[^']*')"
_NOT_NAMES = {"SET", "WHERE", "JOIN", "LEFT", "ORDER", "ON"}


def undistributed(sql: str) -> list[str]:
    """Tables of campaign rows that the statement does not narrow down to the campaign of a parameter."""
    text = re.sub(r"\s+", " ", sql)
    known = _known_by_value(text)
    missing = []
    for match in _REFERENCE.finditer(text):
        word, table, alias = match.groups()
        name = alias if alias and alias.upper() not in _NOT_NAMES else table
        if table not in DISTRIBUTED:
            continue
        if word == "INTO":
            columns = re.match(r" \(([^)]*)\)", text[match.end() :])
            if columns is None or "campaign_id" not in columns[1]:
                missing.append(table)
        elif name not in known:
            missing.append(name)
    return missing


def _known_by_value(text: str) -> set[str]:
    """Names whose campaign is a parameter's, directly or through equalities with others."""
    known = set(re.findall(rf"\b(\w+)\.campaign_id (?:=|IN) \(?{_VALUE}", text))
    known |= set(re.findall(rf"\b(campaigns)\.id = {_VALUE}", text))
    bare = re.search(rf"(?<![\w.])campaign_id = {_VALUE}", text)
    if bare is not None:
        known |= {match[2] for match in _REFERENCE.finditer(text) if match[1] in ("UPDATE", "FROM")}
    equal = re.findall(r"\b(\w+)\.(campaign_id|id) = (\w+)\.(campaign_id|id)\b", text)
    pairs = [(a, b) for a, x, b, y in equal if x == y == "campaign_id" or _is_campaign(a, x) or _is_campaign(b, y)]
    while True:
        more = {b for a, b in pairs if a in known} | {a for a, b in pairs if b in known}
        if more <= known:
            return known
        known |= more


def _is_campaign(table: str, column: str) -> bool:
    return (table, column) == ("campaigns", "id")
