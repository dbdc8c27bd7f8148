package dev.holdfast.plugin.ddb;

import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.ConfigKey;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import java.time.Clock;
import java.util.List;
import java.util.function.UnaryOperator;
import software.amazon.awssdk.http.SdkHttpClient;

/**
 * Opens serializer {@code ddb}: snapshots in the DynamoDB table {@code snapshot.ddb.table}, by default
 * {@code Snapshots2}.
 *
 * <p>Opening makes a client and no request: what is wrong with the store the first call says, which looks at the table
 * before it does anything else.
 */
public final class DdbSnapshotSerializerFactory implements SnapshotSerializerFactory {

    private final UnaryOperator<SdkHttpClient> wire;
    private final Clock clock;

    public DdbSnapshotSerializerFactory() {
        this(UnaryOperator.identity(), Clock.systemUTC());
    }

    /**
     * @param wire what lies between the SDK and the network; a place for tests to cause faults in
     * @param clock says when a chunk was put, and which months there have been
     */
    DdbSnapshotSerializerFactory(UnaryOperator<SdkHttpClient> wire, Clock clock) {
        this.wire = wire;
        this.clock = clock;
    }

    @Override
    public String name() {
        return "ddb";
    }

    @Override
    public List<ConfigKey<?>> keys() {
        return DdbOptions.KEYS;
    }

    @Override
    public SnapshotSerializer open(SerializerConfig config) {
        DdbOptions options = DdbOptions.of(config);
        Client client = Client.open(options, wire);
        try {
            Failures failures = Failures.ofSnapshots(options, client.where());
            Tables tables = new Tables(client.dynamoDb(), options, failures);
            Requests requests = new Requests(client.dynamoDb(), options, failures, tables);
            GroupKeys keys = new GroupKeys(config.group());
            TorchServeTables torchServe = new TorchServeTables(requests, options, keys, clock);
            MonthlyIndex catalogue = new MonthlyIndex(requests, options, keys, torchServe);
            SnapshotReader reader = new SnapshotReader(requests, options, keys, catalogue, torchServe, config::codec);
            SnapshotCounter counter = new SnapshotCounter(requests, keys, reader);
            Attempts attempts = new Attempts(options, failures);
            Gate gate = new Gate(config.group());
            return new DdbSnapshotSerializer(
                    config.group(),
                    options.totalTimeout(),
                    reader,
                    new SnapshotLister(reader, catalogue),
                    new SnapshotSaver(requests, options, failures, keys, catalogue, reader, counter, attempts),
                    new SnapshotRemover(requests, options, failures, keys, catalogue, reader, attempts),
                    counter,
                    chunks(client, options, keys, gate),
                    gate,
                    new ShapeCheck(tables, failures, TableShape.ofSnapshots(options), requests::tellOfProjection),
                    client::close);
        } catch (RuntimeException | Error e) {
            client.close();
            throw e;
        }
    }

    private ChunkStore chunks(Client client, DdbOptions options, GroupKeys keys, Gate gate) {
        Failures failures = Failures.ofChunks(options, client.where());
        Tables tables = new Tables(client.dynamoDb(), options, failures);
        return new DdbChunkStore(
                keys,
                new ChunkTable(client.dynamoDb(), options, failures, tables),
                gate,
                new ShapeCheck(tables, failures, List.of(TableShape.ofChunks(options)), warning -> {}),
                options.chunkTimeout(),
                clock);
    }
}
