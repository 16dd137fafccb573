"""Facts of a sheet: title block, general tolerances, places of boxes. Pure."""
