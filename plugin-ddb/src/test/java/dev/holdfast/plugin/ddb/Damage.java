package dev.holdfast.plugin.ddb;

import java.util.LinkedHashMap;
import java.util.Map;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/** What a careless hand does to items. */
final class Damage {

    private Damage() {}

    /** Flips a bit in every copy of a snapshot's text. */
    static void text(String table, String headTable, String group, String name) {
        GroupKeys keys = new GroupKeys(group);
        LocalDynamoDb ddb = LocalDynamoDb.shared();
        for (Item item : ddb.items(table)) {
            if (item.key().hash().equals(keys.snapshot(name))) {
                flip(table, item);
            }
        }
        for (Item item : ddb.items(headTable)) {
            if (item.key().hash().equals(keys.head())
                    && item.string("lastName").orElse("").equals(name)) {
                flip(headTable, item);
            }
        }
    }

    private static void flip(String table, Item item) {
        item.bytes("text").ifPresent(bytes -> {
            bytes[bytes.length / 2] ^= 1;
            Map<String, AttributeValue> changed = new LinkedHashMap<>(item.attributes());
            changed.put("text", AttributeValue.fromB(SdkBytes.fromByteArray(bytes)));
            LocalDynamoDb.shared().put(table, changed);
        });
    }
}
