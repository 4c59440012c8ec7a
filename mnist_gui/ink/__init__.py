"""From a drawing or a picture to the 28×28 that the network sees, made as MNIST was made."""

from mnist_gui.ink.field import CENTRE, DIGIT_SIZE, THICKNESS, centre_of_mass
from mnist_gui.ink.picture import PictureSteps, Step, explain_picture, from_file, from_picture
from mnist_gui.ink.reasons import Reason
from mnist_gui.ink.strokes import MAX_INK, Stroke, from_strokes, judge, render, several_digits
from mnist_gui.picture_file import PictureError, open_picture

__all__ = [
    "CENTRE",
    "DIGIT_SIZE",
    "MAX_INK",
    "THICKNESS",
    "PictureError",
    "PictureSteps",
    "Reason",
    "Step",
    "Stroke",
    "centre_of_mass",
    "explain_picture",
    "from_file",
    "from_picture",
    "from_strokes",
    "judge",
    "open_picture",
    "render",
    "several_digits",
]
