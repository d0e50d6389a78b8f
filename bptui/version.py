"""The version of bptui, where those can read it who may not import the whole package."""

__version__ = "0.1.0"
