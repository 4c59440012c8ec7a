"""The network, written from nothing in NumPy."""
