"""What makes parts of this repository from others; nothing here is installed."""
