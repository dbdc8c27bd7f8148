package dev.holdfast.host.plugins;

/** Gives every drop-in a class loader of its own, and closes it again: all that the host needs of a plugin library. */
interface PluginIsolation extends AutoCloseable {

    /**
     * The class loader of a drop-in whose jars have been opened and found whole.
     *
     * @throws RejectedException if it cannot be made
     */
    ClassLoader isolate(DropIn dropIn, PluginForm form) throws RejectedException;

    /** Closes the class loader of one drop-in; does nothing if it has none. A failure is logged. */
    void release(DropIn dropIn);

    /** Releases all. */
    @Override
    void close();
}
