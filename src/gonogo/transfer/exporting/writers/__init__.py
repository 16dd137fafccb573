"""Writers of export formats, one module each; `registry` finds and imports every module in this folder."""
