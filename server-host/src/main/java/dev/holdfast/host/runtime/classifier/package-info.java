/**
 * Online linear classifiers over open vocabularies and open sets of labels, with the conversion of data to features, and the
 * model files of Jubatus 1.1.
 */
@NullMarked
package dev.holdfast.host.runtime.classifier;

import org.jspecify.annotations.NullMarked;
