"""Words for data, one module a screen or thing, in the same rooms as the screens; no widgets, no I/O."""
