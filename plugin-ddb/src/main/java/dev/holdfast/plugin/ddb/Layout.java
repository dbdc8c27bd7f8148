package dev.holdfast.plugin.ddb;

/** Which tables there are; the two ways in which TorchServe has kept snapshots. */
enum Layout {
    /** One table with the index {@code createdOnMonth-index}. */
    ONE_TABLE("one-table", "Snapshots2"),
    /** {@code snapshots} without an index, and {@code latest_snapshots}, in which alone the last one is found. */
    TWO_TABLES("two-tables", "snapshots");

    private final String word;
    private final String defaultTable;

    Layout(String word, String defaultTable) {
        this.word = word;
        this.defaultTable = defaultTable;
    }

    String word() {
        return word;
    }

    String defaultTable() {
        return defaultTable;
    }
}
