"""External viewer: opens a file in the system's viewer, without a shell and without output to this terminal."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from gonogo.desk.core.errors import DeskError
from gonogo.sheets.models import NoPicture

Which = Callable[[str], str | None]
_WAIT_SECONDS = 3.0


def viewer_command(
    path: Path, environment: Mapping[str, str], *, platform: str = sys.platform, which: Which = shutil.which
) -> list[str] | None:
    """The command that opens `path`; `None` without a graphical screen (ssh, a console)."""
    if platform == "darwin":
        return ["open", str(path)] if not environment.get("SSH_CONNECTION") else None
    if platform == "win32":
        return ["rundll32", "url.dll,FileProtocolHandler", str(path)]
    if not (environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")):
        return None
    opener = next((program for name in ("xdg-open", "gio") if (program := which(name))), None)
    if opener is None:
        return None
    return [opener, "open", str(path)] if opener.endswith("gio") else [opener, str(path)]


async def show_crop_outside(export: Awaitable[Path | NoPicture], environment: Mapping[str, str]) -> str:
    """Awaits the file of a crop and opens it; returns the notice to show where that failed, else an empty string."""
    try:
        path = await export
    except (OSError, DeskError) as error:
        return f"The crop could not be written: {error}"
    return f"{path.reason} {path.next_step}" if isinstance(path, NoPicture) else await show_outside(path, environment)


async def show_outside(path: Path, environment: Mapping[str, str]) -> str:
    """Opens `path` in the viewer; returns the notice to show where that failed, else an empty string."""
    command = viewer_command(path, environment)
    if command is not None and await run_viewer(command):
        return ""
    problem = "No picture viewer was found for this terminal" if command is None else "No picture viewer opened it"
    return f"{problem}. The crop is here: {path}"


async def run_viewer(command: list[str]) -> bool:
    """Starts the viewer, which outlives this program; returns false when it could not be started or failed at once."""
    quiet = asyncio.subprocess.DEVNULL
    try:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True
        )
    except OSError:
        return False
    try:
        return await asyncio.wait_for(process.wait(), _WAIT_SECONDS) == 0
    except TimeoutError:
        return True  # still showing it
