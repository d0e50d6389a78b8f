"""Verdicts on a watched program: on each call of a layer by itself, and on the wiring between them.

``check_program`` puts the report together. ``check_calls`` looks at each node on copies of its object, by ``call_job``
in the program's process. The wiring is looked at by its numbers: ``handed_douts`` holds what a program hands to each
call back (``pass_douts``) against the sum of what came back from all uses of that value (``dout_sums``),
``stale_caches`` what a call back has returned against what the same call returns on a copy of its object,
``carried_gradients`` what is added up from one iteration to the next. What could be meant is not accused: it is said,
as a caution, or not at all.
"""
