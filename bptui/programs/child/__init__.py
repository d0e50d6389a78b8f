"""The child's side of a watched program: runs it as Python would, and tells of every call of a layer in it.

It stands on ``programs.event``, ``programs.shared_memory`` and ``guest.child``, and imports nothing of the parent's.
"""
