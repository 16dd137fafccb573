"""Webhooks: endpoints, an outbox of deliveries, and the one sender that works it off."""
