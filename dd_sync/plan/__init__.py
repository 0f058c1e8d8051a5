"""What apply would change: as data, its dangers, its words, and the doing of it."""
