"""What a user's file of layers gives, read without running a line of it, and which files may run."""
