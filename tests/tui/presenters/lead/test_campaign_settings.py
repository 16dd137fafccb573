"""Campaign settings in words: what is typed is read as people mean it, within what the server takes."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from gonogo.schemas.gonogo_api import CampaignSettings
from gonogo.schemas.review import ReviewSettings
from gonogo.tui.presenters.lead.campaign_settings import FIELDS

MODELS = {name: model for model in (CampaignSettings, ReviewSettings) for name in model.model_fields}


def test_every_setting_of_the_server_has_a_field() -> None:
    assert set(FIELDS) == set(MODELS)


@pytest.mark.parametrize(
    ("name", "typed", "value"),
    [
        ("max_risk", "0.05", 0.05),
        ("max_risk", " 0,05 ", 0.05),
        ("max_risk", "5 %", 0.05),
        ("max_risk", "0", 0.0),
        ("max_risk", "1", 1.0),
        ("min_votes", "2", 2),
        ("pass_mark", "", None),
        ("pass_mark", "80%", 0.8),
        ("lease_minutes", "60", 60),
    ],
)
def test_typed_texts_are_read(name: str, typed: str, value: object) -> None:
    assert FIELDS[name].parse(typed) == value


@pytest.mark.parametrize(
    "name", ["max_risk", "min_votes", "lease_minutes", "sample_rate", "pass_mark", "warm_up_items"]
)
@pytest.mark.parametrize("typed", ["-1", "101", "nan", "inf", "1e999", "x", "5 5", "0x1", "%", "1.5"])
def test_texts_that_are_no_value_are_refused_with_what_is_wanted(name: str, typed: str) -> None:
    with pytest.raises(ValueError, match=r"a (whole )?number from \d+ to \d+"):
        FIELDS[name].parse(typed)


@pytest.mark.parametrize("name", [name for name, field in FIELDS.items() if field.parse is not str])
def test_a_field_takes_just_what_the_server_takes(name: str) -> None:
    for typed in ("0", "1", "50", "60", "100", "0.5", "51", "61", "101"):
        try:
            value = FIELDS[name].parse(typed)
        except ValueError:
            number = float(typed)
            with pytest.raises(ValidationError):
                MODELS[name].model_validate({name: int(number) if number == int(number) else number})
        else:
            assert getattr(MODELS[name].model_validate({name: value}), name) == value


@pytest.mark.parametrize("name", list(FIELDS))
def test_a_stored_value_comes_back_from_its_text(name: str) -> None:
    field = FIELDS[name]
    if not field.choices and field.parse is not str:
        for value in (0.05, 1 / 3) if "a number" in _wanted(name) else (1, 7):
            assert field.parse(field.text(value)) == value


def _wanted(name: str) -> str:
    try:
        FIELDS[name].parse("x")
    except ValueError as wanted:
        return str(wanted)
    raise AssertionError(name)
