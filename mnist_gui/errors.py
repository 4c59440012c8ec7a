"""Errors whose message is written for the person at the keyboard, not for a programmer, and what they quote."""

from __future__ import annotations

import reprlib
from typing import Final

QUOTED_AT_MOST: Final = 60  # characters of a value in a message
MESSAGE_AT_MOST: Final = 1000  # characters of a message: two long paths and a sentence


class UserError(Exception):
    """Something is wrong with the world: a file, the network, a data set, a setting.

    The message is one sentence that says what is wrong and what to do. The command line prints it on one line and
    ends with status 1; the window shows it as plain text and stays as it was.

    Parameters
    ----------
    message : str
        It is brought onto one line of printable characters, because it may quote a file or a path.
    """

    def __init__(self, message: str = "") -> None:
        super().__init__(one_line(message, MESSAGE_AT_MOST))


def one_line(text: str, at_most: int = QUOTED_AT_MOST) -> str:
    r"""Return a text as one line of printable characters; one that is too long loses its middle.

    Line breaks and tabs become spaces. Other characters that can't be seen, or that turn the direction of writing,
    are shown as escapes: ``\x07``.
    """
    if len(text) > at_most:
        head, tail = (at_most - 1) // 2, at_most // 2
        text = f"{text[:head]}…{text[-tail:]}"
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    if character.isprintable():
        return character
    return " " if character in "\n\r\t" else repr(character)[1:-1]


class _Shortest(reprlib.Repr):
    """Looks at the beginning of a value only, so that a million characters cost no more than sixty."""

    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = self.maxlong = QUOTED_AT_MOST
        self.maxdict = self.maxlist = self.maxtuple = self.maxset = self.maxlevel = 3


def quoted(value: object) -> str:
    """Return a value out of a file as a message shows it: like Python writes it, on one line, cut to 60 characters."""
    try:
        text = _Shortest().repr(value)
    except ValueError:  # Python doesn't write whole numbers of more than 4,300 digits
        text = "a number of thousands of digits"
    return one_line(text)


def reason(error: OSError | ValueError) -> str:
    """Return why a file could not be read or written, without the error's number and the file's name."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
