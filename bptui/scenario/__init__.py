"""A scenario: from a TOML file to a graph and its values, or to all the mistakes in it with their places."""
