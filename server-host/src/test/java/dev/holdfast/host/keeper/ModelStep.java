package dev.holdfast.host.keeper;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * One step of a walk. It says all that is random about it; where it does not apply, it does nothing, so that steps can be
 * left out of a walk.
 *
 * @param host whose
 * @param a which model, or which of several things
 * @param b which value, or which other host
 * @param at before which of its calls of the store, or writes into its journal, something happens; 0 if nothing does
 * @param event what does
 */
record ModelStep(Kind kind, int host, int a, int b, int at, Event event) {

    enum Kind {
        START,
        STOP,
        KILL,
        CHANGE,
        TWO_CHANGES,
        TEACH,
        SAVE,
        LOOK,
        LOOK_ONCE,
        ASK,
        TAKE_STORE,
        TAKE_LOCAL,
        TAKE_MERGE,
        CLOCK,
        TRIM,
        STORE_DOWN,
        STORE_UP,
        CUT_OFF,
        JOURNAL_FAILS,
        UNREADABLE,
        NEWER_FORMAT,
        DAMAGE,
        ROLL_BACK,
        WIPE,
        COPY_JOURNAL,
        LOSE_JOURNAL,
        DAMAGE_JOURNAL
    }

    enum Event {
        NONE,
        KILL,
        KILL_AT_ITS_DISK,
        LOST_REPLY,
        STORE_DOWN,
        OTHER_HOST_CHANGES,
        OTHER_HOST_TEACHES,
        OTHER_HOST_STARTS_OR_STOPS;

        boolean isOfAnotherHost() {
            return name().startsWith("OTHER_HOST");
        }
    }

    @Override
    public String toString() {
        String text = kind.name().toLowerCase(Locale.ROOT).replace('_', ' ') + " " + "ABC".charAt(host);
        text += switch (kind) {
            case CHANGE -> " " + model(a) + "=" + b;
            case TWO_CHANGES -> " " + model(a) + "=" + b + " " + model(a + 1) + "=" + (b + 1) % 3;
            case TEACH -> " " + a;
            case SAVE -> " save" + a;
            case COPY_JOURNAL -> " to " + "ABC".charAt(b);
            default -> "";
        };
        return at == 0
                ? text
                : text + " [at its call " + at + ": "
                        + event.name().toLowerCase(Locale.ROOT).replace('_', ' ') + "]";
    }

    static String model(int number) {
        return "xyz".substring(number % 3, number % 3 + 1);
    }

    /** A walk; the same for the same seed. */
    static List<ModelStep> walk(Random random, int hosts, ModelWorld.Faults faults, int length) {
        List<Kind> bag = new ArrayList<>();
        put(bag, Kind.CHANGE, 22);
        put(bag, Kind.TWO_CHANGES, 2);
        put(bag, Kind.START, 14);
        put(bag, Kind.STOP, 6);
        put(bag, Kind.KILL, 6);
        put(bag, Kind.LOOK, 8);
        put(bag, Kind.LOOK_ONCE, 12);
        put(bag, Kind.ASK, 3);
        put(bag, Kind.SAVE, 3);
        put(bag, Kind.CLOCK, 2);
        put(bag, Kind.TAKE_STORE, 2);
        put(bag, Kind.TAKE_LOCAL, 2);
        put(bag, Kind.TAKE_MERGE, 2);
        put(bag, Kind.STORE_DOWN, 5);
        put(bag, Kind.STORE_UP, 8);
        put(bag, Kind.CUT_OFF, 3);
        if (faults.reading()) {
            put(bag, Kind.UNREADABLE, 5);
            put(bag, Kind.DAMAGE, 4);
            put(bag, Kind.NEWER_FORMAT, 2);
        }
        if (faults.learning()) {
            put(bag, Kind.TEACH, 25);
        }
        if (faults.going()) {
            put(bag, Kind.ROLL_BACK, 4);
            put(bag, Kind.WIPE, 1);
        }
        if (faults.trimming()) {
            put(bag, Kind.TRIM, 6);
        }
        if (faults.journal()) {
            put(bag, Kind.JOURNAL_FAILS, 4);
            put(bag, Kind.COPY_JOURNAL, 3);
            put(bag, Kind.LOSE_JOURNAL, 1);
            put(bag, Kind.DAMAGE_JOURNAL, 2);
        }
        List<ModelStep> steps = new ArrayList<>();
        for (int i = 0; i < hosts; i++) {
            if (i == 0 || random.nextBoolean()) {
                steps.add(new ModelStep(Kind.START, i, 0, 0, 0, Event.NONE));
            }
        }
        boolean[] up = new boolean[hosts];
        steps.forEach(start -> up[start.host()] = true);
        while (steps.size() < length) {
            int host = random.nextInt(hosts);
            Kind kind = fitting(bag.get(random.nextInt(bag.size())), up[host]);
            up[host] = kind == Kind.START || (up[host] && kind != Kind.STOP && kind != Kind.KILL);
            boolean eventful = faults.events() && random.nextInt(6) == 0;
            Event[] events = Event.values();
            Event event = eventful ? events[1 + random.nextInt(events.length - 1)] : Event.NONE;
            steps.add(new ModelStep(
                    kind, host, random.nextInt(3), random.nextInt(3), eventful ? 1 + random.nextInt(6) : 0, event));
        }
        return steps;
    }

    /** Steps that do nothing find nothing. */
    private static Kind fitting(Kind kind, boolean up) {
        return switch (kind) {
            case START -> up ? Kind.CHANGE : Kind.START;
            case CHANGE, TEACH, STOP, KILL -> up ? kind : Kind.START;
            default -> kind;
        };
    }

    private static void put(List<Kind> bag, Kind kind, int times) {
        for (int i = 0; i < times; i++) {
            bag.add(kind);
        }
    }
}
