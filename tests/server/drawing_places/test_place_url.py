"""URLs of places: one spelling each, no credentials, and nothing that leads elsewhere than it says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.server.drawing_places.place_url import BucketUrl, FolderUrl, parse_place_url


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("database:", "database:"),
        ("file:///srv/drawings", "file:///srv/drawings"),
        ("file:///srv//drawings/", "file:///srv/drawings"),
        ("file://localhost/srv/a%20b", "file:///srv/a%20b"),
        ("file:///srv/x/../drawings", "file:///srv/drawings"),
        ("s3://drawings", "s3://drawings"),
        ("s3://drawings/a/b/", "s3://drawings/a/b"),
        ("s3://drawings/a?sign=yes&virtual_host=no", "s3://drawings/a"),
        ("s3://d-1/a?region=eu-1&endpoint=https://minio:9000/", "s3://d-1/a?endpoint=https://minio:9000&region=eu-1"),
        ("s3://dra/?sign=no&endpoint=http%3A%2F%2F%5B%3A%3A1%5D%3A9", "s3://dra?endpoint=http://[::1]:9&sign=no"),
    ],
)
def test_one_spelling_of_each_place(text: str, spelled: str) -> None:
    assert str(parse_place_url(text)) == spelled
    assert str(parse_place_url(spelled)) == spelled


@pytest.mark.parametrize(
    "text",
    [
        "", "drawings", "/srv/drawings", "C:\\drawings", "file:drawings", "file://srv/drawings", "file:///srv#x",
       "file:///", "file:///..",
        "file:///srv?x=1", "file:///srv/%00", "file:///a\nb", "file:///%ff", "ftp://a/b", "database:/x",
        "s3://", "s3:///a", "s3://A_B/x", "s3://b", "s3://bucket/../x", "s3://bucket/a//b", "s3://bucket/a#b",
        "s3://bucket?endpoint=minio", "s3://bucket?endpoint=https://u:secret@minio", "s3://bucket?endpoint=https://m/path",
        "s3://bucket?endpoint=https://m:port", "s3://bucket?sign=maybe", "s3://bucket?region=a b", "s3://[", "s3://bucket:80",
        "s3://key:secret@bucket/x", "s3://bucket?secret_access_key=secret", "s3://bucket?region=a&region=b",
    ],
)  # fmt: skip
def test_anything_else_is_refused_in_a_sentence_that_repeats_no_secret(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w") as refused:
        parse_place_url(text)
    assert "secret" not in str(refused.value)
    assert "\n" not in str(refused.value)


@given(
    st.text(max_size=60), st.sampled_from(["", "file://", "file:///", "s3://bucket/", "s3://bucket?endpoint=https://"])
)
def test_any_text_is_a_place_with_one_spelling_or_a_sentence(text: str, head: str) -> None:
    try:
        place = parse_place_url(head + text)
    except ValueError:
        return
    assert parse_place_url(str(place)) == place
    if isinstance(place, FolderUrl):
        assert place.path.startswith("/")
        assert ".." not in place.path.split("/")
    if isinstance(place, BucketUrl):
        assert not {"", ".", ".."} & set(place.prefix.split("/")) - ({""} if not place.prefix else set())
