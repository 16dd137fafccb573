"""Review and practice settings of a campaign: sample rate, warm-up and qualification."""

from __future__ import annotations

from sqlalchemy import Connection, select

from gonogo.schemas.review import ReviewSettings
from gonogo.server.store.schema import review_settings


def load_review_settings(connection: Connection, campaign_id: str) -> ReviewSettings:
    """The stored settings, or the defaults."""
    query = select(review_settings).where(review_settings.c.campaign_id == campaign_id)
    columns = connection.execute(query).mappings().first()
    if columns is None:
        return ReviewSettings()
    return ReviewSettings(**{name: columns[name] for name in ReviewSettings.model_fields})


def update_review_settings(connection: Connection, campaign_id: str, changes: ReviewSettings) -> ReviewSettings:
    """Stores the settings that were sent; returns all."""
    sent = {name: getattr(changes, name) for name in changes.model_fields_set}
    merged = load_review_settings(connection, campaign_id).model_copy(update=sent)
    connection.execute(review_settings.delete().where(review_settings.c.campaign_id == campaign_id))
    connection.execute(review_settings.insert().values(campaign_id=campaign_id, **merged.model_dump()))
    return merged
