"""Workstation in a browser (`gonogo web`): its page, the sign-in of one browser, and one app process a window."""
