"""What a person may come with, good and bad: files, numbers, strokes, keys."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image
from PySide6.QtCore import Qt

from mnist_gui import model_file, my_digits
from mnist_gui.data import drawn
from mnist_gui.model_file import ModelRecord
from mnist_gui.nn import architectures

if TYPE_CHECKING:
    from pathlib import Path

NUMBERS: Final = (
    *("1", "2", "3", "7", "20", "64", "0.05", "0.35", "1e-3", "0,35", "0.0003125", "5.5", "2.5e2"),
    *("", "0", "-1", "-", ".", "abc", "1,000", "1.000.000", "1e999", "nan", "inf", "∞", "٣", "½", "99999999999999"),
    *("=1+1", "0x10", " 4 ", "1e", "--3", "%s", "<b>3</b>"),
)

PLAIN, CONTROL, SHIFT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
)
_KEYS: Final = Qt.Key
KEYS: Final = (
    *((key, PLAIN) for key in (_KEYS.Key_Tab, _KEYS.Key_Space, _KEYS.Key_Return, _KEYS.Key_Escape, _KEYS.Key_Delete)),
    *((key, PLAIN) for key in (_KEYS.Key_Left, _KEYS.Key_Right, _KEYS.Key_Up, _KEYS.Key_Down, _KEYS.Key_Home)),
    *(
        (key, PLAIN)
        for key in (_KEYS.Key_End, _KEYS.Key_PageUp, _KEYS.Key_PageDown, _KEYS.Key_Backspace, _KEYS.Key_F11)
    ),
    *(
        (key, PLAIN)
        for key in (_KEYS.Key_0, _KEYS.Key_5, _KEYS.Key_Minus, _KEYS.Key_Period, _KEYS.Key_A, _KEYS.Key_F10)
    ),
    *((_KEYS(_KEYS.Key_0.value + digit), CONTROL) for digit in range(10)),
    *((_KEYS(_KEYS.Key_1.value + page), Qt.KeyboardModifier.AltModifier) for page in range(7)),
    *((key, CONTROL) for key in (_KEYS.Key_Z, _KEYS.Key_Z, _KEYS.Key_T, _KEYS.Key_P, _KEYS.Key_Period, _KEYS.Key_R)),
    *((key, CONTROL) for key in (_KEYS.Key_V, _KEYS.Key_L, _KEYS.Key_S, _KEYS.Key_O, _KEYS.Key_C, _KEYS.Key_Tab)),
    *((key, CONTROL) for key in (_KEYS.Key_Plus, _KEYS.Key_Minus, _KEYS.Key_A)),
    *((key, CONTROL | SHIFT) for key in (_KEYS.Key_Z, _KEYS.Key_T, _KEYS.Key_O, _KEYS.Key_S)),
    (_KEYS.Key_Backtab, SHIFT),
)


class Things:
    """Files in a folder: some are what their name says, some are not."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "out").mkdir()
        self.data = folder / "bars"
        _write_bars(self.data)
        digits, labels = drawn.images(10, 5)
        kept = [my_digits.MyDigit(int(label), image) for image, label in zip(digits, labels, strict=True)]
        my_digits.export(folder / "digits.jsonl", kept)
        for name in architectures.ARCHITECTURES:
            network = architectures.build(name)
            network.initialize(np.random.default_rng(1))
            model_file.save(folder / f"{name}.safetensors", network, ModelRecord(name))
        Image.fromarray(255 - digits[3]).resize((300, 300)).save(folder / "digit.png")
        Image.fromarray(digits[4]).resize((640, 480)).convert("RGBA").save(folder / "large.png")
        Image.new("L", (50, 80), 255).save(folder / "blank.png")
        Image.new("1", (1, 3000)).save(folder / "thin.png")
        model = (folder / "notebook.safetensors").read_bytes()
        (folder / "cut.safetensors").write_bytes(model[: len(model) // 2])
        (folder / "spoiled.safetensors").write_bytes(model[:-400] + b"\xff" * 400)
        (folder / "text.safetensors").write_text("no model", encoding="utf-8")
        (folder / "cut.png").write_bytes((folder / "digit.png").read_bytes()[:200])
        (folder / "empty.png").touch()
        (folder / "odd.jsonl").write_text(json.dumps({"label": 77}) + "\n[]\n\x00", encoding="utf-8")
        (folder / "no data").mkdir()
        self.all = (
            *sorted(str(path) for path in folder.iterdir()),
            str(folder / "missing"),
            str(folder / "out" / "new.safetensors"),
            str(folder / "out" / "new"),
            str(folder / "nowhere" / "new.png"),
            "",
        )


def _write_bars(folder: Path) -> None:
    """Write a data set that is learned in an instant: ten bars at ten heights, with noise."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for split, count in (("train", 640), ("t10k", 100)):
        labels = np.arange(count, dtype=np.uint8) % 10
        images = rng.integers(0, 60, (count, 28, 28), np.uint8)
        for image, label in zip(images, labels, strict=True):
            image[4 + 2 * label : 6 + 2 * label, 4:24] = 255
        for array, name in ((images, "images-idx3"), (labels, "labels-idx1")):
            header = bytes([0, 0, 8, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
            (folder / f"{split}-{name}-ubyte").write_bytes(header + array.tobytes())
