package dev.holdfast.host.metrics;

/**
 * What other rooms count for a scrape.
 *
 * @param store the calls of the snapshot store
 * @param rpc the calls of the RPC door; without any where the host has none
 */
public record HostMeasures(StoreMeasures store, RestoreMeasures restores, RpcMeasures rpc) {

    /** Nothing was counted yet. */
    public HostMeasures(StoreMeasures store) {
        this(store, new RestoreMeasures(), new RpcMeasures());
    }
}
