"""Which digits are taken for which others."""
