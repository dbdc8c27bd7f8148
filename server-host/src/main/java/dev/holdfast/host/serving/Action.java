package dev.holdfast.host.serving;

/** One step from a serving state to another. Its text is what a dry run prints. */
public sealed interface Action {

    /** Steps of different models may be carried out side by side. */
    String model();

    /** A step that loads a version, as {@code state} says. */
    sealed interface Loads extends Action {

        String version();

        ServedVersion state();
    }

    /** Loads a version and starts its workers. */
    record Load(String model, String version, ServedVersion state) implements Loads {

        @Override
        public String toString() {
            return "load " + model + " " + version + " from " + state.archive() + " with " + state.minWorkers()
                    + " workers";
        }
    }

    /** Enters a version as being loaded; whoever asked for it loads it. */
    record LoadLater(String model, String version, ServedVersion state) implements Action {

        @Override
        public String toString() {
            return "load " + model + " " + version + " later from " + state.archive() + " with " + state.minWorkers()
                    + " workers";
        }
    }

    /** Loads a version anew, because its archive or a setting differs; the old one answers until then. */
    record Replace(String model, String version, ServedVersion state) implements Loads {

        @Override
        public String toString() {
            return "replace " + model + " " + version + " by " + state.archive() + " with " + state.minWorkers()
                    + " workers";
        }
    }

    /** Changes how many workers a loaded version has. */
    record Scale(String model, String version, int fromMin, int fromMax, ServedVersion state) implements Action {
        @Override
        public String toString() {
            return "scale " + model + " " + version + " from " + fromMin + ".." + fromMax + " to " + state.minWorkers()
                    + ".." + state.maxWorkers() + " workers"
                    + state.resting()
                            .map(had -> ", " + had.min() + ".." + had.max() + " when it is loaded again")
                            .orElse("");
        }
    }

    /** Makes another version the one that answers when a caller names none. */
    record SetDefault(String model, String version) implements Action {
        @Override
        public String toString() {
            return "make " + version + " the default of " + model;
        }
    }

    /** Lets a version finish its running requests, then unloads it. */
    record Unload(String model, String version) implements Action {
        @Override
        public String toString() {
            return "unload " + model + " " + version;
        }
    }
}
