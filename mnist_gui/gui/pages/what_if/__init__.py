"""What if? Other filters, the drawing elsewhere, one step of training."""
