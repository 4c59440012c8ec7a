"""Where a person draws: the canvas and what belongs to it."""
