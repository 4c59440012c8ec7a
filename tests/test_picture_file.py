"""A picture is opened whole and upright; what is damaged, enormous or means harm costs little and gets one line."""

from __future__ import annotations

import os
import struct
import sys
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image, ImageDraw

from mnist_gui.ink import from_picture
from mnist_gui.picture_file import PictureError, open_picture

sys.path.append(str(Path(__file__).parent))  # when this file is run by itself
from cost import cost_of

if TYPE_CHECKING:
    from collections.abc import Callable

LINES = ((0.25, 0.2), (0.6, 0.2), (0.45, 0.48), (0.38, 0.8)), ((0.32, 0.5), (0.55, 0.48))


def seven(width: int = 400, height: int = 400, mode: str = "L", paper: object = 255, ink: object = 0) -> Image.Image:
    image = Image.new(mode, (width, height), paper)
    side, draw = min(width, height), ImageDraw.Draw(image)
    for line in LINES:
        draw.line([(x * side, y * side) for x, y in line], ink, side // 20, joint="curve")
    return image


def assert_is_seven(image: Image.Image) -> None:
    actual, expected = from_picture(image), from_picture(seven())
    assert actual is not None
    assert expected is not None
    assert np.corrcoef(actual.ravel(), expected.ravel())[0, 1] > 0.9


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM"])
def test_pictures_are_opened(tmp_path: Path, format_: str) -> None:
    seven().save(tmp_path / "seven", format_)
    assert_is_seven(open_picture(tmp_path / "seven"))


def test_a_picture_is_turned_as_its_exif_says(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held with its right side down
    seven().transpose(Image.Transpose.ROTATE_90).save(tmp_path / "turned.jpg", exif=exif)
    assert_is_seven(open_picture(tmp_path / "turned.jpg"))


def png_header(width: int, height: int) -> bytes:
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    header = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return header + struct.pack(">I", 8000) + b"IDAT"


@pytest.mark.parametrize("side", [8_000, 10_000, 50_000])
def test_an_enormous_picture_is_refused_before_it_is_decoded(tmp_path: Path, side: int) -> None:
    (tmp_path / "bomb.png").write_bytes(png_header(side, side))
    with pytest.raises(PictureError, match=r"bomb\.png is too large"):
        open_picture(tmp_path / "bomb.png")


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP"])
def test_a_truncated_picture_is_refused(tmp_path: Path, format_: str) -> None:
    seven().save(tmp_path / "cut", format_)
    whole = (tmp_path / "cut").read_bytes()
    for length in (0, 10, 60, len(whole) // 2):
        (tmp_path / "cut").write_bytes(whole[:length])
        with pytest.raises(PictureError, match="cut"):
            open_picture(tmp_path / "cut")


def test_what_is_not_a_picture_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "poem.png").write_text("roses are red")
    for path in (tmp_path / "poem.png", tmp_path / "missing.png", tmp_path):
        with pytest.raises(PictureError) as caught:
            open_picture(path)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)


# Turned, large, moving


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize(
    ("orientation", "undo"),
    [
        (1, None),
        (2, Image.Transpose.FLIP_LEFT_RIGHT),
        (3, Image.Transpose.ROTATE_180),
        (4, Image.Transpose.FLIP_TOP_BOTTOM),
        (5, Image.Transpose.TRANSPOSE),
        (6, Image.Transpose.ROTATE_90),
        (7, Image.Transpose.TRANSVERSE),
        (8, Image.Transpose.ROTATE_270),
    ],
)
def test_a_picture_comes_upright(tmp_path: Path, format_: str, orientation: int, undo: Image.Transpose | None) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = seven(300, 400).convert("RGB")
    stored = stored if undo is None else stored.transpose(undo)
    stored.save(tmp_path / "turned", format_, exif=exif)
    opened = open_picture(tmp_path / "turned")
    assert opened.size == (300, 400)
    assert_is_seven(opened)


def test_odd_metadata_turn_nothing(tmp_path: Path) -> None:
    for exif in (b"", b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"II*\0\x08\0\0\0\xff\xff", b"?" * 99):
        seven().save(tmp_path / "odd.jpg", exif=exif)
        assert_is_seven(open_picture(tmp_path / "odd.jpg"))


@pytest.mark.parametrize(
    ("name", "mode", "paper", "ink"),
    [
        ("a.png", "L", 255, 0),
        ("a.png", "RGBA", (0, 0, 0, 0), "black"),
        ("a.png", "LA", (0, 0), (0, 255)),
        ("a.png", "1", 1, 0),
        ("a.png", "I;16", 60000, 900),
        ("a.gif", "P", 0, 1),
        ("a.jpg", "RGB", "white", "blue"),
        ("a.jpg", "CMYK", (0, 0, 0, 0), (0, 0, 0, 255)),
        ("a.tif", "F", 0.0, 1.0),
        ("a.webp", "RGB", "navy", "yellow"),
    ],
)
def test_a_large_picture_is_made_smaller(tmp_path: Path, name: str, mode: str, paper: object, ink: object) -> None:
    image = seven(4300, 4200, mode, paper, ink)
    if mode == "P":
        image.putpalette([255, 250, 240, 20, 40, 120])
    quickly = {"png": {"compress_level": 1}, "webp": {"method": 0}}  # to pack it well takes longer than all the rest
    image.save(tmp_path / name, **quickly.get(name[2:], {}))
    opened = open_picture(tmp_path / name)
    assert opened.size == (2150, 2100)
    assert_is_seven(opened)


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png"])
def test_of_an_animation_the_last_frame_that_is_not_blank_is_read(tmp_path: Path, name: str) -> None:
    blank, begun = Image.new("RGB", (400, 400), "white"), Image.new("RGB", (400, 400), "white")
    ImageDraw.Draw(begun).line((100, 80, 240, 80), "black", 20)
    frames = [blank, begun, seven().convert("RGB"), blank]
    frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:], lossless=True)
    assert_is_seven(open_picture(tmp_path / name))
    blank.save(tmp_path / name, save_all=True, append_images=[blank.copy()])
    assert from_picture(open_picture(tmp_path / name)) is None


