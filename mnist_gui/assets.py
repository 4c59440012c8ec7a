"""Where the files that ship with the program are: icons, and the trained model."""

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).parent

# In an installed wheel they are part of the package; in a checkout they stand beside it.
ASSETS: Final = next(folder for folder in (_PACKAGE / "assets", _PACKAGE.parent / "assets") if folder.is_dir())
SHIPPED_MODEL: Final = ASSETS / "model.safetensors"
UNLIKE: Final = ASSETS / "unlike.npz"
