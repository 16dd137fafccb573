"""Reads what `/metrics` answers, by prometheus-client's own parser."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]
"""Value by name and labels."""


def samples(text: str) -> Samples:
    """All samples; a name with the same labels twice is an error."""
    values: Samples = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation
        for sample in family.samples:
            key = (sample.name, frozenset(sample.labels.items()))
            assert key not in values
            values[key] = sample.value
    return values


def value(numbers: Samples, name: str, **labels: str) -> float:
    return numbers[name, frozenset(labels.items())]
