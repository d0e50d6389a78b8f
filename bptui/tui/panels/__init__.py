"""The panels: one file each, a small pane over a pure function."""
