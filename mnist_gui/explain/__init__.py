"""Looking inside a network: where its numbers come from, without Qt."""
