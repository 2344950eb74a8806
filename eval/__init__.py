"""The evaluation: does it answer right, cite right, and know when it does not know?

    cases ─ run ─ answers.jsonl ─ score ─ figures ─ gates, report, comparison

    cases append propose new    golden cases: read, written
    records                     the answers file
    ask cache run repeat        asking, and writing it all down
    wording patterns grade alce ranking      the verdict on one attempt
    metrics intervals figures costs agreement score      what is counted, and how sure it is
    compare baseline gates      two runs; what a run must hold
    asks completion judge       a language model's opinion, where it is wanted
    summary tables plots payload report junit output      what is written
    cli steps                   the command line, and what its commands have in common
    publicsets bipia expertqa   benchmarks that others made
    measure fit                 the parts by themselves; what the evidence is worth

`eval` is also a builtin: import from here by `from eval.cases import …` only.
"""
