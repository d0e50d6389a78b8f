"""What the panels show, as pure functions from data to lines that tests call without an app."""
