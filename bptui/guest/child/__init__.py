"""The child's side: the process in which the user's code runs. The parent trusts nothing that comes out of here."""
