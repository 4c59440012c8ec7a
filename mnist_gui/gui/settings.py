"""What the window remembers: a small JSON file of plain values, each of known type and range.

Anything odd in the file is dropped, value by value. Earlier versions used Qt's own settings, whose files may hold
pickled Python values that PySide would run; what they knew is taken over once, read as text.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

from mnist_gui import atomic

_MAX_BYTES: Final = 65_536
_FAR: Final = 100_000  # pixels from the first screen's corner; no desk is wider


@dataclass(frozen=True, slots=True)
class Settings:
    """All that is remembered.

    Attributes
    ----------
    toured : bool
        Whether the guided tour was begun once.
    appearance : str
        "system", "light" or "dark".
    larger : int
        By how many points text is larger than the system's.
    page : int
        Which tab was in sight.
    pen : int
        The pen's width, in thousandths of the canvas.
    keeps_run : bool
        Whether the moments of a run are saved with the model.
    place : tuple of int
        Left, top, width and height of the window; all 0 if it was never closed.
    maximized : bool
    """

    toured: bool = False
    appearance: str = "system"
    larger: int = 0
    page: int = 0
    pen: int = 70
    keeps_run: bool = False
    place: tuple[int, int, int, int] = (0, 0, 0, 0)
    maximized: bool = False


_RANGES: Final[dict[str, tuple[int, int]]] = {"larger": (-4, 12), "page": (0, 6), "pen": (25, 130)}


def path() -> Path:
    """Say where the file is; it need not exist."""
    import platformdirs  # here, because it is not needed to import this

    return platformdirs.user_config_path("mnist_gui", appauthor=False) / "settings.json"


def load() -> Settings:
    """Read what is remembered; what is missing or odd is as in a fresh installation."""
    try:
        with path().open("rb") as file:
            found = json.loads(file.read(_MAX_BYTES))
    except FileNotFoundError:
        return _from_earlier_version()
    except (OSError, ValueError, RecursionError):
        return Settings()
    return _sound(found) if isinstance(found, dict) else Settings()


def remember(**changes: Any) -> None:  # noqa: ANN401 -- of the types of `Settings`
    """Change some of what is remembered. Where nothing can be written, nothing is remembered."""
    with suppress(OSError):
        settings = replace(load(), **changes)
        path().parent.mkdir(parents=True, exist_ok=True)
        atomic.write(path(), json.dumps(asdict(settings), indent=2).encode())


def _sound(found: dict[str, Any]) -> Settings:
    kept: dict[str, Any] = {}
    for field in fields(Settings):
        value = found.get(field.name)
        if field.name == "place":
            if isinstance(value, list) and len(value) == 4 and all(type(v) is int and abs(v) < _FAR for v in value):
                kept["place"] = tuple(value)
        elif field.name == "appearance":
            if value in ("system", "light", "dark"):
                kept["appearance"] = value
        elif field.name in _RANGES:
            low, high = _RANGES[field.name]
            if type(value) is int and low <= value <= high:
                kept[field.name] = value
        elif type(value) is bool:
            kept[field.name] = value
    return Settings(**kept)


def _from_earlier_version() -> Settings:
    """Take over what an earlier version remembered, without having Qt read any value."""
    from PySide6.QtCore import QSettings

    earlier = QSettings()
    text = ""
    with suppress(OSError, ValueError), Path(earlier.fileName()).open("rb") as file:
        text = file.read(_MAX_BYTES).decode(errors="replace")
    plain = dict(re.findall(r"^(\w+)=(\w+)\r?$", text, re.MULTILINE))
    numbers = {name: int(value) for name, value in plain.items() if value.isascii() and value.isdigit()}
    return _sound(
        {
            "toured": bool(numbers.get("toured")) or earlier.contains("toured"),
            "appearance": plain.get("appearance"),
            "page": numbers.get("view"),
            "pen": numbers.get("pen"),
            "keeps_run": plain.get("keeps_run") == "true",
        }
    )
