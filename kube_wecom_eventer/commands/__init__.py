"""The commands beside the daemon and the demo, a module each: they ask, show and explain."""
