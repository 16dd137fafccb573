"""Task tables: define tasks, honeypots (gold) and votes, and the golden dataset."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
    true,
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
    subject_columns,
)

task_sheets = Table(  # the order in which sheets came into a campaign
    "task_sheets",
    metadata,
    Column("campaign_id", Id, ForeignKey("campaigns.id"), primary_key=True),
    Column("sheet", Text, primary_key=True),
    Column("sheet_seq", Integer, nullable=False),
)

gold_items = Table(
    "gold_items",
    metadata,
    number(),
    public_id(),
    foreign_key("campaigns"),
    Column("sheet_seq", Integer, nullable=False),
    Column("shuffle", Integer, nullable=False),  # its place among the items
    Column("n_copies", Integer, nullable=False, server_default="0"),  # copies that were put into the order
    Column("error_type", Text),  # of a seeded wrong prediction
    Index("ix_gold_items_campaign_shuffle", "campaign_id", "shuffle"),
    Index("ix_gold_items_campaign_sheet_shuffle", "campaign_id", "sheet_seq", "shuffle"),
    Index("ix_gold_items_campaign_copies_shuffle", "campaign_id", "n_copies", "shuffle"),
)

tasks = Table(
    "tasks",
    metadata,
    number(),
    public_id(),
    Column("campaign_id", Id, ForeignKey("campaigns.id"), nullable=False),
    Column("prediction_id", Id, ForeignKey("predictions.id")),
    Column("calculation_id", Ref),
    *subject_columns(),
    Column("other_readings", Json),  # values of the other readers, where several readings became one question
    Column("n_required", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    # gold: each row is one copy of its item
    Column("is_gold", Boolean, nullable=False, server_default=false()),
    Column("gold_item_id", Id, ForeignKey("gold_items.id")),
    Column("gold_answer", Text),
    Column("n_people", Integer, nullable=False, server_default="0"),  # people this copy was served to
    # outcome (server/scoring/task_scoring.py)
    Column("status", Text, nullable=False, server_default="open"),  # open, in_review, resolved
    Column("submission_count", Integer, nullable=False, server_default="0"),  # counted ones
    Column("agreement", Float),
    Column("consensus_verdict", Text),
    Column("consensus_value", Json),
    Column("posterior", Float),
    Column("settled_max_risk", Float),  # by which rule votes settled it: that holds on when the settings change
    Column("settled_votes", Integer),  # without the other: the votes that a reopened task waits for
    Column("adjudicated", Boolean, nullable=False, server_default=false()),
    Column("resolved_at", Instant),
    # queue (server/queue/leases.py): `rank` is set exactly while anybody may claim the task
    Column("sheet_seq", Integer, nullable=False),
    Column("place", Sortable, nullable=False),
    Column("rank", Sortable),
    Column("holder_id", Id),
    Column("holder_kind", Text),
    Column("claimed_at", Instant),
    Column("claim_expires_at", Instant),
    Index(
        "ix_tasks_available",
        "campaign_id",
        "rank",
        sqlite_where=text("rank IS NOT NULL"),
        postgresql_where=text("rank IS NOT NULL"),
    ),
    Index(
        "ix_tasks_gold_available",
        "campaign_id",
        "rank",
        sqlite_where=text("rank IS NOT NULL AND gold_item_id IS NOT NULL"),
        postgresql_where=text("rank IS NOT NULL AND gold_item_id IS NOT NULL"),
    ),
    Index(
        "ix_tasks_held",
        "campaign_id",
        "holder_id",
        "claimed_at",
        sqlite_where=text("holder_id IS NOT NULL"),
        postgresql_where=text("holder_id IS NOT NULL"),
    ),
    Index(
        "ix_tasks_expiring",
        "campaign_id",
        "claim_expires_at",
        sqlite_where=text("claim_expires_at IS NOT NULL"),
        postgresql_where=text("claim_expires_at IS NOT NULL"),
    ),
    Index(  # the expert's queue (server/review/queue.py) orders by what is in it
        "ix_tasks_conflicts",
        "campaign_id",
        "status",
        "posterior",
        "predicted_confidence",
        "is_gold",
        "number",
        sqlite_where=text("status = 'in_review'"),
        postgresql_where=text("status = 'in_review'"),
    ),
    Index("ix_tasks_campaign_number", "campaign_id", "number"),
    Index("ix_tasks_campaign_status_number", "campaign_id", "status", "number", "is_gold"),  # counts never leave it
    Index(
        "ix_tasks_gold_item",
        "gold_item_id",
        sqlite_where=text("gold_item_id IS NOT NULL"),
        postgresql_where=text("gold_item_id IS NOT NULL"),
    ),
    Index(
        "ix_tasks_prediction",
        "prediction_id",
        sqlite_where=text("prediction_id IS NOT NULL"),
        postgresql_where=text("prediction_id IS NOT NULL"),
    ),
)

task_readings = Table(  # readings that are asked by the question of another one, `asked_id`
    "task_readings",
    metadata,
    Column("campaign_id", Id, ForeignKey("campaigns.id"), primary_key=True),
    Column("prediction_id", Id, ForeignKey("predictions.id"), primary_key=True),
    Column("asked_id", Id, ForeignKey("predictions.id"), nullable=False),
    Index("ix_task_readings_campaign_asked", "campaign_id", "asked_id"),
    Index("ix_task_readings_prediction", "prediction_id"),
)

submissions = Table(
    "submissions",
    metadata,
    number(),
    public_id(),
    foreign_key("tasks"),
    foreign_key("campaigns"),
    Column("voter_id", Id, nullable=False),
    Column("voter_kind", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("corrected_value", Json),
    Column("confidence", Float),
    Column("duration_ms", Integer),
    Column("counted", Boolean, nullable=False, server_default=true()),
    Column("late", Boolean, nullable=False, server_default=false()),  # came without a live claim
    Column("claimed_at", Instant),  # of the claim it answers: the server's own measure of the time taken
    Column("created_at", Instant, nullable=False),
    Column("idempotency_key", String(255)),
    Column("reason", String(100)),  # of the note
    Column("note", Text),
    Column("group_size", Integer),  # tasks on the page that was confirmed at once, this one included; else NULL
    UniqueConstraint("task_id", "voter_id"),
    Index("ix_submissions_campaign_number", "campaign_id", "number"),
    Index("ix_submissions_campaign_voter_number", "campaign_id", "voter_id", "number"),
)

amendments = Table(  # changes of votes by their voters; the vote itself has the answer that counts
    "amendments",
    metadata,
    number(),
    public_id(),
    foreign_key("submissions"),
    foreign_key("tasks"),
    foreign_key("campaigns"),
    Column("before", Json, nullable=False),
    Column("after", Json, nullable=False),
    Column("created_at", Instant, nullable=False),
    Index("ix_amendments_submission_number", "submission_id", "number"),
    Index("ix_amendments_task_number", "task_id", "number"),
)

task_updates = Table(  # newer predictions that replaced those of tasks; the task itself has what is asked now
    "task_updates",
    metadata,
    number(),
    public_id(),
    foreign_key("tasks"),
    foreign_key("campaigns"),
    Column("replaced_id", Id, ForeignKey("predictions.id"), nullable=False),
    Column("prediction_id", Id, ForeignKey("predictions.id"), nullable=False),
    Column("before", Json, nullable=False),  # what changed, by field
    Column("after", Json, nullable=False),
    Column("created_at", Instant, nullable=False),
    Index("ix_task_updates_task_number", "task_id", "number"),
    Index("ix_task_updates_replaced", "replaced_id"),
)

help_requests = Table(  # questions that an annotator gave to the lead, unanswered; never served to that annotator again
    "help_requests",
    metadata,
    number(),
    public_id(),
    foreign_key("tasks"),
    foreign_key("campaigns"),
    Column("voter_id", Id, nullable=False),
    Column("voter_kind", Text, nullable=False),
    Column("reason", String(100)),
    Column("note", Text),
    Column("duration_ms", Integer),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("task_id", "voter_id"),
    Index("ix_help_requests_campaign_number", "campaign_id", "number"),
)

gold_servings = Table(  # who met which item; without foreign keys, whose checks would make a claim of gold slower
    "gold_servings",
    metadata,
    Column("gold_item_id", Id, primary_key=True),
    Column("voter_id", Id, primary_key=True),
    Column("task_id", Id),  # the copy; NULL where the voter met it in another way
)

golden_items = Table(  # what promotion copied into the golden dataset
    "golden_items",
    metadata,
    number(),
    public_id(),
    foreign_key("orgs", index=True),
    foreign_key("campaigns", index=True),
    Column("task_id", Id, ForeignKey("tasks.id"), nullable=False, unique=True),
    Column("verdict", Text, nullable=False),
    Column("value", Json),
    Column("forced", Boolean, nullable=False, server_default=false()),
    Column("promoted_at", Instant, nullable=False),
)
