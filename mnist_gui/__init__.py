"""Draw a digit, train a small NumPy CNN from nothing, and look inside it, in one window."""

__version__ = "0.1.0"
