/** What is measured under TorchServe's names: what handlers emit, and the text of it all. */
@NullMarked
package dev.holdfast.host.metrics;

import org.jspecify.annotations.NullMarked;
