"""Table of consensus methods: the function of each method by its name. Imports numpy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gonogo.schemas.enums import ConsensusMethod
from gonogo.server.consensus.dawid_skene import dawid_skene
from gonogo.server.consensus.majority import majority, weighted_majority
from gonogo.server.consensus.one_coin import one_coin
from gonogo.server.consensus.votes import Consensus

METHODS: Final[dict[ConsensusMethod, Callable[..., Consensus]]] = {
    ConsensusMethod.DAWID_SKENE: dawid_skene,
    ConsensusMethod.ONE_COIN: one_coin,
    ConsensusMethod.MAJORITY: majority,
    ConsensusMethod.WEIGHTED_MAJORITY: weighted_majority,
}
