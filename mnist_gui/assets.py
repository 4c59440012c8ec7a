"""Where the files that ship with the program are: icons, and the trained models."""

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).parent

# In an installed wheel they are part of the package; in a checkout they stand beside it.
ASSETS: Final = next(folder for folder in (_PACKAGE / "assets", _PACKAGE.parent / "assets") if folder.is_dir())
SHIPPED_MODEL: Final = ASSETS / "model.safetensors"
"""The one that the program starts with, of the architecture "notebook"."""
UNLIKE: Final = ASSETS / "unlike.npz"


def shipped_model(architecture: str) -> Path:
    """Say where the trained network of an architecture is; one for each is made by the command in the README."""
    return SHIPPED_MODEL if architecture == "notebook" else ASSETS / f"{architecture}.safetensors"
