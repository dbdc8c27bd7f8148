package dev.holdfast.host.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.holdfast.host.operate.RefusedException;
import dev.holdfast.host.operate.Sizes;
import java.util.Optional;

/** What {@code plan}, {@code restore} and {@code undo} share: the steps, and the question. */
final class RestoreSteps {

    private RestoreSteps() {}

    /**
     * Refuses what would have to ask and cannot, before anything is asked of a host.
     *
     * @throws WrongLine if {@code --yes} is missing
     */
    static void requireAnswer(SnapshotWay way, boolean yes) {
        if (!yes && (way.arguments().json() || way.arguments().quiet())) {
            throw new WrongLine("Nothing was done, for with --json or --quiet nobody is asked: say --yes");
        }
        if (!yes && way.surroundings().keyboard().isEmpty()) {
            throw new WrongLine(Surroundings.NOBODY_TO_ASK);
        }
    }

    /**
     * Refuses before it looks for a snapshot, which a host that is detached may not find.
     *
     * @throws RefusedException if a decision waits
     */
    static void requireDecided(HostApi api) {
        JsonNode status = api.manage("GET", "/snapshots/status");
        if (status.path("mode").asText().equals("DETACHED")) {
            throw new RefusedException("Nothing is restored while the host is detached from its store "
                    + status.path("store").asText()
                    + ". Decide first whose state goes on, with: holdfast snapshots attach"
                    + " --take store|local|merge; where the store is only away, the host attaches by itself when it is"
                    + " back");
        }
    }

    /** Shows the steps of a plan of the host. */
    static void show(SnapshotWay way, JsonNode plan) {
        int steps = plan.path("actions").size();
        way.answer(
                steps == 0
                        ? "What snapshot " + plan.path("snapshot").asText() + " holds is served already: nothing to do"
                        : "To serve what snapshot " + plan.path("snapshot").asText() + " holds, "
                                + Sizes.count(steps, "step") + ":");
        plan.path("actions").forEach(action -> way.answer("  " + action.asText()));
        if (steps > 0) {
            way.answer("All other models go on as they are, and so does the configuration");
        }
    }

    /**
     * Shows the plan, asks unless {@code yes} is said, and restores.
     *
     * @param plan of the host
     */
    static int restore(SnapshotWay way, HostApi api, SnapshotWay.From from, JsonNode plan, boolean yes) {
        String name = plan.path("snapshot").asText();
        if (!yes && plan.path("actions").size() > 0) {
            show(way, plan);
            if (!way.surroundings().confirmed("Restore it?")) {
                throw new CommandFailure("Nothing was restored");
            }
        }
        JsonNode answer = api.manage("POST", "/snapshots/" + HostApi.encode(name) + "/restore");
        ObjectNode json = CommandJson.object();
        json.set("from", from.toJson());
        json.put("restored", name);
        actions(json, answer);
        Optional.ofNullable(answer.get("snapshot")).ifPresent(value -> json.set("snapshot", value));
        Optional.ofNullable(answer.get("before")).ifPresent(value -> json.set("before", value));
        way.answer(json);
        if (yes) {
            answer.path("actions").forEach(action -> way.answer("  " + action.asText()));
        }
        way.answer(answer.path("status").asText());
        if (answer.has("notice")) {
            way.answer(answer.path("notice").asText());
        }
        return 0;
    }

    /** Puts the steps of an answer of the host into one of a command. */
    static void actions(ObjectNode json, JsonNode answer) {
        ArrayNode actions = json.putArray("actions");
        answer.path("actions").forEach(actions::add);
    }
}
