/**
 * A model as a file: the model store, and bare models, directories and archives opened safely.
 */
@NullMarked
package dev.holdfast.host.archive;

import org.jspecify.annotations.NullMarked;
