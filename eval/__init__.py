"""The evaluation: golden questions, public sets and benchmarks, as numbers.

`eval` is also a builtin: import from here by `from eval.golden import …` only.
"""
