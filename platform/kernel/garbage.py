"""What a process of ours asks of Python's garbage collector."""

import gc

_YOUNG = 20_000  # containers more than before, until the young are looked through; Python's own number is 700


def keep_what_is_loaded() -> None:
    """Tell the collector, once a process has started, that what is there now stays.

    Modules, models, URLs and views are some 150,000 objects: a full collection goes through them all (a tenth of a
    second), though none of them ever ends. It leaves them out from now on.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, 20, 20)
