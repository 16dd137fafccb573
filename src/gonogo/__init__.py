"""gonogo: a terminal workstation for checking what machines read off engineering drawings."""

__version__ = "0.2.0"
