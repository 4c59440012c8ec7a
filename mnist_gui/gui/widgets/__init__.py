"""Small things that are used in many rooms."""
