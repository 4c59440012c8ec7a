"""Qt's virtual methods in Python must not raise: an exception that leaves one can end the process."""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, QSize

if TYPE_CHECKING:
    from collections.abc import Callable

_INSTEAD: Final[dict[str, Callable[[], object]]] = {
    "event": lambda: False,
    "eventFilter": lambda: False,
    "mergeWith": lambda: False,
    "hasHeightForWidth": lambda: False,
    "sizeHint": QSize,
    "minimumSizeHint": QSize,
    "id": lambda: -1,
    "rowCount": lambda: 0,
}
"""What an overridden method returns where it fails, if not None."""


def reported(method: Callable[..., Any]) -> Callable[..., Any]:
    """Hand what goes wrong in an overridden virtual method to `sys.excepthook`, which says it in the window."""
    instead = _INSTEAD.get(method.__name__, lambda: None)

    @functools.wraps(method)
    def guarded(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 -- whatever the method takes and returns
        try:
            return method(*args, **kwargs)
        except Exception:  # noqa: BLE001 -- Qt, which called, can't take it: shiboken would dereference null
            sys.excepthook(*sys.exc_info())
            return instead()

    return guarded


class Guarded:
    """Base, before Qt's class, of all classes here that override its virtual methods: these can then not raise."""

    def __init_subclass__(cls, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init_subclass__(**kwargs)
        qt = next(base for base in cls.__mro__ if base.__module__.startswith("PySide6") or base is QObject)
        for name, method in vars(cls).copy().items():
            if callable(method) and not name.startswith("_") and hasattr(qt, name):
                setattr(cls, name, reported(method))
