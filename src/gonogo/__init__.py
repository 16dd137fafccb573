"""gonogo: a terminal workstation for checking what machines read off engineering drawings."""

__version__ = "0.1.0"
