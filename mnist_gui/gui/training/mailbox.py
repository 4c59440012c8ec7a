"""The one slot between a thread and the window."""

from __future__ import annotations

from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """One slot, in which a newer letter replaces an older one.

    A queued signal for each letter was measured to starve a busy window for many seconds. Here at most one is
    under way: `put` says whether the slot was empty, and only then is there something to announce.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._letter: T | None = None

    def put(self, letter: T) -> bool:
        """Leave a letter; return True if there was none."""
        with self._lock:
            was_empty = self._letter is None
            self._letter = letter
            return was_empty

    def take(self) -> T | None:
        """Empty the slot."""
        with self._lock:
            letter, self._letter = self._letter, None
            return letter
