/** Inference over HTTP: the Open Inference Protocol V2 and the plain predict form. */
@NullMarked
package dev.sampo.serving.http;

import org.jspecify.annotations.NullMarked;
