"""Consensus from votes: reads the votes of a campaign and computes its consensus. Imports numpy."""

from __future__ import annotations

from sqlalchemy import Connection

from gonogo.server.scoring.campaign_consensus import ConsensusResult, compute_consensus
from gonogo.server.scoring.vote_matrix import read_votes
from gonogo.server.store.schema.rows import CampaignRow


def measure(connection: Connection, campaign: CampaignRow) -> ConsensusResult:
    """Consensus of a campaign. Writes nothing."""
    return compute_consensus(read_votes(connection, campaign), campaign.consensus_method)
