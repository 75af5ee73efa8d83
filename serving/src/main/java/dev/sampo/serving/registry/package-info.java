/** The model registry as serving reads it: which versions there are, what each is, and their artifacts. */
@NullMarked
package dev.sampo.serving.registry;

import org.jspecify.annotations.NullMarked;
