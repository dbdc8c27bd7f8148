package dev.holdfast.host.runtime;

import dev.holdfast.host.archive.Archive;

/** A runtime that runs the archives of one handler, and has its name. */
public abstract class HandlerRuntime implements ModelRuntime {

    private final String handler;

    protected HandlerRuntime(String handler) {
        this.handler = handler;
    }

    @Override
    public final String name() {
        return handler;
    }

    @Override
    public final String supports() {
        return "the handler " + handler;
    }

    @Override
    public final boolean runs(Archive archive) {
        return archive.manifest().handler().filter(handler::equals).isPresent();
    }
}
