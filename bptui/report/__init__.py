"""What leaves the program as text or files."""
