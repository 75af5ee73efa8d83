/** Serving actors: one server per loaded model version, dynamic batching, and the client that asks them. */
@NullMarked
package dev.sampo.serving.prediction;

import org.jspecify.annotations.NullMarked;
