/**
 * Workflows: models and Python functions, each of which gets what those before it gave. A workflow is served as models: one for
 * each node, and one that holds its plan, so that what keeps models keeps workflows too.
 */
@NullMarked
package dev.holdfast.host.workflow;

import org.jspecify.annotations.NullMarked;
