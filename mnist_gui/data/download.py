"""Downloading published files from mirrors, any of which may be down, slow, or serve something else."""

from __future__ import annotations

import logging
from collections import deque
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pooch
import requests

from mnist_gui.data.dataset import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mnist_gui.data.published import PublishedFile

TIMEOUT: Final = 15.0
"""A mirror that stays silent for so many seconds is given up."""

CHUNK_SIZE: Final = 8 * 1024
"""Bytes between two reports of progress: even on a slow line the bar moves, and cancelling acts soon."""


def download(
    files: Mapping[str, PublishedFile],
    mirrors: Sequence[str],
    folder: Path,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Fetch what the folder lacks, each file from the first mirror that has it.

    A file is in the folder whole and verified or not at all, however the download ends.

    Parameters
    ----------
    files : mapping of str to PublishedFile
        Names, and what is known of the bytes.
    mirrors : sequence of str
        Addresses to put before the names, in order of preference.
    folder : Path
        Where the files go; made if need be.
    progress : callable, optional
        Called with the bytes done and the bytes in total, of all files. What it raises ends the download and comes
        through to the caller, unless it's an OSError or a ValueError, which would pass for a mirror's fault.

    Raises
    ------
    DataError
        If no mirror has a file, or the folder can't be written.
    """
    pooch.get_logger().setLevel(logging.WARNING)
    total = sum(file.size for file in files.values())
    done = 0

    def report(received: int) -> None:
        if progress:
            progress(done + received, total)

    candidates = deque(mirrors)
    for name, file in files.items():
        stream = partial(_stream, size=file.size, report=report)
        failures: list[str] = []
        while len(failures) < len(candidates):
            try:
                pooch.retrieve(candidates[0] + name, file.sha256, name, folder, downloader=stream)
                break
            except (requests.RequestException, ValueError) as error:
                failures.append(f"{candidates[0]} {_describe(error)}")
                candidates.rotate(-1)  # for the files to come as well: a dead mirror costs its time-out only once
            except OSError as error:
                raise DataError(f"The cache {folder} can't be written: {error.strerror or error}") from error
        else:
            raise DataError(f"{name} can't be downloaded: {', '.join(failures)}")
        report(file.size)
        done += file.size


def _stream(url: str, path: str, _pooch: object, *, size: int, report: Callable[[int], None]) -> None:
    """Do as pooch's own downloader, but count every byte, refuse more than `size`, and hang up when interrupted."""
    report(0)
    headers = {"Accept-Encoding": "identity"}  # a compressed transfer wouldn't have the bytes of the checksum
    with (
        requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response,
        Path(path).open("wb") as file,
    ):
        response.raise_for_status()
        for chunk in response.iter_content(CHUNK_SIZE):
            file.write(chunk)
            if file.tell() > size:
                raise ValueError(f"{url} is longer than {size} bytes")
            report(file.tell())


def _describe(error: Exception) -> str:
    """Say what a mirror did wrong in plain words; the libraries' own run over several lines."""
    match error:
        case requests.HTTPError(response=requests.Response() as response):
            return f"answers with status {response.status_code}"
        case requests.Timeout():
            return f"doesn't answer within {TIMEOUT:g} seconds"
        case requests.RequestException():
            return "can't be reached or breaks off"
        case _:
            return "sends other bytes than were published"
