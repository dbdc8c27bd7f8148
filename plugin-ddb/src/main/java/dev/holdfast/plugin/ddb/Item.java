package dev.holdfast.plugin.ddb;

import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeSet;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * The attributes of one item. An attribute of another type than the one asked for counts as absent: somebody else wrote
 * it.
 */
final class Item {

    static final String NAME = "snapshotName";
    static final String CREATED_ON = "createdOn";
    static final String MONTH = "createdOnMonth";

    private final Map<String, AttributeValue> attributes;

    private Item(Map<String, AttributeValue> attributes) {
        this.attributes = attributes;
    }

    static Item of(Map<String, AttributeValue> attributes) {
        return new Item(attributes);
    }

    /** A new one with this key, to be given its other attributes. */
    static Item at(ItemKey key) {
        return new Item(new LinkedHashMap<>(key.attributes()));
    }

    /** The same attributes under another key, as a new item. */
    Item copyTo(ItemKey key) {
        Map<String, AttributeValue> copy = new LinkedHashMap<>(attributes);
        copy.putAll(key.attributes());
        return new Item(copy);
    }

    Item with(String name, String value) {
        attributes.put(name, AttributeValue.fromS(value));
        return this;
    }

    Item with(String name, long value) {
        attributes.put(name, AttributeValue.fromN(Long.toString(value)));
        return this;
    }

    Item with(String name, byte[] value) {
        attributes.put(name, AttributeValue.fromB(SdkBytes.fromByteArray(value)));
        return this;
    }

    /** A set of strings, which DynamoDB does not let be empty: then the attribute is left out. */
    Item with(String name, Collection<String> values) {
        if (!values.isEmpty()) {
            attributes.put(
                    name, AttributeValue.builder().ss(new TreeSet<>(values)).build());
        }
        return this;
    }

    Item without(String name) {
        attributes.remove(name);
        return this;
    }

    Optional<String> string(String name) {
        return Optional.ofNullable(attributes.get(name)).map(AttributeValue::s);
    }

    OptionalLong number(String name) {
        AttributeValue value = attributes.get(name);
        if (value == null || value.n() == null) {
            return OptionalLong.empty();
        }
        try {
            long number = Long.parseLong(value.n());
            return number < 0 ? OptionalLong.empty() : OptionalLong.of(number);
        } catch (NumberFormatException e) {
            // No number that this plugin writes.
            return OptionalLong.empty();
        }
    }

    Optional<byte[]> bytes(String name) {
        return Optional.ofNullable(attributes.get(name)).map(AttributeValue::b).map(SdkBytes::asByteArray);
    }

    NavigableSet<String> strings(String name) {
        AttributeValue value = attributes.get(name);
        return value == null || !value.hasSs() ? Collections.emptyNavigableSet() : new TreeSet<>(value.ss());
    }

    boolean has(String name) {
        return attributes.containsKey(name);
    }

    ItemKey key() {
        return new ItemKey(string(NAME).orElse(""), string(CREATED_ON).orElse(""));
    }

    Map<String, AttributeValue> attributes() {
        return attributes;
    }
}
