"""The network in sight: filters, maps, probabilities, answer."""
