"""What mouse, stylus and fingers do to a widget, as strokes of one pen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QInputDevice, QTouchEvent
from PySide6.QtWidgets import QWidget

from mnist_gui.gui.widgets.faults import Guarded

if TYPE_CHECKING:
    from PySide6.QtGui import QHideEvent, QMouseEvent, QTabletEvent

PRESSURE_RANGE: Final = (0.5, 1.3)
"""What a stylus makes of the pen's width when it hardly touches, and when it is pressed as hard as can be."""


class PenArea(Guarded, QWidget):
    """A widget with one pen, which a mouse, a stylus or a finger takes until the stroke ends; others are ignored.

    What becomes of a stroke is said in the methods `pen_down`, `pen_moved`, `pen_up` and `pen_lost`.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)
        self.setMouseTracking(True)
        self._holder: object = None  # what draws the stroke under way
        self._pressure = 1.0
        self._knows_stylus_or_touch = False

    def pen_down(self, position: QPointF, pressure: float) -> None:
        """Begin a stroke; a pressure of 1 is usual."""

    def pen_moved(self, position: QPointF, pressure: float) -> None:
        """Go on with the stroke."""

    def pen_up(self) -> None:
        """Keep the stroke as it is now."""

    def pen_lost(self) -> None:
        """Forget the stroke: it was none."""

    def lift_pen(self) -> None:
        """End the stroke under way, if there is one."""
        if self._holder is not None:
            self._holder = None
            self.pen_up()

    def _drop(self) -> None:
        self._holder = None
        self.pen_lost()

    def _press(self, holder: object, position: QPointF, pressure: float = 1) -> None:
        if self._holder == "mouse" and holder != "mouse":
            self._drop()  # window systems repeat a stylus or a finger as a mouse, which may come first
        if self._holder is None:
            self._holder, self._pressure = holder, pressure
            self.pen_down(position, pressure)

    def _move(self, holder: object, position: QPointF, pressure: float = 1) -> None:
        if self._holder == holder:
            self._pressure = pressure
            self.pen_moved(position, pressure)

    def _release(self, holder: object, position: QPointF) -> None:
        if self._holder == holder:
            # A pen that leaves the paper no longer presses: the last width stays.
            self.pen_moved(position, self._pressure)
            self.lift_pen()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        echo = event.source() != Qt.MouseEventSource.MouseEventNotSynthesized and self._knows_stylus_or_touch
        if event.button() == Qt.MouseButton.LeftButton and not echo:
            self._press("mouse", event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._move("mouse", event.position())
        elif self._holder == "mouse":
            self.lift_pen()  # the release went elsewhere

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._release("mouse", event.position())

    def tabletEvent(self, event: QTabletEvent) -> None:
        self._knows_stylus_or_touch = True
        low, high = PRESSURE_RANGE
        has_pressure = event.device().hasCapability(QInputDevice.Capability.Pressure)
        pressure = low + (high - low) * event.pressure() if has_pressure else 1
        match event.type():
            case QEvent.Type.TabletPress if event.button() == Qt.MouseButton.LeftButton:
                self._press("stylus", event.position(), pressure)
            case QEvent.Type.TabletMove:
                self._move("stylus", event.position(), pressure)
            case QEvent.Type.TabletRelease if event.button() == Qt.MouseButton.LeftButton:
                self._release("stylus", event.position())
        event.accept()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QTouchEvent) and event.device().type() == QInputDevice.DeviceType.TouchScreen:
            self._touch(event)
            return True
        if event.type() == QEvent.Type.WindowDeactivate:
            self.lift_pen()
        return super().event(event)

    def _touch(self, event: QTouchEvent) -> None:
        self._knows_stylus_or_touch = True
        for point in event.points():
            finger = ("finger", point.id())  # a second one finds the pen taken
            if event.type() == QEvent.Type.TouchCancel:
                if self._holder == finger:  # it was a palm, or a gesture of the system's
                    self._drop()
            elif point.state() == point.State.Pressed:
                self._press(finger, point.position())
            elif point.state() == point.State.Updated:
                self._move(finger, point.position())
            elif point.state() == point.State.Released:
                self._release(finger, point.position())
        event.accept()

    def hideEvent(self, event: QHideEvent) -> None:
        self.lift_pen()
        super().hideEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.EnabledChange:
            self.lift_pen()
        super().changeEvent(event)
