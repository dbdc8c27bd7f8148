package dev.holdfast.host.http;

import dev.holdfast.host.api.ChangeResult;
import dev.holdfast.host.api.HostOperations;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.host.text.Shortened;
import io.javalin.http.Context;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Answers of the management API: a change's durability, and in every answer what is wrong with the store.
 */
record ChangeAnswers(HostOperations host) {

    /** Puts the store's notices into the header, where errors and lists carry them too. */
    void announce(Context context) {
        setNotice(context, new LinkedHashSet<>(host.notices()));
    }

    /** An object, with the store's notices in it. */
    void object(Context context, int status, Map<String, Object> body) {
        object(context, status, body, List.of());
    }

    private void object(Context context, int status, Map<String, Object> body, List<String> notices) {
        Set<String> all = new LinkedHashSet<>(notices);
        all.addAll(host.notices());
        setNotice(context, all);
        if (!all.isEmpty()) {
            body.put("notice", Shortened.forBody(OneLine.sentences(all)));
        }
        Answers.json(context, status, body);
    }

    private static void setNotice(Context context, Set<String> notices) {
        if (notices.isEmpty()) {
            context.res().setHeader(HeaderNames.NOTICE, null);
        } else {
            context.header(HeaderNames.NOTICE, Shortened.forHeader(Answers.headerSafe(OneLine.sentences(notices))));
        }
    }

    /** A change that was made. */
    void changed(Context context, ChangeResult change) {
        changed(context, change, Map.of());
    }

    /** The same with more fields. */
    void changed(Context context, ChangeResult change, Map<String, Object> more) {
        change.snapshot().ifPresent(name -> context.header(HeaderNames.SNAPSHOT, Answers.headerSafe(name)));
        int status = switch (change.progress()) {
            case DONE -> 200;
            case WORKERS_START_LATER -> 202;
            case WORKERS_STILL_STARTING -> 206;
        };
        Map<String, Object> body = Answers.status(change.sentence());
        body.putAll(more);
        object(context, status, body, change.notices());
    }
}
