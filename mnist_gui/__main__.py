"""``python -m mnist_gui`` is the same as ``mnist-gui``."""

import sys

from mnist_gui.cli import main

sys.exit(main())
