"""Pictures as people have them, opened without trusting them: what a file can cost is known before it is decoded."""

from __future__ import annotations

import glob
import re
import struct
import warnings
import zlib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

import numpy as np

from mnist_gui import untrusted
from mnist_gui.errors import UserError, one_line, reason

if TYPE_CHECKING:
    from os import PathLike

    from PIL import Image

PICTURE_FORMATS: Final = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM")
"""What pictures may be: not, for instance, EPS, which Pillow hands to another program to run."""

SUFFIXES: Final = frozenset(
    {".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".bmp", ".dib", ".gif", ".tif", ".tiff"}
    | {".pbm", ".pgm", ".ppm", ".pnm"}
)
"""How the names of such files end, in lower case."""

MAX_PIXELS: Final = 50_000_000
"""A picture of more pixels is refused before it is decoded. Pillow takes four bytes for most."""

MAX_SIDE: Final = 30_000
"""Likewise one with a longer side: Pillow takes memory for each row."""

KEPT_SIDE: Final = 2048
"""A picture with a longer side is made smaller by a whole number, to between this and twice this."""

_MAX_BYTES: Final = 200_000_000
_FEWER_PIXELS: Final = {"WEBP": 20_000_000, "ppm_plain": 1_000_000}  # whose decoders take more memory or time
_MAX_PLAIN: Final = 4_000_000  # bytes of a PPM whose numbers are written in digits
_MAX_COMMENTS: Final = 100  # in such a one; its decoder takes a time for each that grows with the rest
_MAX_TILE: Final = 10_000_000  # pixels of a TIFF's tile, which may be far larger than its picture
_MAX_READS: Final = 100_000  # of a file, for a picture's blocks may be tiny, and a comment is read byte by byte
_MAX_TIFF_HEADER: Final = 4_000_000  # bytes; each of its thousand entries may lead to the same ones
_ANIMATED: Final = ("GIF", "PNG", "WEBP")
_MAX_FRAMES: Final = 500
_MAX_FRAME: Final = 10_000_000  # pixels
_MAX_ANIMATED: Final = 100_000_000  # pixels of all frames together
_BLANK: Final = 8  # levels between the darkest and the brightest pixel of an empty frame

_TILE_WIDTH, _TILE_LENGTH, _ORIENTATION = 0x0142, 0x0143, 0x0112  # tags of TIFF and EXIF
_MAX_VALUE: Final = 1e30  # of a pixel that is a fraction; beyond, differences are not finite
_XMP_ORIENTATION: Final = re.compile(rb'tiff:Orientation(?:="|>)([1-8])')


class PictureError(UserError):
    """A picture can't be read, or is too large to."""


def open_picture(path: str | PathLike[str]) -> Image.Image:
    """Read a picture, upright, without trusting it.

    Parameters
    ----------
    path : str or path-like
        A file in one of ``PICTURE_FORMATS``. Of an animation the last frame that isn't blank is read, because it
        shows a drawing that is done; of several pages the first.

    Returns
    -------
    PIL.Image.Image
        Decoded whole, turned as its EXIF orientation says, and at most ``2 * KEPT_SIDE`` pixels a side.

    Raises
    ------
    PictureError
        If it isn't a file, isn't a whole picture, or has too many pixels.
    """
    from PIL import Image, UnidentifiedImageError  # here, because the window starts without it

    try:
        with warnings.catch_warnings(), untrusted.open_file(path, _MAX_BYTES) as file:
            warnings.simplefilter("ignore")  # Pillow's remarks on odd metadata
            bounded = _Bounded(file, path)
            with Image.open(bounded, formats=PICTURE_FORMATS) as image:  # type: ignore[arg-type]
                _check_size(image, path)
                bounded.opened(plain=_decoder(image) == "ppm_plain")
                picture = _frame(image) if image.format in _ANIMATED else _shrink(image)
                if picture.mode == "F" and not (np.abs(np.asarray(picture)) < _MAX_VALUE).all():
                    raise PictureError(f"{path} can't be read: it holds values that are not numbers, or too large")
                return _turn(picture, image)
    except UnidentifiedImageError:
        raise PictureError(f"{path} is not a picture that can be read ({', '.join(PICTURE_FORMATS)})") from None
    except Image.DecompressionBombError:
        raise PictureError(f"{path} is too large: at most {MAX_PIXELS:,} pixels are read") from None
    except MemoryError as error:
        raise PictureError(f"There is not enough memory for {path}") from error
    except OSError as error:
        raise PictureError(f"{path} can't be read: {one_line(reason(error))}") from error
    except (
        ArithmeticError,
        AssertionError,
        AttributeError,
        EOFError,
        LookupError,
        RuntimeError,
        SyntaxError,
        TypeError,
        ValueError,
        struct.error,
        zlib.error,
    ) as error:  # what Pillow's decoders raise for damaged files is not one kind of exception
        raise PictureError(f"{path} can't be read: {one_line(str(error) or type(error).__name__)}") from error


def find_pictures(text: str) -> list[Path]:
    """Return the files that a person means by a name, which may be a picture's, a folder's or a pattern like ``*.png``.

    A pattern is looked at here too, because not every shell does it. Of a folder the pictures in it are meant, by
    their names' endings, but not those in folders within.

    Raises
    ------
    PictureError
        If a folder or a pattern has none.
    """
    path = Path(text)
    try:
        if path.is_dir():
            inside = sorted(child for child in path.iterdir() if child.suffix.lower() in SUFFIXES)
            found = [child for child in inside if not (child.name.startswith(".") or child.is_dir())]
            if not found:
                raise PictureError(f"{text} holds no pictures")
            return found
        if not path.exists() and glob.has_magic(text):
            matches = sorted(glob.glob(text, recursive=True))  # noqa: PTH207  (a path's own takes none from the root)
            found = [match for match in map(Path, matches) if not match.is_dir()]
            if not found:
                raise PictureError(f"{text} matches no files")
            return found
    except OSError as error:
        raise PictureError(f"{text} can't be read: {reason(error)}") from error
    return [path]


class _Bounded:
    """A file that ends a decoder which reads from it without end.

    Parameters
    ----------
    file : BinaryIO
    path : path-like
        For the message.
    """

    def __init__(self, file: BinaryIO, path: str | PathLike[str]) -> None:
        self._file, self._path = file, path
        self.seek, self.tell, self.fileno = file.seek, file.tell, file.fileno
        self._reads, self._comments, self._plain = _MAX_READS, _MAX_COMMENTS, False
        is_tiff = file.read(4)[2:3] in (b"*", b"\0", b"+")
        size = file.seek(0, 2)
        file.seek(0)
        self._bytes = _MAX_TIFF_HEADER if is_tiff else size + 1_000_000
        self._after_header = 3 * size + 1_000_000

    def opened(self, *, plain: bool) -> None:
        """Allow what decoding takes, once the header is read."""
        self._plain = plain
        self._bytes = _MAX_PLAIN if plain else self._after_header

    def read(self, size: int = -1) -> bytes:
        content = self._file.read(size)
        self._reads -= 1
        self._bytes -= len(content)
        self._comments -= content.count(b"#") if self._plain else 0
        if min(self._reads, self._bytes, self._comments) < 0:
            raise PictureError(f"{self._path} can't be read: it is far more complicated than a picture of a digit")
        return content


def _check_size(image: Image.Image, path: str | PathLike[str]) -> None:
    """Refuse what would take too much memory or time, from its header alone."""
    width, height = image.size
    most = min(_FEWER_PIXELS.get(name, MAX_PIXELS) for name in (image.format or "", _decoder(image)))
    if width * height > most or max(width, height) > MAX_SIDE:
        raise PictureError(
            f"{path} is too large: {width}×{height}; at most {most:,} pixels are read, and {MAX_SIDE:,} a side"
        )
    tags = getattr(image, "tag_v2", {})  # of a TIFF
    tile = [side for side in (tags.get(_TILE_WIDTH, 1), tags.get(_TILE_LENGTH, 1)) if isinstance(side, int)]
    if len(tile) < 2 or tile[0] * tile[1] > _MAX_TILE:
        raise PictureError(f"{path} is too large: at most {_MAX_TILE:,} pixels of a tile are read")


def _decoder(image: Image.Image) -> str:
    tiles = getattr(image, "tile", ())
    return str(tiles[0][0]) if tiles else ""


def _frame(image: Image.Image) -> Image.Image:
    """Return the last frame that is not blank, of those that can be looked at soon; the first, if all are blank."""
    found = _shrink(image)
    pixels = image.width * image.height
    frames = min(_MAX_FRAMES, _MAX_ANIMATED // pixels) if pixels <= _MAX_FRAME else 1
    # What is damaged or cut further on leaves the frames before it, and so does what goes on for too long.
    with suppress(EOFError, OSError, SyntaxError, ValueError, PictureError):
        for number in range(1, frames):
            image.seek(number)
            frame = _shrink(image.copy())
            if not _is_blank(frame):
                found = frame
    return found


def _is_blank(frame: Image.Image) -> bool:
    extrema = np.array(frame.convert("RGBA").getextrema())
    return bool((extrema[:, 1] - extrema[:, 0] <= _BLANK).all())


def _shrink(image: Image.Image) -> Image.Image:
    """Decode a picture, and average squares of its pixels if it is large.

    A JPEG is decoded at a smaller scale to begin with. The rest is done a band of rows at a time, because conversions
    would double what the picture takes.
    """
    from PIL import Image

    scale = max(image.size) // KEPT_SIDE
    if scale > 1:
        image.draft(None, (image.width // scale, image.height // scale))
    image.load()
    scale = max(image.size) // KEPT_SIDE
    if scale < 2:
        return image.copy()
    rows = scale * max(1, 1_000_000 // (scale * image.width))
    bands = [
        _convert(image.crop((0, top, image.width, min(top + rows, image.height)))).reduce(scale)
        for top in range(0, image.height, rows)
    ]
    small = Image.new(bands[0].mode, (bands[0].width, sum(band.height for band in bands)))
    for i, band in enumerate(bands):
        small.paste(band, (0, i * bands[0].height))
    return small


def _convert(band: Image.Image) -> Image.Image:
    """Bring pixels into a mode in which they can be averaged."""
    if band.mode.startswith("I;16"):
        return band.convert("I")
    if band.has_transparency_data:
        return band.convert("RGBA")
    return band.convert({"P": "RGB", "1": "L"}.get(band.mode, band.mode))


def _turn(picture: Image.Image, image: Image.Image) -> Image.Image:
    """Turn a picture upright as the file's metadata say, but for a TIFF, with which Pillow has done it.

    Pillow's own function would copy the data of each entry, of which a few kilobytes can hold a thousand that all
    lead to the same megabytes.
    """
    from PIL.Image import Transpose

    turn = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }.get(_orientation(image))
    return picture if turn is None or image.format == "TIFF" else picture.transpose(turn)


def _orientation(image: Image.Image) -> int:
    exif, xmp = image.info.get("exif"), image.info.get("xmp")
    if isinstance(exif, bytes):
        data = exif.removeprefix(b"Exif\0\0")
        order = {b"II": "<", b"MM": ">"}.get(data[:2], "")
        with suppress(struct.error):
            start: int = struct.unpack_from(f"{order}I", data, 4)[0] if order else len(data)
            for i in range(struct.unpack_from(f"{order}H", data, start)[0]):
                tag, _, _, value = struct.unpack_from(f"{order}HHIH", data, start + 2 + 12 * i)
                if tag == _ORIENTATION:
                    return int(value)
    found = _XMP_ORIENTATION.search(xmp) if isinstance(xmp, bytes) else None
    return int(found[1]) if found else 1
