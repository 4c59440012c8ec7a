"""Training: settings, charts, threads, and how data is come by."""
