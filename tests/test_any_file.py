"""Whatever bytes a file holds, its reader gives something sound or says no in a sentence, and nothing else."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from mnist_gui import ink, model_file, my_digits
from mnist_gui.history import Snapshot
from mnist_gui.model_file import ModelFileError, ModelRecord
from mnist_gui.my_digits import MyDigit, MyDigitsError
from mnist_gui.nn import architectures
from mnist_gui.picture_file import PictureError, open_picture

if TYPE_CHECKING:
    from collections.abc import Callable

settings_here = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}
TELLING = [b"", b"\0", b"\xff" * 4, b"\0" * 8, b"\xff\xff\xff\x7f", b"1e999", b"-1", b"NaN", b"9" * 30, b'"', b"[" * 50]


@st.composite
def spoilt(draw: st.DrawFn, sound: list[bytes]) -> bytes:
    """A sound file that was cut, overwritten, repeated or spliced with another; or noise."""
    content = bytearray(draw(st.sampled_from([*sound, b""])))
    if not content:
        return draw(st.binary(max_size=200))
    for _ in range(draw(st.integers(1, 4))):
        # What matters stands mostly at the beginning.
        start = min(len(content), draw(st.integers(0, 200) | st.integers(0, len(content))))
        end = min(len(content), start + draw(st.integers(0, 16) | st.integers(0, len(content))))
        change = draw(st.sampled_from(["overwrite", "replace", "cut", "repeat", "splice", "flip"]))
        if change == "overwrite":
            value = draw(st.sampled_from(TELLING) | st.binary(max_size=8))
            content[start : start + len(value)] = value
        elif change == "replace":
            content[start:end] = draw(st.sampled_from(TELLING) | st.binary(max_size=8))
        elif change == "cut":
            del content[end:]
        elif change == "repeat":
            content[start:start] = content[start:end] * draw(st.integers(1, 3))
        elif change == "splice":
            content[start:] = draw(st.sampled_from(sound))[start:]
        elif start < len(content):
            content[start] ^= 1 << draw(st.integers(0, 7))
    return bytes(content)


def read(reader: Callable[[Path], object], refusal: type[Exception], content: bytes) -> object:
    """Give a file to its reader; None if it was refused in one line."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(content)
        try:
            return reader(path)
        except refusal as error:
            message = str(error)
    assert message
    assert message.isprintable()
    assert len(message) < 500
    return None


def models() -> list[bytes]:
    files = []
    with tempfile.TemporaryDirectory() as folder:
        for name in architectures.ARCHITECTURES:
            network = architectures.build(name)
            network.initialize(np.random.default_rng(0))
            moments = [Snapshot(i, i / 2, None, network.parameters.copy()) for i in range(2)]
            model_file.save(Path(folder) / name, network, ModelRecord(name), moments if name == "notebook" else [])
            files.append((Path(folder) / name).read_bytes())
    return files


@settings(max_examples=150, **settings_here)
@given(spoilt(models()))
def test_any_bytes_are_a_sound_model_or_none(content: bytes) -> None:
    saved = read(model_file.read, ModelFileError, content)
    if saved is not None:
        assert isinstance(saved, model_file.SavedModel)
        images = np.random.default_rng(0).integers(0, 256, (3, 28, 28), np.uint8)
        assert np.isfinite(saved.network.probabilities(images)).all()
        assert saved.record.test_accuracy is None or 0 <= saved.record.test_accuracy <= 1


def digits() -> list[bytes]:
    points = np.array([(0.28, 0.25), (0.72, 0.25), (0.62, 0.5), (0.53, 0.75)])
    stroke = ink.Stroke(points, np.full(4, 0.07))
    image = ink.from_strokes([stroke])
    assert image is not None
    texts = [
        my_digits.to_json(MyDigit(7, image, strokes)).encode() + b"\n" for strokes in ((stroke,), (), (stroke,) * 3)
    ]
    return [*texts, b"".join(texts)]


@settings(max_examples=150, **settings_here)
@given(spoilt(digits()))
def test_any_bytes_are_sound_digits_or_none(content: bytes) -> None:
    found = read(my_digits.read_export, MyDigitsError, content)
    if found is not None:
        assert isinstance(found, list)
        for digit in found:
            assert digit.label in range(10)
            assert (digit.image.shape, digit.image.dtype) == ((28, 28), np.uint8)
            assert my_digits.from_json(my_digits.to_json(digit)).id == digit.id


def pictures() -> list[bytes]:
    kinds = [
        ("PNG", "L", {}),
        ("PNG", "RGBA", {}),
        ("PNG", "P", {}),
        ("PNG", "I;16", {}),
        ("JPEG", "RGB", {}),
        ("JPEG", "CMYK", {"progressive": True}),
        ("WEBP", "RGB", {}),
        ("WEBP", "RGBA", {"lossless": True}),
        ("BMP", "RGB", {}),
        ("GIF", "P", {"save_all": True, "append_images": [Image.new("P", (40, 40), 1)]}),
        ("TIFF", "F", {}),
        ("TIFF", "L", {"compression": "tiff_lzw"}),
        ("TIFF", "RGB", {"compression": "jpeg"}),
        ("TIFF", "1", {"compression": "group4"}),
        ("PPM", "RGB", {}),
        ("PPM", "1", {}),
    ]
    files = []
    for format_, mode, options in kinds:
        image = Image.new("L", (40, 40), 255)
        ImageDraw.Draw(image).line([(10, 8), (26, 8), (18, 34)], 0, 4)
        content = io.BytesIO()
        exif = Image.Exif()
        exif[0x0112] = 6
        more = {"exif": exif} if format_ in ("PNG", "JPEG", "WEBP", "TIFF") else {}
        image.convert(mode).save(content, format_, **options, **more)
        files.append(content.getvalue())
    return files


@settings(max_examples=300, **settings_here)
@given(spoilt(pictures()))
def test_any_bytes_are_a_picture_or_none(content: bytes) -> None:
    picture = read(open_picture, PictureError, content)
    if picture is not None:
        assert isinstance(picture, Image.Image)
        image = ink.from_picture(picture)
        assert image is None or (image.shape, image.dtype) == ((28, 28), np.uint8)


@pytest.mark.parametrize(
    ("reader", "refusal", "sound"),
    [
        (model_file.read, ModelFileError, models()),
        (my_digits.read_export, MyDigitsError, digits()),
        (open_picture, PictureError, pictures()),
    ],
    ids=["models", "digits", "pictures"],
)
def test_what_is_spoilt_here_was_sound(
    reader: Callable[[Path], object], refusal: type[Exception], sound: list[bytes]
) -> None:
    for content in sound:
        assert read(reader, refusal, content) is not None
