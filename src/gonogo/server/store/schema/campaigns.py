"""Campaign tables: define projects and campaigns, the positions of voters in a queue, and campaign scores."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from gonogo.server.store.schema.columns import (
    Id,
    Instant,
    Json,
    Ref,
    Sortable,
    foreign_key,
    metadata,
    number,
    public_id,
)

projects = Table(
    "projects",
    metadata,
    number(),
    public_id(),
    foreign_key("orgs"),
    Column("name", Text, nullable=False),
    Column("description", Text),
    Column("status", Text, nullable=False, server_default="active"),
    Column("guideline_id", Ref),
    Column("ontology_id", Ref),
    Column("selection_policy", Json, nullable=False),
    Column("target_kinds", Json, nullable=False),
    Column("uses_platform_pool", Boolean, nullable=False, server_default=false()),
    Column("created_by_user_id", Id, ForeignKey("users.id")),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("org_id", "name"),
)

campaigns = Table(
    "campaigns",
    metadata,
    number(),
    public_id(),
    foreign_key("orgs", index=True),
    foreign_key("projects", nullable=True, index=True),
    Column("name", Text, nullable=False),
    Column("description", Text),
    Column("status", Text, nullable=False, server_default="open"),
    Column("consensus_method", Text, nullable=False),
    Column("target_redundancy", Integer, nullable=False),
    Column("gold_fraction", Float, nullable=False),
    Column("acceptance_alpha", Float, nullable=False),
    Column("created_by_user_id", Id, ForeignKey("users.id")),
    Column("created_at", Instant, nullable=False),
    Column("closed_at", Instant),
    # settings that are ours alone
    Column("lease_minutes", Integer, nullable=False, server_default="10"),
    Column("max_risk", Float, nullable=False, server_default="0.05"),
    Column("votes", Text, nullable=False, server_default="fixed"),
    Column("min_votes", Integer, nullable=False, server_default="1"),
    Column("trailing_zeros_matter", Boolean, nullable=False, server_default=false()),
    Column("grouping", Boolean, nullable=False, server_default=false()),
    Column("unit", Text),  # of lengths without one: mm or in; null while it is not known
    Column("guideline", Text),
    # the queue's own (server/queue/leases.py)
    Column("insert_round", String(8), nullable=False, server_default="00000000"),
    Column("n_tasks", Integer, nullable=False, server_default="0"),  # gold not among them
    Column("n_gold_items", Integer, nullable=False, server_default="0"),
    # where gold stands in the order (server/tasks/gold_places.py)
    Column("n_gold_planned", Integer, nullable=False, server_default="0"),  # items at the last plan of the whole order
    Column("n_gold_placed", Integer, nullable=False, server_default="0"),  # copies that the tasks so far have got
    Column("mixes_sheets", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("org_id", "name"),
)

voters = Table(  # one person's position in one campaign's queue
    "voters",
    metadata,
    Column("campaign_id", Id, ForeignKey("campaigns.id"), primary_key=True),
    Column("voter_id", Id, primary_key=True),
    Column("cursor", Sortable, nullable=False, server_default=""),
    Column("n_served", Integer, nullable=False, server_default="0"),
    Column("n_done", Integer, nullable=False, server_default="0"),
    Column("n_gold_done", Integer, nullable=False, server_default="0"),
)

campaign_scores = Table(  # what the last refresh of a campaign's consensus found (server/scoring/task_scoring.py)
    "campaign_scores",
    metadata,
    Column("campaign_id", Id, ForeignKey("campaigns.id"), primary_key=True),
    Column("method_used", Text, nullable=False),  # the fallback, where the campaign's own method gave way
    Column("class_prior", Json, nullable=False),  # by verdict: correct, incorrect, unsure
    Column("temperature", Float, nullable=False, server_default="1"),
    Column("evidence", Json),  # how the model's confidence moves the prior, if it does (consensus/model_confidence.py)
    Column("asks_on", Json),  # by number of votes: share of ordinary tasks that ask for another one
    Column("refreshed_at", Instant, nullable=False),
)

auto_accepts = Table(  # campaigns that left out sure predictions, but for an audit at random
    "auto_accepts",
    metadata,
    Column("campaign_id", Id, ForeignKey("campaigns.id"), primary_key=True),
    Column("accept_above", Float, nullable=False),
    Column("bound", Float),  # upper bound of the error that was asked for
    Column("n_accepted", Integer, nullable=False),
    Column("n_audited", Integer, nullable=False),
)

annotator_scores = Table(  # how each voter errs, for the refresh of single tasks between those of the campaign
    "annotator_scores",
    metadata,
    Column("campaign_id", Id, ForeignKey("campaigns.id"), primary_key=True),
    Column("voter_id", Id, primary_key=True),
    Column("confusion", Json, nullable=False),  # [true verdict][given verdict]
    Column("reliability", Float, nullable=False),
)
