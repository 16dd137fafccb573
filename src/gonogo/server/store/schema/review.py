"""Review tables: define rulings, actions on annotators, practice, qualification, and the settings of these."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, Text, false

from gonogo.server.store.schema.columns import Id, Instant, Json, foreign_key, metadata, number, public_id

rulings = Table(  # every ruling ever made; the task itself bears the one that stands
    "rulings",
    metadata,
    number(),
    public_id(),
    foreign_key("tasks"),
    foreign_key("campaigns"),
    Column("expert_id", Id, nullable=False),
    Column("expert_kind", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("corrected_value", Json),
    Column("note", Text),
    Column("error_type", String(100)),
    Column("gold_status", Text),  # candidate, accepted, declined; NULL: nobody proposed it
    Column("gold_decided_by", Id),
    Column("gold_decided_at", Instant),
    Column("gold_task_id", Id, ForeignKey("tasks.id")),
    Column("superseded", Boolean, nullable=False, server_default=false()),
    Column("by_page", Boolean, nullable=False, server_default=false()),  # by the key for a whole page, and nothing else
    Column("created_at", Instant, nullable=False),
    Index("ix_rulings_task_number", "task_id", "number"),
    Index("ix_rulings_campaign_gold_status_number", "campaign_id", "gold_status", "number"),
)

review_settings = Table(
    "review_settings",
    metadata,
    Column("campaign_id", Id, ForeignKey("campaigns.id"), primary_key=True),
    Column("sample_rate", Float, nullable=False),
    Column("warm_up_items", Integer, nullable=False),
    Column("qualification_items", Integer, nullable=False),
    Column("pass_mark", Float),
)

annotator_actions = Table(  # the audit trail of what a lead did about a person
    "annotator_actions",
    metadata,
    number(),
    public_id(),
    foreign_key("campaigns"),
    Column("voter_id", Id, nullable=False),
    Column("action", Text, nullable=False),  # pause, resume, discount, restore, reopen
    Column("n_tasks", Integer, nullable=False),
    Column("note", Text),
    Column("actor_id", Id, nullable=False),
    Column("created_at", Instant, nullable=False),
    Index("ix_annotator_actions_campaign_number", "campaign_id", "number"),
)

annotator_pauses = Table(  # who gets no new tasks at the moment
    "annotator_pauses",
    metadata,
    Column("campaign_id", Id, ForeignKey("campaigns.id"), primary_key=True),
    Column("voter_id", Id, primary_key=True),
    Column("paused_at", Instant, nullable=False),
)

discounted_votes = Table(  # uncounted by a lead, and so never counted again by the queue
    "discounted_votes",
    metadata,
    Column("submission_id", Id, ForeignKey("submissions.id"), primary_key=True),
    foreign_key("campaigns"),
    Column("voter_id", Id, nullable=False),
    Index("ix_discounted_votes_campaign_voter", "campaign_id", "voter_id"),
)

practice_answers = Table(  # apart from submissions: practice counts for nothing but the person's own standing
    "practice_answers",
    metadata,
    number(),
    foreign_key("campaigns"),
    Column("voter_id", Id, nullable=False),
    Column("item", String(100), nullable=False),
    Column("right", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Index("ix_practice_answers_campaign_voter_number", "campaign_id", "voter_id", "number"),
)

qualifications = Table(  # who reached a campaign's pass mark; a mark raised later asks again
    "qualifications",
    metadata,
    Column("campaign_id", Id, ForeignKey("campaigns.id"), primary_key=True),
    Column("voter_id", Id, primary_key=True),
    Column("pass_mark", Float, nullable=False),
    Column("passed_at", Instant, nullable=False),
)
