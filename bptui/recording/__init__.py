"""Recordings: a run as lines of JSON, written while it is stepped through and read back as a tape."""
