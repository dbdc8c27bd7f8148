package dev.holdfast.plugin.raft;

@RaftContract.Peers(3)
class ThreePeersContractIT extends RaftContract {}
