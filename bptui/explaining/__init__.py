"""A step in words and equations, with the names and numbers of the node at hand."""
