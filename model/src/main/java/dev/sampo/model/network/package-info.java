/** Architectures: parameter layout, forward pass and gradient. */
@NullMarked
package dev.sampo.model.network;

import org.jspecify.annotations.NullMarked;
