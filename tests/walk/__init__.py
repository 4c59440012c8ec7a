"""A random walk over the window: whatever a person may do, in any order, and nothing may go wrong."""
