package dev.holdfast.testkit;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A fault that {@link InMemorySerializer} can have; each must fail the contract, or the contract is too weak. */
enum Fault {
    LOSES_EVERY_FIFTH_SAVE,
    COMMITS_ON_CLOSE,
    COMMITS_REFUSED_SAVES_ON_CLOSE,
    IGNORES_SAME_REVISION,
    IGNORES_LOWER_REVISION,
    REPLACES_SAME_NAME,
    IGNORES_PREDECESSOR,
    FOLLOWS_ANYTHING_IN_AN_EMPTY_GROUP,
    COUNTS_WHAT_CAN_BE_READ,
    COUNTS_THE_HIGHEST_REVISION,
    CHECKS_THEN_ACTS_WITHOUT_LOCK,
    REPORTS_ITS_OWN_RETRY_AS_CONFLICT,
    CONFLICT_STILL_STORES,
    SHOWS_OLDER_ONE_ON_DAMAGE,
    GIVES_DAMAGED_TEXT,
    REPORTS_DAMAGE_AS_NOT_FOUND,
    REPORTS_DAMAGE_AS_EMPTY,
    HIDES_DAMAGED_FROM_LISTS,
    ORDERS_BY_NAME,
    ORDERS_BY_TIME,
    LISTS_OLDEST_FIRST,
    DROPS_FIRST_OF_EACH_NEXT_PAGE,
    REPEATS_LAST_ON_NEXT_PAGE,
    ENDS_AFTER_FIRST_PAGE,
    PAGES_BY_OFFSET,
    IGNORES_KIND,
    FROM_IS_EXCLUSIVE,
    UNTIL_IS_INCLUSIVE,
    TAKES_ANY_PAGE_TOKEN,
    MIXES_GROUPS,
    TAKES_SNAPSHOTS_OF_OTHER_GROUPS,
    IGNORES_CASE_OF_NAMES,
    KEEPS_TEXT_AS_UTF_8,
    STRIPS_TRAILING_NEWLINE,
    CUTS_AT_ONE_MEGABYTE,
    CUTS_TIME_TO_SECONDS,
    FORGETS_SAVE_ID,
    CACHES_LAST,
    ABSENT_IS_NULL_POINTER,
    DELETE_DOES_NOTHING,
    DELETE_ALWAYS_TRUE,
    DELETE_FREES_REVISION,
    SERVES_AFTER_CLOSE,
    SAVES_AFTER_CLOSE,
    SECOND_CLOSE_THROWS,
    CLOSE_CLOSES_ALL,
    TAKES_UNKNOWN_KEYS,
    SWALLOWS_INTERRUPT,
    NAME_HAS_CAPITALS,
    OUT_OF_REACH_IS_NO_LAST("whatIsOutOfReachIsUnavailableAndNeverTakenForNothing"),
    OUT_OF_REACH_LISTS_NOTHING("whatIsOutOfReachIsUnavailableAndNeverTakenForNothing"),
    OUT_OF_REACH_IS_NOT_FOUND("whatIsOutOfReachIsUnavailableAndNeverTakenForNothing"),
    OUT_OF_REACH_COUNTS_NONE("whatIsOutOfReachIsUnavailableAndNeverTakenForNothing"),
    OUT_OF_REACH_IS_A_BUG("whatIsOutOfReachIsUnavailableAndNeverTakenForNothing"),
    OUT_OF_REACH_HANGS("whatIsOutOfReachIsUnavailableAndNeverTakenForNothing"),
    SWALLOWS_FAILURES_OF_SAVES("aSaveIntoAStoreOutOfReachIsWholeOrAbsentAndCanBeSentAgain"),
    LEAKS_THREADS("openingAndClosingLeavesNoThreadAndNoOpenFile"),
    LEAKS_OPEN_FILES("openingAndClosingLeavesNoThreadAndNoOpenFile"),
    HOLDS_ITS_CLASSES("nothingHoldsTheClassesAfterClose"),
    LOOKS_AT_ALL_FOR_THE_LAST("theLastCostsTheSameHoweverManyThereAre"),
    NAME_IS_RESERVED("theFactoryNameIsAConstantThatFollowsTheRule");

    private final @Nullable String foundBy;

    Fault() {
        this(null);
    }

    Fault(@Nullable String foundBy) {
        this.foundBy = foundBy;
    }

    /** The test that was made to find it, whichever others do. */
    Optional<String> foundBy() {
        return Optional.ofNullable(foundBy);
    }
}
