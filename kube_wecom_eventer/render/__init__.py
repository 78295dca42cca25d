"""From an event to the text of a message."""
