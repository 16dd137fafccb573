"""Labeling configuration for an ML backend: the XML by which Label Studio says what its tasks are."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from xml.etree import ElementTree

from gonogo.transfer.importing.records import BadFileError

DEFAULT_CONFIG: Final = """<View>
  <Image name="image" value="$image"/>
  <RectangleLabels name="label" toName="image">
    <Label value="dimension"/><Label value="tolerance"/><Label value="gdt"/><Label value="surface_finish"/>
    <Label value="thread"/><Label value="datum"/><Label value="weld"/><Label value="note"/>
  </RectangleLabels>
  <TextArea name="transcription" toName="image" editable="true" perRegion="true" required="true" maxSubmissions="1"/>
</View>"""
"""Boxes with our kinds as labels, and a text for each."""
_COPY_IT: Final = "Copy it from Label Studio: Settings, Labeling Interface, Code."


def read_label_config(path: Path) -> tuple[str, str]:
    """The configuration in a file, and the field of a task's data that its picture stands in.

    Raises:
        OSError: it cannot be read.
        BadFileError: it is no configuration with a picture.
    """
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError:
        raise BadFileError(f"{path} is not UTF-8.", next_step=_COPY_IT) from None
    return text, picture_field(text, path.name)


def picture_field(config: str, name: str = "--label-config") -> str:
    """The `image` of `<Image value="$image"/>`. Raises `BadFileError`."""
    try:
        root = ElementTree.fromstring(config)  # noqa: S314 - a file that the user wrote and named
    except ElementTree.ParseError as error:
        raise BadFileError(f"{name} is not XML ({error}).", next_step=_COPY_IT) from None
    values = [element.get("value", "") for element in root.iter("Image")]
    field = next((value[1:] for value in values if value.startswith("$") and len(value) > 1), None)
    if field is None:
        raise BadFileError(
            f'{name} has no <Image name="…" value="$…"/>, so the backend can\'t be given a picture.',
            next_step="Use a configuration for images.",
        )
    return field