def test_an_animation_that_is_cut_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    noise = [Image.effect_noise((400, 400), 90) for _ in range(3)]
    Image.new("L", (400, 400), 255).save(tmp_path / "a.gif", save_all=True, append_images=[seven(), *noise])
    content = (tmp_path / "a.gif").read_bytes()
    (tmp_path / "a.gif").write_bytes(content[:20_000])
    assert open_picture(tmp_path / "a.gif").size == (400, 400)


def test_of_several_pages_the_first_is_read(tmp_path: Path) -> None:
    seven().save(tmp_path / "a.tif", save_all=True, append_images=[Image.new("L", (50, 50), 255)])
    assert_is_seven(open_picture(tmp_path / "a.tif"))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e38])
def test_values_that_are_no_numbers_are_refused(tmp_path: Path, value: float) -> None:
    image = seven(100, 100, "F", 0.0, 1.0)
    image.putpixel((3, 3), value)
    image.save(tmp_path / "a.tif")
    with pytest.raises(PictureError, match="not numbers"):
        open_picture(tmp_path / "a.tif")


# What means harm


@pytest.mark.skipif(os.name != "posix", reason="about pipes and devices as POSIX has them")
@pytest.mark.timeout(10)
def test_pipes_and_devices_are_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    for path in (tmp_path / "pipe.png", "/dev/zero"):
        with pytest.raises(PictureError, match="that is not a file"):
            open_picture(path)


def test_a_narrow_picture_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    for width, height in ((1, 49_000_000), (30_001, 1), (2**31 - 1, 1)):
        (tmp_path / "narrow.png").write_bytes(png_header(width, height))
        with pytest.raises(PictureError, match=r"narrow\.png is too large"):
            open_picture(tmp_path / "narrow.png")


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(*extra: bytes, after: bytes = b"") -> bytes:
    image = chunk(b"IDAT", zlib.compress((b"\0" + b"\xff" * 10) * 10))
    head = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 10, 10, 8, 0, 0, 0, 0))
    return head + b"".join(extra) + image + after + chunk(b"IEND", b"")


def tiff(*entries: tuple[int, int, int, int]) -> bytes:
    rows = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + rows + bytes(4)


TILED = [(256, 100), (257, 100), (258, 8), (259, 8), (262, 1), (322, 40_000), (323, 40_000), (324, 500), (325, 2**21)]


@pytest.mark.skipif(os.name != "posix", reason="memory is measured as POSIX does")
@pytest.mark.parametrize(
    "make",
    [
        lambda: b"P6\n#" + b"x" * 50_000_000 + b"\n10 10\n255\n" + bytes(300),
        lambda: b"P2\n1000 1000\n255\n" + b"0\n#xx\n" * 15_000_000,
        lambda: b"P3\n500 500\n255\n" + b"0         " * 9_000_000,
        lambda: png(chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(1_000_000))) * 20_000),
        lambda: png(chunk(b"abCd", b"") * 8_000_000),
        lambda: png(after=chunk(b"abCd", b"") * 8_000_000),
        lambda: tiff(*((i + 1, 7, 50_000_000, 10) for i in range(60_000))) + bytes(60_000_000),
        lambda: tiff((256, 4, 1, 10), (257, 4, 1, 10), (273, 5, 10_000_000, 100)) + bytes(90_000_000),
        lambda: tiff(*((tag, 4, 1, value) for tag, value in TILED)).ljust(500) + zlib.compress(bytes(2**28), 1),
        lambda: (
            b"BM"
            + struct.pack("<IHHI", 0, 0, 0, 1078)
            + struct.pack("<IiiHHI", 40, 2000, 2000, 1, 8, 1)
            + struct.pack("<IiiII", 0, 0, 0, 256, 0)
            + bytes(1024)
            + b"\x01\x05" * 40_000_000
        ),
    ],
    ids=["comment", "comments", "letters", "text", "chunks", "chunks after", "entries", "strips", "tile", "runs"],
)
def test_a_file_that_means_harm_is_refused_cheaply(tmp_path: Path, make: Callable[[], bytes]) -> None:
    (tmp_path / "bad").write_bytes(make())
    cost = cost_of("from mnist_gui.picture_file import open_picture as run", tmp_path / "bad")
    assert cost.refused
    assert cost.seconds < 2
    assert cost.megabytes < 200


@pytest.mark.skipif(os.name != "posix", reason="memory is measured as POSIX does")
@pytest.mark.parametrize(
    ("mode", "name", "options"),
    [("RGBA", "large.png", {"compress_level": 1}), ("RGB", "large.jpg", {"progressive": True, "subsampling": 0})],
)
def test_the_largest_pictures_take_less_than_half_a_gigabyte(
    tmp_path: Path, mode: str, name: str, options: dict[str, object]
) -> None:
    seven(7000, 7000, mode, "white", "black").save(tmp_path / name, **options)
    prepare = (
        "from mnist_gui import ink\ndef run(path):\n    assert ink.from_picture(ink.open_picture(path)) is not None"
    )
    cost = cost_of(prepare, tmp_path / name)
    assert not cost.refused
    assert cost.megabytes < 450
    assert cost.seconds < 10
