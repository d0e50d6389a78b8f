"""Programs: a person's own program, watched while it runs unchanged, becomes a tape.

``child`` runs the program in a process of its own, where a profile hook sees the calls of layers. What it sees it tells
as ``event``s; arrays lie in ``shared_memory``, copied once. ``program_run`` holds that process, and ``watched_tape``
makes a tape of the events, one iteration at a time: ``cut_passes`` and ``pass_events`` say which calls make a pass and
which are nodes, ``value_sources`` where each input comes from, ``pass_graph`` makes the graph of it, ``pass_steps`` the
steps, ``parameter_updates`` the updates.

What checks need. ``ProgramRun.watched.passes[i]`` is iteration ``i`` of the tape: its nodes, each with the
``ForwardCall`` of its object, and ``backwards``, each ``BackwardCall`` with its node's index, in the order of calls.
``ProgramRun.facts`` has the values behind their numbers, and the place of each call. A backward tells what was handed
to it, what it returned, what its object ``held`` when it began and the gradients beside that afterwards; its
``forward`` is the number of the last forward of its object, or of that which has made its cache.

When watching is over the process stays, and answers ``ProgramRun.ask``: it calls a function of ours there, which
gets the ``KeptCall``s by the numbers of the forward calls. ``KeptCall.forward_copy()`` makes the object as it was
before that forward, and the arguments, once more, as often as it is asked for.
"""
