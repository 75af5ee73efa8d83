/** The user operations about models, the same through every door of a cluster. */
@NullMarked
package dev.sampo.serving.api;

import org.jspecify.annotations.NullMarked;
