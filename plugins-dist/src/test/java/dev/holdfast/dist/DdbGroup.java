package dev.holdfast.dist;

import dev.holdfast.testsupport.DynamoDbServer;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * Items of serializer {@code ddb}, whose texts are not compressed: of the newest snapshot, its own, those of its parts, and
 * the head, which has its text too.
 */
record DdbGroup(String name, DynamoDbServer ddb) implements Group {

    static final String TABLE = "Snapshots2";

    @Override
    public Way way(Path link) throws Exception {
        return LineWay.to(
                ddb.endpoint().getPort(),
                List.of(
                        "snapshot.ddb.endpoint=http://127.0.0.1:%d",
                        "snapshot.ddb.create-table=true",
                        "snapshot.ddb.codec=none",
                        // Longer than a busy machine lets a call wait; a line that is cut refuses at once.
                        "snapshot.ddb.attempt-timeout=30s",
                        "snapshot.ddb.total-timeout=60s",
                        "snapshot_timeout=120"));
    }

    @Override
    public Optional<String> newestText() {
        return head().map(head -> head.containsKey("text")
                ? head.get("text").b().asUtf8String()
                : textInParts(name + "#" + head.get("lastName").s()));
    }

    /** Of a text that is too long for the head. */
    private String textInParts(String snapshot) {
        return itemsOf(snapshot)
                .filter(item -> item.get("createdOn").s().startsWith("part#"))
                .sorted(Comparator.comparing(item -> item.get("createdOn").s()))
                .flatMap(item -> item.values().stream())
                .filter(value -> value.b() != null)
                .map(value -> value.b().asUtf8String())
                .collect(Collectors.joining());
    }

    @Override
    public int count() {
        return (int) snapshots().count();
    }

    @Override
    public void damageNewest() {
        Stream.concat(head().stream(), itemsOf(newestName())).forEach(item -> {
            Map<String, AttributeValue> damaged = new LinkedHashMap<>(item);
            damaged.replaceAll((attribute, value) -> value.b() == null
                    ? value
                    : AttributeValue.fromB(SdkBytes.fromByteArray(
                            SnapshotTexts.damaged(value.b().asByteArray()))));
            client().putItem(put -> put.tableName(TABLE).item(damaged));
        });
    }

    /** With the head, as the manual lets an operator: what is newest is then found by the index. */
    @Override
    public void removeNewest() {
        Stream.concat(head().stream(), itemsOf(newestName()))
                .forEach(item -> client().deleteItem(delete -> delete.tableName(TABLE)
                        .key(Map.of("snapshotName", item.get("snapshotName"), "createdOn", item.get("createdOn")))));
    }

    private Optional<Map<String, AttributeValue>> head() {
        return items().filter(item -> item.get("createdOn").s().equals("head")).findFirst();
    }

    private Stream<Map<String, AttributeValue>> itemsOf(String snapshot) {
        return items().filter(item -> item.get("snapshotName").s().equals(snapshot));
    }

    private String newestName() {
        return snapshots()
                .max(Comparator.comparingLong(
                        item -> Long.parseLong(item.get("revision").n())))
                .orElseThrow()
                .get("snapshotName")
                .s();
    }

    /** In the index are snapshots alone. */
    private Stream<Map<String, AttributeValue>> snapshots() {
        return items().filter(item -> item.containsKey("createdOnMonth"));
    }

    private Stream<Map<String, AttributeValue>> items() {
        return client().scanPaginator(scan -> scan.tableName(TABLE).consistentRead(true)).items().stream()
                .filter(item -> item.get("snapshotName").s().startsWith(name + "#"));
    }

    private DynamoDbClient client() {
        return ddb.client();
    }
}
