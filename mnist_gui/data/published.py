"""MNIST as it was published: its four files, the checksums of their bytes, and the mirrors that serve them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MIRRORS: Final[tuple[str, ...]] = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)


class PublishedFile(NamedTuple):
    """How the right bytes are recognised."""

    size: int
    sha256: str


FILES: Final = {
    "train-images-idx3-ubyte.gz": PublishedFile(
        9_912_422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"
    ),
    "train-labels-idx1-ubyte.gz": PublishedFile(
        28_881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"
    ),
    "t10k-images-idx3-ubyte.gz": PublishedFile(
        1_648_877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"
    ),
    "t10k-labels-idx1-ubyte.gz": PublishedFile(
        4_542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"
    ),
}

TRAIN_LABELS_SHA256: Final = "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13"
"""Of the 60,000 labels as bytes, however they were stored."""

FIRST: Final = 100
FIRST_IMAGES_SHA256: Final = "c8d7b3ac57a59fa463cbbcdc21a53485e2990f12ca46d0fef62dd86cadfd67a3"
"""Of so many training images. QMNIST has others with the same labels, and so has MNIST that lies on its side."""


def is_published(train_images: NDArray[np.uint8], train_labels: NDArray[np.uint8]) -> bool:
    """Tell whether a training set is MNIST's."""
    return (
        hashlib.sha256(train_labels.tobytes()).hexdigest() == TRAIN_LABELS_SHA256
        and hashlib.sha256(train_images[:FIRST].tobytes()).hexdigest() == FIRST_IMAGES_SHA256
    )
