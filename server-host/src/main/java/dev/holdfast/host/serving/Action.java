package dev.holdfast.host.serving;

/** One step from a serving state to another. Its text is what a dry run prints. */
public sealed interface Action {

    /** The model that the step is about; steps of different models may be done side by side. */
    String model();

    /** Loads a version and starts its workers. */
    record Load(String model, String version, ServedVersion state) implements Action {
        @Override
        public String toString() {
            return "load " + model + " " + version + " from " + state.archive() + " with " + state.minWorkers()
                    + " workers";
        }
    }

    /** Says that a version is being loaded, and leaves the loading to who asked for it. */
    record LoadLater(String model, String version, ServedVersion state) implements Action {
        @Override
        public String toString() {
            return "load " + model + " " + version + " later from " + state.archive() + " with " + state.minWorkers()
                    + " workers";
        }
    }

    /** Loads a version anew, because its archive or a setting differs, and lets the old one answer until then. */
    record Replace(String model, String version, ServedVersion state) implements Action {
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
                    + ".." + state.maxWorkers() + " workers";
        }
    }

    /** Makes another version the one that answers when a caller names none. */
    record SetDefault(String model, String version) implements Action {
        @Override
        public String toString() {
            return "make " + version + " the default of " + model;
        }
    }

    /** Lets a version end its running requests, then lets go of it. */
    record Unload(String model, String version) implements Action {
        @Override
        public String toString() {
            return "unload " + model + " " + version;
        }
    }
}
