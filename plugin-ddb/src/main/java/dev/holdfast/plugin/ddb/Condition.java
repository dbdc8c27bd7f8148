package dev.holdfast.plugin.ddb;

import java.util.Map;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/** What must be true of an item for a write to happen. */
record Condition(String expression, Map<String, String> names, Map<String, AttributeValue> values) {

    static Condition absent() {
        return new Condition("attribute_not_exists(#name)", Map.of("#name", Item.NAME), Map.of());
    }

    static Condition present() {
        return new Condition("attribute_exists(#name)", Map.of("#name", Item.NAME), Map.of());
    }

    /** The head is the one that was read. */
    static Condition is(Head head) {
        return head.isAbsent()
                ? absent()
                : new Condition(
                        "#stamp = :stamp",
                        Map.of("#stamp", Head.STAMP),
                        Map.of(":stamp", AttributeValue.fromS(head.stamp())));
    }
}
