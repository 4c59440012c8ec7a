"""The person's own digits."""
