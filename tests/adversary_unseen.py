UNSEEN={}
NAMES=frozenset()
