"""The scenario, its graph, the tape and the debugger. Nothing in here draws, prints or looks at a clock."""
