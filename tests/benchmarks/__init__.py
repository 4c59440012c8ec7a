"""How fast the program is, beside other ways to do the same: ``python -m tests.benchmarks``."""

import os

# One thread for each contender. These are read when NumPy and PyTorch start, so they stand before any import of them.
os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", MKL_NUM_THREADS="1", VECLIB_MAXIMUM_THREADS="1")
