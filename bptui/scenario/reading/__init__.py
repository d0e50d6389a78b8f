"""The parts of a scenario, each read from its table in the document and each told of its mistakes in their places."""
