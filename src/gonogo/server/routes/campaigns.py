"""Routes of campaigns; paths are complete, the app adds no prefix."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
