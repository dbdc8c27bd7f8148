package dev.holdfast.plugin.raft;

@RaftContract.Peers(5)
class FivePeersContractIT extends RaftContract {}
