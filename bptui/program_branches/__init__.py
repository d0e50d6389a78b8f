"""What if, in a watched program: a pass runs again from an edit, on copies of the program's own objects.

``program_branch`` is the run that fills the branch's tape. Its layers (``call_layers``) are the watched calls, made
once more in the program's process (``call_job``), and what the person's code did between them. What is as it was is
taken from the program's tape. Where nobody can know what code between layers would make now, the branch ends with a
word (``known_of_pass``).
"""
