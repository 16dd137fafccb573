"""Pixel protocols of terminals: Kitty graphics and Sixel."""
