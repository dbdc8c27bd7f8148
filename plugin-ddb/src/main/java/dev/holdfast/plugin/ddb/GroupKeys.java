package dev.holdfast.plugin.ddb;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * How the items of one group are named in a table that other groups share.
 *
 * <p>The group {@code default} has the names that TorchServe gave, any other its own in front of them. No name of a group
 * or a snapshot has a {@code #}, so no two of these are ever the same:
 *
 * <pre>
 *   snapshot        name                group#name
 *   month           2026-11             group#2026-11         hash of the index
 *   head            default##head       group##head
 *   months          default##months     group##months
 *   month's list    default##2026-11    group##2026-11        where there is no index
 * </pre>
 */
record GroupKeys(String group) {

    static final String HEAD_RANGE = "head";
    static final String MONTHS_RANGE = "months";

    private static final Pattern MONTH = Pattern.compile("[0-9]{4}-[0-9]{2}");

    boolean isDefault() {
        return group.equals("default");
    }

    private String prefix() {
        return isDefault() ? "" : group + "#";
    }

    String snapshot(String name) {
        return prefix() + name;
    }

    /** The name of the snapshot whose item has this hash; empty where it is none of this group's. */
    Optional<String> nameOf(String hash) {
        return hash.startsWith(prefix())
                ? Optional.of(hash.substring(prefix().length())).filter(name -> !name.contains("#"))
                : Optional.empty();
    }

    /** Whether this is a month as the index has it without a group. */
    static boolean isMonth(String value) {
        return MONTH.matcher(value).matches();
    }

    String month(String month) {
        return prefix() + month;
    }

    String head() {
        return group + "##head";
    }

    /** The item that says which months hold snapshots, also where the head was removed. */
    ItemKey months() {
        return new ItemKey(group + "##months", MONTHS_RANGE);
    }

    String monthsList(String month) {
        return group + "##" + month;
    }

    /**
     * The hash under which chunks are, in the table that has nothing else: of a group 256, so that they are spread.
     *
     * @param id begins with the two digits that count
     */
    String chunks(String id) {
        return group + "#" + id.substring(0, 2);
    }
}
