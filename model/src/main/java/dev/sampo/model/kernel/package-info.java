/** The arithmetic kernels: native buffers, matrix products, deterministic elementary functions. */
@NullMarked
package dev.sampo.model.kernel;

import org.jspecify.annotations.NullMarked;
